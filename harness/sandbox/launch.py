"""Starting a worker process, shut in as far as asked and possible."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.results.sources import submission_files
from spurgen.harness.sandbox import bubblewrap, seccomp
from spurgen.harness.sandbox.limits import Limits

PATIENCE = 5.0  # seconds
SECRETS = Path("~/.spurgen")  # of private splits
KEPT = ("CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH", "PYTHONPATH", "TZ")  # of the environment, in the sandbox
INSIDE = {"HOME": "/tmp", "USER": "nobody", "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
# glibc keeps up to 1 GiB of what is freed, instead of handing each step's activations back to be zeroed for the next:
# a step of an image network takes an eighth less
ALLOCATOR = {
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 30),
    "MALLOC_TOP_PAD_": str(16 << 20),
}


def isolation_of(limits: Limits) -> str:
    """Returns how workers are shut in here, `bubblewrap` or `process`.

    Raises `SpurgenError` if bubblewrap was asked for and does not work, and where nothing was asked for, it does not
    work, and there are secrets of private splits that a plain process could read.
    """
    if limits.isolation == "process":
        return "process"
    reason = bubblewrap.why_not()
    if reason and limits.isolation == "bubblewrap":
        raise SpurgenError(f"isolation by bubblewrap was asked for, but {reason}")
    if reason and (secrets := [*SECRETS.expanduser().glob("*.secret")]):
        raise SpurgenError(
            f"a submission that is not shut in could read {secrets[0]}, and {reason}; or trust it, with "
            "--isolation process"
        )
    return "process" if reason else "bubblewrap"


class Started:
    """Is a running worker process, with the ends of its pipes: what its prints go to is `printing`.

    Raises `SpurgenError` as `isolation_of` and `submission_files` do, `OSError` where no process can be started.
    """

    def __init__(self, spec: str, limits: Limits, device: str, home: Path, threads: dict[str, str]) -> None:
        self.isolation = isolation_of(limits)
        files = [*submission_files(spec).values()]
        self.scratch = bubblewrap.SCRATCH if self.isolation == "bubblewrap" else home / "scratch"
        # -u: what was printed before a failure is to be seen. -P: a file in the user's folder must not pass for a
        # library's; `loading` adds the folder, as the last
        told = json.dumps({"isolation": self.isolation, "limits": limits.for_process(device)})
        server = [sys.executable, "-u", "-P", "-m", "spurgen.harness.worker.server", told]
        self.printing, writing = os.pipe()
        self._inner: int | None = None
        try:
            if self.isolation == "process":
                self.scratch.mkdir()
                self.process = self._popen(server, ALLOCATOR | os.environ | threads, writing)
            else:
                kept = {name: os.environ[name] for name in KEPT if name in os.environ}
                self._shut_in(server, files, limits, device, INSIDE | ALLOCATOR | kept | threads, writing)
        except BaseException:
            os.close(self.printing)
            if hasattr(self, "process"):
                self.close()
            raise
        finally:
            os.close(writing)

    def _shut_in(
        self, server: list[str], files: Iterable[Path], limits: Limits, device: str, env: dict[str, str], writing: int
    ) -> None:
        reading, info = os.pipe()
        with open(reading, "rb") as told, bubblewrap.passed(seccomp.program()) as rules:
            try:
                flags = "--seccomp", rules, "--info-fd", info
                command = [*bubblewrap.enclose(files, limits, device, env, *flags), *server]
                self.process = self._popen(command, {}, writing, rules, info)  # bubblewrap inherits no secret
            finally:
                os.close(info)
            with suppress(ValueError, KeyError):  # it ended at once: the first question will say so
                self._inner = int(json.loads(told.read())["child-pid"])

    @staticmethod
    def _popen(command: list[str], env: dict[str, str], writing: int, *fds: int) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=writing, env=env, pass_fds=fds,
            start_new_session=True,  # so that what it forks can be ended with it
        )  # fmt: skip

    def kill(self) -> None:
        """Ends the process and all that it forked, unless, not shut in, they left its session."""
        if self._inner is None:
            self._end_session()
        elif self.process.poll() is None:  # else the number may be another's by now
            with suppress(ProcessLookupError):
                os.kill(self._inner, signal.SIGKILL)

    def _end_session(self) -> None:
        with suppress(ProcessLookupError, PermissionError):  # PermissionError: a group of zombies, on macOS
            os.killpg(self.process.pid, signal.SIGKILL)

    def close(self) -> None:
        """Kills the process, waits for its end and closes its pipes, but for `printing`."""
        self.kill()
        with suppress(subprocess.TimeoutExpired):  # bubblewrap ends when all inside has
            self.process.wait(PATIENCE)
        self._end_session()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()

    def pids(self) -> list[int]:
        """Lists the process and, where the system tells them, all below it."""
        return [*_descendants(self.process.pid)]

    @property
    def peak_bytes(self) -> int:
        """Is the worker's peak resident memory so far, in bytes; 0 where the system does not tell."""
        peak = 0
        for number in self.pids():
            with suppress(OSError):
                lines = Path(f"/proc/{number}/status").read_text().splitlines()
                peak = max([peak, *(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))])
        return peak


def _descendants(number: int) -> Iterator[int]:
    """Yields a process and, where the system tells them, all below it."""
    yield number
    with suppress(OSError):
        for child in Path(f"/proc/{number}/task/{number}/children").read_text().split():
            yield from _descendants(int(child))
