"""Start a worker process, sandboxed as required and as far as possible."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.results.identity import submission_files
from spurgen.harness.sandbox import bubblewrap
from spurgen.harness.sandbox.limits import FILES, THREADS, Limits

WRITABLE = ("tmp", "dev/shm")  # in the sandbox
EXIT_SECONDS = 10.0  # that a process may take to end
INHERITED = ("CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH", "PYTHONPATH", "TZ")  # environment variables
ENVIRONMENT = {"HOME": "/tmp", "USER": "nobody", "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
# glibc keeps up to 1 GiB of freed memory instead of returning each step's activations to be zeroed for the next: a step
# of an image network takes an eighth less time.
ALLOCATOR = {
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 30),
    "MALLOC_TOP_PAD_": str(16 << 20),
}


def isolation_of(limits: Limits) -> str:
    """Return how workers are isolated here: `bubblewrap` or `process`.

    Raise `SpurgenError` if bubblewrap was asked for and does not work.
    """
    if limits.isolation == "process":
        return "process"
    reason = bubblewrap.why_unavailable()
    if reason and limits.isolation == "bubblewrap":
        raise SpurgenError(f"isolation by bubblewrap was asked for, but {reason}")
    return "process" if reason else "bubblewrap"


class WorkerProcess:
    """A running worker process and the ends of its pipes; its output goes to the descriptor `printing`.

    Raises `SpurgenError` as `isolation_of` and `submission_files` do, and `OSError` if no process can be started.
    """

    def __init__(self, spec: str, limits: Limits, device: str, home: Path, threads: dict[str, str]) -> None:
        self.isolation = isolation_of(limits)
        files = [*submission_files(spec).values()]
        self.scratch = bubblewrap.SCRATCH if self.isolation == "bubblewrap" else home / "scratch"
        # -u: show what was printed before a failure. -P: no file in the current folder passes for a library of ours;
        # `loading` puts the submission's own folder on the path once ours are imported.
        settings: dict[str, object] = {"isolation": self.isolation, "limits": limits.for_process(device)}
        if device != "cpu" and limits.gpu_share < 1:
            settings["gpu"] = [limits.gpu_share, device]
        server = [sys.executable, "-u", "-P", "-m", "spurgen.harness.worker.server", json.dumps(settings)]
        self.printing, writing = os.pipe()
        self._inner: int | None = None
        self._closed = False
        try:
            if self.isolation == "process":
                self.scratch.mkdir()
                self.process = self._popen(server, ALLOCATOR | os.environ | threads, writing)
            else:
                inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
                environment = ENVIRONMENT | ALLOCATOR | inherited | threads
                self._start_sandboxed(server, files, limits, device, environment, writing)
        except BaseException:
            os.close(self.printing)
            if hasattr(self, "process"):
                self.close()
            raise
        finally:
            os.close(writing)

    def _start_sandboxed(
        self, server: list[str], files: Iterable[Path], limits: Limits, device: str, env: dict[str, str], writing: int
    ) -> None:
        reading, info = os.pipe()
        with open(reading, "rb") as information, bubblewrap.passed(bubblewrap.system_calls()) as (flags, pipes):
            try:
                flags += ["--info-fd", str(info)]
                command = [*bubblewrap.sandbox_command(files, limits, device, env, *flags), *server]
                self.process = self._popen(command, {}, writing, *pipes, info)  # bubblewrap inherits no secret
            finally:
                os.close(info)
            with suppress(ValueError, KeyError):  # it ended at once: the first query reports that
                self._inner = int(json.loads(information.read())["child-pid"])

    @staticmethod
    def _popen(command: list[str], env: dict[str, str], writing: int, *fds: int) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=writing, env=env, pass_fds=fds,
            start_new_session=True,  # so that the processes it forks can be killed with it
        )  # fmt: skip

    def kill(self) -> None:
        """Kill the process and all that it forked, except those of a plain process that left its session."""
        if self._inner is None:
            self._end_session()
        elif self.process.poll() is None:  # otherwise another process may have the number by now
            with suppress(ProcessLookupError):
                os.kill(self._inner, signal.SIGKILL)

    def _end_session(self) -> None:
        with suppress(ProcessLookupError, PermissionError):  # PermissionError: a group of zombies, on macOS
            os.killpg(self.process.pid, signal.SIGKILL)

    def close(self) -> None:
        """Kill the process, wait for its end and close its pipes except `printing`; a second call does nothing."""
        if self._closed:  # another process may have the number by now
            return
        self.kill()
        with suppress(subprocess.TimeoutExpired):  # bubblewrap ends when every process inside has
            self.process.wait(EXIT_SECONDS)
        self._end_session()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()
        self._closed = True

    def pids(self) -> list[int]:
        """List the process and, where the system shows them, its descendants."""
        found = [self.process.pid]
        for number in found:  # to which their children are added meanwhile
            with suppress(OSError):
                found += map(int, Path(f"/proc/{number}/task/{number}/children").read_text().split())
        return found

    def excess(self) -> str:
        """Return which fixed limit the process exceeds, or an empty string; resource limits do not bind root."""
        threads = sum(self._status("Threads:"))
        if threads > THREADS:
            return f"it ran {threads} threads, more than {THREADS}"
        with suppress(OSError):
            root = Path(f"/proc/{self._inner}/root")
            if self._inner is not None and not root.samefile("/"):  # otherwise bubblewrap has not mounted anything yet
                space = [os.statvfs(root / name) for name in WRITABLE]
                files = sum(part.f_files - part.f_ffree for part in space)
                if files > FILES:
                    return f"it made {files} files, more than {FILES}"
        return ""

    @property
    def cpu_seconds(self) -> float:
        """CPU time of the process and its descendants so far; the wall time where the system does not show it."""
        spent = []
        for number in self.pids():
            with suppress(OSError):
                fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
                spent.append(sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK"))  # proc(5): utime to cstime
        return sum(spent) if spent else time.monotonic()

    @property
    def peak_bytes(self) -> int:
        """Peak resident memory so far, in bytes; 0 where the system does not show it."""
        return 1024 * max(self._status("VmHWM:"), default=0)

    def _status(self, key: str) -> Iterator[int]:
        """Yield the number behind a key in the status of the process and its descendants."""
        for number in self.pids():
            with suppress(OSError):
                lines = Path(f"/proc/{number}/status").read_text().splitlines()
                yield from (int(line.split()[1]) for line in lines if line.startswith(key))
