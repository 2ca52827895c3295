"""A submission's process shut in by bubblewrap: which folders it sees, and whether that works on this machine.

It sees the interpreter, what is installed for it, the submission's own files and the inputs. Nothing else of the
disk is there: neither the rows nor the generators, with which it could look its answers up.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from spurgen.harness.results.sources import HOME, installed
from spurgen.harness.sandbox import seccomp
from spurgen.harness.sandbox.limits import DEFAULT, MIB, Limits, lowered

BWRAP, PRLIMIT = "bwrap", "prlimit"
NOBODY = "65534"
SCRATCH = Path("/tmp/scratch")
SYSTEM = ("/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/alternatives")
CUDA = ("/usr/local/cuda", "/sys/devices/system", "/sys/module/nvidia", "/sys/bus/pci/devices")
OURS = ("baselines", "harness/__init__.py", "harness/worker")  # and the code of `benchmark`
HIDDEN = ("generators", *(f"benchmark/{name}" for name in ("results", "private", "calibration", "suites", "sweeps")))
SHARED_MEMORY = 64 * MIB
# Of /proc, what a process of a root operator could write: settings of the host's kernel. Process 1 is bubblewrap's own,
# under the operator's user: its environment could be read, and its memory written.
KERNEL_SETTINGS = ("/proc/sys", "/proc/pressure", "/proc/mtrr", "/proc/irq", "/proc/bus", "/proc/sysrq-trigger")
INIT = "/proc/1"


def enclose(files: Iterable[Path], limits: Limits, device: str, env: Mapping[str, str], *fds: str | int) -> list[str]:
    """Returns the command line that a worker's own is appended to; `files` are the submission's, `fds` further flags.

    Later flags of bubblewrap stand on earlier ones: first what can be written, then what can be read, then what of
    that is hidden; and at last the root, on which all of it was mounted, is made read-only.
    """
    shown = _shown()
    inside = [path for path in map(Path.absolute, files) if not any(path.is_relative_to(one) for one in shown)]
    hidden = _hidden()
    here = "/tmp" if any(Path.cwd().is_relative_to(path) for path in hidden) else str(Path.cwd())
    return [
        *_limited(limits, device), BWRAP,
        "--unshare-user", "--uid", NOBODY, "--gid", NOBODY, "--disable-userns", "--unshare-all",
        "--die-with-parent", "--new-session", "--clearenv", *_flags("--setenv", env.items()),
        "--proc", "/proc", *_flags("--ro-bind-try", zip(KERNEL_SETTINGS, KERNEL_SETTINGS, strict=True)),
        "--tmpfs", INIT, "--remount-ro", INIT, "--dev", "/dev", *(_devices() if device != "cpu" else ()),
        "--size", str(SHARED_MEMORY), "--tmpfs", "/dev/shm", "--remount-ro", "/dev",
        "--size", str(limits.disk_bytes), "--tmpfs", "/tmp", "--dir", here,
        *_flags("--ro-bind", ((path, path) for path in shown if not path.is_symlink())),
        *_flags("--ro-bind", ((path.resolve(), path) for path in inside)),
        *_flags("--symlink", ((os.readlink(path), path) for path in shown if path.is_symlink())),
        *(flag for path in hidden for flag in ("--tmpfs", path, "--remount-ro", path)),
        "--dir", str(SCRATCH), "--chdir", here, "--remount-ro", "/", *map(str, fds), "--",
    ]  # fmt: skip


@contextmanager
def passed(content: bytes) -> Iterator[int]:
    """Yields a file descriptor from which a child reads `content`, which fits into a pipe."""
    reading, writing = os.pipe()
    try:
        with open(writing, "wb") as file:
            file.write(content)
        yield reading
    finally:
        os.close(reading)


def _limited(limits: Limits, device: str) -> list[str]:
    """Returns the command that sets the limits on bubblewrap itself, so that every process inside inherits them."""
    flags = (f"--{name.lower()}={soft}:{hard}" for name, (soft, hard) in lowered(limits.for_process(device)).items())
    return [PRLIMIT, *flags, "--"]


def _shown() -> list[Path]:
    """Lists what every worker may read: system libraries, the interpreter, what is installed for it, and our part.

    A symbolic link is followed by what it stands for; what lies in another of the folders is left out.
    """
    prefixes = sorted({sys.prefix, sys.base_prefix} - {"/usr", "/usr/local"})
    wanted = [
        *map(Path, SYSTEM),
        *(Path(prefix, name) for prefix in prefixes for name in ("lib", "lib64", "bin", "pyvenv.cfg")),
        Path(sys.executable),
        *(place for place in map(Path, sys.path) if installed(place)),
        *(HOME / name for name in OURS),
        *sorted((HOME / "benchmark").glob("*.py")),
    ]
    shown: dict[Path, None] = {}
    while wanted:
        path = wanted.pop(0)
        if path.exists() and not any(path.is_relative_to(one) for one in shown if not one.is_symlink()):
            shown[path] = None
        if path.is_symlink():
            wanted.insert(0, path.parent / path.readlink())
    return [*shown]


def _hidden() -> list[str]:
    """Lists the folders, inside of what is shown, that hold answers or what makes them."""
    shown = _shown()
    folders = [HOME / name for name in HIDDEN if (HOME / name).is_dir()]
    return [str(path) for path in folders if any(path.is_relative_to(one) for one in shown)]


def _devices() -> list[str]:
    """Returns the flags that show a GPU."""
    nodes = [(node, node) for node in sorted(Path("/dev").glob("nvidia*"))]
    return _flags("--dev-bind", nodes) + _flags("--ro-bind-try", ((path, path) for path in CUDA))


def _flags(flag: str, pairs: Iterable[tuple[object, object]]) -> list[str]:
    return [text for one, other in pairs for text in (flag, str(one), str(other))]


@cache
def why_not() -> str:
    """Says why bubblewrap cannot be used here, or nothing if it can: it is tried."""
    if sys.platform != "linux":
        return "bubblewrap runs on Linux alone"
    for program, package in ((BWRAP, "bubblewrap"), (PRLIMIT, "util-linux")):
        if not shutil.which(program):
            return f"{package} is not installed; on Debian: apt-get install bubblewrap libseccomp2 util-linux"
    try:
        rules = seccomp.program()
    except (ImportError, OSError) as error:
        return f"its filter of system calls cannot be made, {error}; on Debian: apt-get install libseccomp2"
    with passed(rules) as reading:
        command = [*enclose((), DEFAULT, "cpu", {}, "--seccomp", reading), sys.executable, "-P", "-S", "-c", ""]
        tried = subprocess.run(command, capture_output=True, text=True, env={}, pass_fds=[reading], check=False)
    return f"bubblewrap does not work here: {tried.stderr.strip()}" if tried.returncode else ""
