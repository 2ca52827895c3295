"""Runs commands in forks of one process, which has imported everything, and kills forks at given points.

Its arguments are the suite that the commands are for, and a small disk. A line of JSON on stdin: commands that run at
the same time, each with `argv`, `folder`, `log`; `kill_at`, the number of the step before which it is killed, or 0;
`steps`: whether calls or operations on files are steps; `jumping`, whether the clock jumps; `largest`, the size at
which the system refuses to write on, or 0; `free`: None, or the bytes that are free on the small disk, on which it then
runs, with what the folder has. A line on stdout: the exit code of each (-9: killed) and its steps, or how often it read
the clock if that jumps.
"""

import json
import os
import resource
import shutil
import signal
import sys
import time
from contextlib import contextmanager, nullcontext, redirect_stderr
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from spurgen.benchmark.plugins import discover
from spurgen.harness.cli import main
from spurgen.harness.commands import leaderboard
from spurgen.harness.machine import provenance

FILES = ("open", "os.", "shutil.", "tempfile.", "fcntl.", "subprocess.Popen")


def count(steps: str, kill_at: int) -> list[int]:
    """Count the steps of this process from now on, until folders are merged; end it before step `kill_at`."""
    done, over, merge_folders = [0], [], leaderboard.merge_folders

    def merge(*arguments):
        try:
            return merge_folders(*arguments)
        finally:
            over.append(True)  # the board, which takes longer, changes no row

    def step() -> None:
        if over:
            return
        done[0] += 1
        if done[0] == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    leaderboard.merge_folders = merge
    if steps == "calls":
        sys.setprofile(lambda _frame, event, _argument: step() if event in ("call", "c_call") else None)
    else:
        sys.addaudithook(lambda event, _arguments: step() if event.startswith(FILES) else None)
    return done


def jumping() -> list[int]:
    """Let the clock jump, an hour back and a day ahead by turns; count how often it is read."""
    real, reads = time.time, [0]

    def read() -> float:
        reads[0] += 1
        return real() + (86400 if reads[0] % 2 else -3600)

    class Jumping(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.fromtimestamp(read(), tz)

    time.time, provenance.datetime = read, Jumping
    return reads


@contextmanager
def full_disk(folder: str, free: int):
    """Work in a copy of a folder on the small disk, which has `free` bytes left; afterwards the folder is that copy."""
    disk = Path(sys.argv[2])
    shutil.copytree(folder, disk, dirs_exist_ok=True)
    os.chdir(disk)
    space = os.statvfs(disk)
    Path("ballast").write_bytes(bytes(space.f_bavail * space.f_frsize - free))
    try:
        yield
    finally:
        Path("ballast").unlink()
        shutil.rmtree(folder)
        shutil.copytree(disk, folder)
        for path in disk.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def start(order: dict) -> tuple[int, int]:
    """Start a command in a fork; return its process and where it writes how many steps it made."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        code = 70
        try:
            os.dup2(os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
            os.dup2(2, 1)
            os.chdir(order["folder"])
            os.environ["SPURGEN_CACHE"] = os.path.join(order["folder"], ".cache")  # else nothing is verified twice
            if order["largest"]:
                resource.setrlimit(resource.RLIMIT_FSIZE, (order["largest"], order["largest"]))
            done = jumping() if order["jumping"] else count(order["steps"], order["kill_at"])
            with nullcontext() if order["free"] is None else full_disk(order["folder"], order["free"]):
                code = main(order["argv"])
            sys.setprofile(None)
            os.write(writing, str(done[0]).encode())
        finally:
            os._exit(code)
    os.close(writing)
    return pid, reading


def end(pid: int, reading: int) -> tuple[int, int]:
    """Wait for a fork; return its exit code and how many steps it made."""
    _, status = os.waitpid(pid, 0)
    with os.fdopen(reading) as counted:
        return os.waitstatus_to_exitcode(status), int(counted.read() or 0)


if __name__ == "__main__":
    discover("spurgen.harness.commands")
    with TemporaryDirectory() as folder, redirect_stderr(None):  # forks find compiled code and drawn shapes ready
        main(["generate", "small-image", "--suite", sys.argv[1], "--out", f"{folder}/set"])
    for line in sys.stdin:
        started = [start(order) for order in json.loads(line)]
        print(json.dumps([end(*fork) for fork in started]), flush=True)
