"""A real SLURM of two nodes on this machine, a task of which is killed in the middle."""

import os
import pickle
import shutil
import subprocess
import sys
import time
from contextlib import nullcontext
from getpass import getuser
from itertools import pairwise
from pathlib import Path
from tempfile import mkdtemp
from unittest.mock import Mock

import pytest
from submitit.slurm.slurm import SlurmJob

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.executors import slurm as slurm_executor
from spurgen.harness.executors.slurm import _work_on
from spurgen.harness.machine.pool import Resources
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


@pytest.fixture(scope="module")
def slurm(needs, free_ports, wait_until):
    """SLURM's controller and two nodes with a CPU each, as Debian builds them, with files of their own."""
    needs("SLURM")
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
    patch = pytest.MonkeyPatch()
    patch.setenv("SLURM_CONF", str(settings))
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
    subprocess.run(["scancel", "--user", getuser()])
    wait_until(lambda: not subprocess.run(["squeue", "-h"], capture_output=True).stdout)  # or srun waits for ever
    for daemon in reversed(daemons):
        daemon.terminate()
        daemon.wait(30)
    patch.undo()
    shutil.rmtree(folder)


@pytest.fixture
def impatient(monkeypatch):
    """Ask squeue each second, since nobody else does, and wait for no file: the folder shows them at once."""
    monkeypatch.setattr(slurm_executor, "ASK_SECONDS", 1)
    monkeypatch.setattr(slurm_executor, "LOST_SECONDS", 1)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("slurm", "impatient")
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


@pytest.mark.slow
@pytest.mark.usefixtures("slurm", "impatient")
def test_a_job_that_is_lost_too_often_is_an_error_with_the_end_of_its_log(tmp_path):
    def vanish(_):
        print("no such library", file=sys.stderr, flush=True)
        os._exit(1)

    resources = Resources(executor="slurm", folder=tmp_path / "results", retries=1)
    with pytest.raises(SpurgenError, match=r"a job was lost 2 times, and its log ends with '.*no such library"):
        list(execute(vanish, [0], resources))


def test_jobs_that_share_a_gpu_run_side_by_side_in_one_task(tmp_path):
    def meet(job):
        (tmp_path / str(job)).touch()
        for _ in range(3000):
            if all((tmp_path / str(k)).exists() for k in range(2)):
                return job
            time.sleep(0.02)
        raise TimeoutError

    assert _work_on(meet, [0, 1]) == {0: ([0], None), 1: ([1], None)}


class Queue:
    """A SLURM without machines, whose queue is empty: what tasks leave is written when the test's clock says so."""

    def __init__(self, monkeypatch, tmp_path, leave):
        self.now, self.submitted, self.leave, self.folder = 1.0, [], leave, tmp_path
        self.asked, self.queued, self.failing = [], set(), 0
        monkeypatch.setattr(slurm_executor, "_submit", self.submit)
        monkeypatch.setattr(slurm_executor, "_folder", lambda _: nullcontext(tmp_path))
        monkeypatch.setattr(subprocess, "run", self.answer)
        for clock in ("monotonic", "time"):
            monkeypatch.setattr(time, clock, lambda: self.now)
        monkeypatch.setattr(time, "sleep", self.sleep)

    def answer(self, command, **_):
        if command[0] == "squeue":
            self.asked.append(self.now)
        return Mock(stdout="\n".join(self.queued), returncode=self.failing)

    def submit(self, _work, _folder, _resources, groups):
        first = len(self.submitted)
        self.submitted += [(self.now, group) for group in groups]
        return [SlurmJob(self.folder, str(first + k)) for k in range(len(groups))]

    def sleep(self, seconds):
        self.now += seconds
        assert self.now < 1000, "waits for ever"
        for name, (begun, group) in enumerate(self.submitted):
            ended = self.leave(self.now - begun, name, group)
            if ended is not None:
                (self.folder / f"{name}_0_result.pkl").write_bytes(pickle.dumps(("success", ended)))


def test_a_result_that_a_shared_folder_shows_a_minute_late_is_not_lost(monkeypatch, tmp_path):
    queue = Queue(monkeypatch, tmp_path, lambda age, _, group: {0: (group, None)} if age > 80 else None)
    assert list(slurm_executor.run(abs, [7], Resources(folder=tmp_path))) == [(7, 7)]
    assert queue.submitted == [(1.0, [7])]


def test_a_task_that_left_nothing_is_submitted_again_after_that(monkeypatch, tmp_path):
    queue = Queue(monkeypatch, tmp_path, lambda _, name, group: {0: (group, None)} if name == 1 else None)
    assert list(slurm_executor.run(abs, [7], Resources(folder=tmp_path))) == [(7, 7)]
    first, second = (begun for begun, _ in queue.submitted)
    assert 90 <= second - first < 110  # 15 s between two questions


@pytest.mark.parametrize(("queued", "failing"), [({"0", "1_7"}, 0), ((), 1)], ids=["queued", "no answer"])
def test_slurm_is_asked_four_times_a_minute_and_a_task_that_may_be_queued_is_not_lost(
    monkeypatch, tmp_path, queued, failing
):
    queue = Queue(monkeypatch, tmp_path, lambda age, _, group: {0: (group, None)} if age > 300 else None)
    queue.queued, queue.failing = queued, failing
    assert list(slurm_executor.run(abs, [7], Resources(folder=tmp_path))) == [(7, 7)]
    later = [asked for asked in queue.asked if asked > 60]
    assert min(after - before for before, after in pairwise(later)) >= 15
    assert len(queue.submitted) == 1


def test_a_task_that_fails_outside_of_its_jobs_names_the_reason(monkeypatch, tmp_path):
    queue = Queue(monkeypatch, tmp_path, lambda *_: None)
    trace = "Traceback:\n  File x\nModuleNotFoundError: No module named 'spurgen'\n"
    (queue.folder / "0_0_result.pkl").write_bytes(pickle.dumps(("error", trace)))
    with pytest.raises(SpurgenError, match=r"cannot run the jobs: ModuleNotFoundError: No module named 'spurgen'; is"):
        list(slurm_executor.run(abs, [7], Resources(folder=tmp_path)))


def test_every_look_opens_the_folder_since_nfs_remembers_that_a_file_is_missing(monkeypatch, tmp_path):
    seen = tmp_path / "0_0_result.pkl"
    Queue(monkeypatch, tmp_path, lambda *_: None)

    def refresh(folder):
        assert Path(folder) == tmp_path
        seen.write_bytes(pickle.dumps(("success", {0: ([7], None)})))
        return Mock()

    monkeypatch.setattr(slurm_executor.os, "scandir", refresh)
    assert next(slurm_executor.run(abs, [7], Resources(folder=tmp_path))) == (7, 7)


def test_jobs_that_a_task_lost_with_a_process_are_submitted_again(monkeypatch, tmp_path):
    def leave(_, name, group):
        return {0: ([group[0]], None)} if name < 2 else None

    queue = Queue(monkeypatch, tmp_path, leave)
    shared = Resources(folder=tmp_path, gpus=0.5)
    assert list(slurm_executor.run(abs, [7, 8], shared)) == [(7, 7), (8, 8)]
    assert [group for _, group in queue.submitted] == [[7, 8], [8]]


def test_a_task_gives_what_had_ended_when_one_of_its_processes_was_killed(tmp_path):
    def die_later(job):
        while job and not (tmp_path / "0").exists():
            time.sleep(0.02)
        if job:
            time.sleep(0.5)  # until the other's result has arrived
            os._exit(1)
        (tmp_path / "0").touch()
        return job

    assert _work_on(die_later, [0, 1]) == {0: ([0], None)}
