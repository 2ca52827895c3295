"""A real SLURM of two nodes on this machine, a task of which is killed in the middle."""

import os
import shutil
import subprocess
import time
from getpass import getuser
from pathlib import Path
from tempfile import mkdtemp

import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.executors.slurm import _work_on
from spurgen.harness.machine.resources import Resources
from spurgen.harness.running.executing import execute

SETTINGS = """
ClusterName=spurgen
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/controller.pid
SlurmdPidFile={folder}/%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
ReturnToService=2
KillWait=1
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=1,batch_sched_delay=0
NodeName=n0 NodeHostname={host} NodeAddr=127.0.0.1 Port={first} CPUs=1 RealMemory=8000
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={second} CPUs=1 RealMemory=8000
PartitionName=main Nodes=n0,n1 Default=YES MaxTime=60 State=UP
"""


@pytest.fixture
def slurm(free_ports, wait_until, monkeypatch):
    """SLURM's controller and two nodes with a CPU each, as Debian builds them, with files of their own."""
    if shutil.which("slurmctld") is None:
        pytest.fail("these tests need SLURM; on Debian: apt-get install munge slurmctld slurmd slurm-client")
    folder = Path(mkdtemp(prefix="slurm-"))  # a socket's path may have 107 characters, and a test's folder has many
    (folder / "state").mkdir()
    port, first, second = free_ports(3)
    key, settings = folder / "munge.key", folder / "slurm.conf"
    key.write_bytes(bytes(range(256)) * 4)
    key.chmod(0o600)
    host = os.uname().nodename.partition(".")[0]
    settings.write_text(
        SETTINGS.format(host=host, user=getuser(), folder=folder, port=port, first=first, second=second)
    )
    monkeypatch.setenv("SLURM_CONF", str(settings))
    keeper = ["munged", "--foreground", "--force", f"--key-file={key}", f"--socket={folder}/munge.socket"]
    keeper += [f"--{kind}-file={folder}/munge.{kind}" for kind in ("pid", "seed", "log")]
    nodes = (["slurmd", "-D", "-N", node] for node in ("n0", "n1"))
    daemons = []
    for command in (keeper, *([*words, "-f", str(settings)] for words in (["slurmctld", "-D"], *nodes))):
        with (folder / f"{command[0]}-{len(daemons)}.log").open("w") as log:
            daemons.append(subprocess.Popen(command, stdout=log, stderr=log))
        wait_until((folder / "munge.socket").exists)
    idle = ["sinfo", "-h", "-N", "-t", "idle", "-o", "%N"]
    wait_until(lambda: subprocess.run(idle, capture_output=True, text=True).stdout.split() == ["n0", "n1"])
    yield folder
    for daemon in reversed(daemons):
        daemon.terminate()
        daemon.wait(30)
    shutil.rmtree(folder)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("slurm")
def test_a_killed_task_changes_no_result(board_of, gate, kill_when_both_run):
    def kill(started):
        pid = int(started[0].name.rpartition("-")[2])
        # the task, of which the submission's process is a child
        while "submitit" not in Path(f"/proc/{pid}/cmdline").read_text():
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        os.kill(pid, 9)

    killer = kill_when_both_run(kill)
    lost = board_of("slurm", "--cluster", "slurm", "--memory-per-job", "2", "--minutes-per-job", "10")
    killer.join()
    assert len(list(gate.glob("started-*"))) >= 3
    assert lost == board_of("alone", "--cluster", "serial")


@pytest.mark.slow
@pytest.mark.usefixtures("slurm")
def test_what_a_job_raises_is_raised_and_the_folder_is_removed(tmp_path):
    resources = Resources(executor="slurm", folder=tmp_path / "results", gpus=0.0)
    with pytest.raises(ZeroDivisionError):
        list(execute(lambda job: 1 / job, [0], resources))
    assert list((tmp_path / "results").iterdir()) == []
    with pytest.raises(SpurgenError, match=r"SLURM takes no job: .*invalid partition"):
        list(execute(lambda job: job, [0], Resources(executor="slurm", folder=tmp_path, address="none")))


def test_jobs_that_share_a_gpu_run_side_by_side_in_one_task(tmp_path):
    def meet(job):
        (tmp_path / str(job)).touch()
        for _ in range(3000):
            if all((tmp_path / str(k)).exists() for k in range(2)):
                return job
            time.sleep(0.02)
        raise TimeoutError

    (tmp_path / "steps").mkdir()
    assert _work_on(meet, tmp_path / "steps", [0, 1]) == [([0], None), ([1], None)]
