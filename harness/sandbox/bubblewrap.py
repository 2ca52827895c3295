"""The bubblewrap sandbox: which folders a submission sees, and whether it works on this machine.

A submission sees the interpreter, the installed packages, its own files and its inputs, and nothing else of the disk:
neither results nor the generators, with which it could look up the answers.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

from spurgen.harness.results.sources import HOME, installed
from spurgen.harness.sandbox import proc, seccomp
from spurgen.harness.sandbox.limits import DEFAULT, MIB, Limits, lowered

BWRAP, PRLIMIT = "bwrap", "prlimit"
NOBODY = "65534"
SCRATCH = Path("/tmp/scratch")
SYSTEM = ("/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/alternatives")
CUDA = ("/usr/local/cuda", "/sys/devices/system", "/sys/module/nvidia", "/sys/bus/pci/devices")
SHOWN = ("baselines", "harness/__init__.py", "harness/public/top", "harness/worker")  # and the code of `benchmark`
HIDDEN = ("generators", *(f"benchmark/{name}" for name in ("results", "calibration", "suites", "sweeps")))
SHARED_MEMORY = 64 * MIB


def sandbox_command(
    files: Iterable[Path], limits: Limits, device: str, env: Mapping[str, str], *fds: str | int
) -> list[str]:
    """Return the command line that a worker's own is appended to; `files` are the submission's, `fds` further flags.

    The order of bubblewrap's flags matters: first mount what can be written, then what can be read, then hide parts
    of that, and last make the root, on which all of it is mounted, read-only.
    """
    shown = shown_paths()
    inside = [path for path in map(Path.absolute, files) if not any(path.is_relative_to(p) for p in shown)]
    hidden = _hidden()
    cwd = "/tmp" if any(Path.cwd().is_relative_to(path) for path in hidden) else str(Path.cwd())
    return [
        *_limited(limits, device), BWRAP,
        "--unshare-user", "--uid", NOBODY, "--gid", NOBODY, "--disable-userns", "--unshare-all",
        "--die-with-parent", "--new-session", "--clearenv", *_flags("--setenv", env.items()),
        "--proc", "/proc", *_proc(), "--dev", "/dev", *(_devices() if device != "cpu" else ()),
        "--size", str(SHARED_MEMORY), "--tmpfs", "/dev/shm", "--remount-ro", "/dev",
        "--size", str(limits.disk_bytes), "--tmpfs", "/tmp", "--dir", cwd,
        *_flags("--ro-bind", ((path, path) for path in shown if not path.is_symlink())),
        *_flags("--ro-bind", ((path.resolve(), path) for path in inside)),
        *_flags("--symlink", ((os.readlink(path), path) for path in shown if path.is_symlink())),
        *(flag for path in hidden for flag in ("--tmpfs", path, "--remount-ro", path)),
        "--dir", str(SCRATCH), "--chdir", cwd, "--remount-ro", "/", *map(str, fds), "--",
    ]  # fmt: skip


@contextmanager
def passed(rules: bytes) -> Iterator[tuple[list[str], list[int]]]:
    """Yield the flags by which bubblewrap loads a filter and shows the made-up files of /proc, and the pipes it reads.

    A child that is started once must inherit them.
    """
    with ExitStack() as stack:
        pipes = {path: stack.enter_context(_pipe_with(content)) for path, content in proc.made_up()}
        loading = stack.enter_context(_pipe_with(rules))
        flags = [flag for path, pipe in pipes.items() for flag in ("--ro-bind-data", str(pipe), path)]
        yield [*flags, "--seccomp", str(loading)], [*pipes.values(), loading]


@contextmanager
def _pipe_with(content: bytes) -> Iterator[int]:
    """Yield a file descriptor from which a child reads `content`, which fits into a pipe."""
    reading, writing = os.pipe()
    try:
        with open(writing, "wb") as file:
            file.write(content)
        yield reading
    finally:
        os.close(reading)


def _limited(limits: Limits, device: str) -> list[str]:
    """Return the command that sets the limits on bubblewrap itself, so that every process inside inherits them."""
    flags = (f"--{name.lower()}={soft}:{hard}" for name, (soft, hard) in lowered(limits.for_process(device)).items())
    return [PRLIMIT, *flags, "--"]


@cache
def shown_paths() -> tuple[Path, ...]:
    """Return what every worker may read: system libraries, the interpreter, installed packages, and our code.

    A symbolic link is followed by its target; a path inside another of the listed folders is left out.
    """
    prefixes = sorted({sys.prefix, sys.base_prefix} - {"/usr", "/usr/local"})
    wanted = [
        *map(Path, SYSTEM),
        *(Path(prefix, name) for prefix in prefixes for name in ("lib", "lib64", "bin", "pyvenv.cfg")),
        Path(sys.executable),
        *(place for place in map(Path, sys.path) if installed(place)),
        *(HOME / name for name in SHOWN),
        *sorted((HOME / "benchmark").glob("*.py")),
    ]
    shown: dict[Path, None] = {}
    while wanted:
        path = wanted.pop(0)
        if path.exists() and not any(path.is_relative_to(p) for p in shown if not p.is_symlink()):
            shown[path] = None
        if path.is_symlink():
            wanted.insert(0, path.parent / path.readlink())
    return tuple(shown)


@cache
def _hidden() -> tuple[str, ...]:
    """Return the folders, inside those shown, that hold answers, or code that no worker needs."""
    shown, harness = shown_paths(), HOME / "harness"
    own = [path for path in sorted(harness.glob("*/")) if path != harness / "worker"]
    folders = [path for path in (*(HOME / name for name in HIDDEN), *own) if path.is_dir()]
    return tuple(str(path) for path in folders if any(path.is_relative_to(p) for p in shown))


def _proc() -> list[str]:
    """Return the flags that hide what /proc shows of the machine, and make the kernel's settings read-only."""
    files, folders = proc.listed()
    return [
        *_flags("--ro-bind-try", zip(proc.READ_ONLY, proc.READ_ONLY, strict=True)),
        *_flags("--ro-bind", ((os.devnull, path) for path in files)),  # not as a device, so it cannot be opened either
        *(str(flag) for path in folders for flag in ("--tmpfs", path, "--remount-ro", path)),
    ]


def _devices() -> list[str]:
    """Return the flags that show a GPU."""
    nodes = [(node, node) for node in sorted(Path("/dev").glob("nvidia*"))]
    return _flags("--dev-bind", nodes) + _flags("--ro-bind-try", ((path, path) for path in CUDA))


def _flags(flag: str, pairs: Iterable[tuple[object, object]]) -> list[str]:
    return [text for pair in pairs for text in (flag, *map(str, pair))]


@cache
def why_unavailable() -> str:
    """Return why bubblewrap cannot be used here, or an empty string if a trial run works."""
    if sys.platform != "linux":
        return "bubblewrap needs Linux"
    for program, package in ((BWRAP, "bubblewrap"), (PRLIMIT, "util-linux")):
        if not shutil.which(program):
            return f"{package} is not installed; on Debian: apt-get install bubblewrap libseccomp2 util-linux"
    try:
        rules = seccomp.program()
    except (ImportError, OSError) as error:
        return f"the filter of system calls cannot be compiled, {error}; on Debian: apt-get install libseccomp2"
    with passed(rules) as (flags, pipes):
        command = [*sandbox_command((), DEFAULT, "cpu", {}, *flags), sys.executable, "-P", "-S", "-c", ""]
        trial = subprocess.run(command, capture_output=True, text=True, env={}, pass_fds=pipes, check=False)
    return f"bubblewrap does not work here: {trial.stderr.strip()}" if trial.returncode else ""
