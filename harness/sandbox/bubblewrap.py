"""The bubblewrap sandbox: what a submission sees of the disk and of /proc, which system calls it has, whether it works.

A submission sees the interpreter, the installed packages, its own files and its inputs, and nothing else of the disk:
neither results nor the generators, with which it could look up the answers. Of /proc it sees its own processes, and the
facts on the machine that libraries need, without counters. Counters of the whole machine outlive a process: through
them, such as seconds of niced CPU time, a worker could leave a message for the next.

It may start threads but no processes: `clone` needs CLONE_THREAD, and `clone3`, whose flags a filter cannot see, is
reported missing, so that glibc falls back to `clone`. Calls that get around the limits on memory or disk, as further
filters and Landlock's rulesets do, that two sandboxes could signal each other by, and rarely used ones that widen the
kernel's attack surface are refused as well. bubblewrap loads the filter last, by `prctl`.
"""

import errno
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

from spurgen.harness.results.identity import HOME, installed
from spurgen.harness.sandbox.limits import DEFAULT, MIB, Limits

BWRAP, PRLIMIT = "bwrap", "prlimit"
NOBODY = "65534"
SCRATCH = Path("/tmp/scratch")
SYSTEM = ("/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/alternatives")
CUDA = ("/usr/local/cuda", "/sys/devices/system", "/sys/module/nvidia", "/sys/bus/pci/devices")
SHOWN = ("baselines", "harness/__init__.py", "harness/public/top", "harness/worker")  # and the code of `benchmark`
HIDDEN = ("generators", *(f"benchmark/{name}" for name in ("results", "calibration", "suites", "sweeps")))
SHARED_MEMORY = 64 * MIB
PROC = Path("/proc")
READ_ONLY = ("/proc/sys", "/proc/bus")  # kernel settings, which a process could write if the operator is root
# Process 1 is bubblewrap's own and runs as the operator: its environment could be read, and its memory written.
# The other counts the files of the machine.
HIDDEN_OF_PROC = ("/proc/1", "/proc/sys/fs")
SHOWN_OF_PROC = frozenset({
    "bus", "cmdline", "cpuinfo", "devices", "driver", "filesystems", "loadavg", "meminfo", "misc", "modules", "stat",
    "sys", "uptime", "version",
})  # fmt: skip
"""Files of /proc that libraries read; the rest, such as `slabinfo`, shows the whole machine to processes of root."""
CONSTANT = ("MemTotal", "SwapTotal", "Hugepagesize")  # lines of meminfo that do not change while the machine runs
CLONE_THREAD = 0x10000
LOW_HALF = 0xFFFFFFFF  # the kernel ignores the other half of an `int`, which a filter sees
UNKNOWN = -1  # what libseccomp returns for a call that it, or this architecture, does not have
REFUSED = (
    "fork", "vfork", "socket", "setsockopt",
    "ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp",
    "memfd_create", "memfd_secret", "shmget", "msgget", "semget", "mq_open",
    "bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register", "io_setup",
    "unshare", "setns", "mount", "umount2", "pivot_root", "chroot", "fsopen", "fsmount", "open_tree", "move_mount",
    "keyctl", "add_key", "request_key", "open_by_handle_at", "personality",
    "mincore", "cachestat", "fadvise64", "preadv2",  # show what another process has read
    "fanotify_init", "inotify_init", "inotify_init1", "inotify_add_watch",
    "seccomp", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self",
)  # fmt: skip
SET_SECCOMP = 22  # PR_SET_SECCOMP of `prctl`
MISSING = ("clone3", "flock")  # with EPERM, glibc would fail, and a library would wait for a lock for ever
FILE_COMMANDS = {
    "F_SETLK": 6, "F_SETLKW": 7, "F_OFD_SETLK": 37, "F_OFD_SETLKW": 38, "F_SETLEASE": 1024, "F_NOTIFY": 1026,
    "F_SETPIPE_SZ": 1031, "F_GET_RW_HINT": 1035, "F_SET_RW_HINT": 1036, "F_GET_FILE_RW_HINT": 1037,
    "F_SET_FILE_RW_HINT": 1038,
}  # fmt: skip
"""Forbidden operations of `fcntl`: lock or watch a file, enlarge a pipe, leave a hint that a later process can read.

Numbers of Linux, which other systems lack.
"""


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
    limited = (f"--{name.lower()}={soft}:{hard}" for name, (soft, hard) in limits.for_process(device).items())
    cwd = "/tmp" if any(Path.cwd().is_relative_to(path) for path in hidden) else str(Path.cwd())
    return [
        PRLIMIT, *limited, "--", BWRAP,  # so that every process inside inherits the limits
        "--unshare-user", "--uid", NOBODY, "--gid", NOBODY, "--disable-userns", "--unshare-all",
        "--die-with-parent", "--new-session", "--clearenv", *_flags("--setenv", env.items()),
        "--proc", "/proc", *_proc(), "--dev", "/dev", *(_devices() if device != "cpu" else ()),
        "--size", str(SHARED_MEMORY), "--tmpfs", "/dev/shm", "--remount-ro", "/dev",
        "--size", str(limits.disk_bytes), "--tmpfs", "/tmp", "--dir", cwd,
        *_flags("--ro-bind", ((path, path) for path in shown if not path.is_symlink())),
        *_flags("--ro-bind", ((path.resolve(), path) for path in inside)),
        *_flags("--symlink", ((os.readlink(path), path) for path in shown if path.is_symlink())),
        *_emptied(hidden),
        "--dir", str(SCRATCH), "--chdir", cwd, "--remount-ro", "/", *map(str, fds), "--",
    ]  # fmt: skip


@contextmanager
def passed(rules: bytes) -> Iterator[tuple[list[str], list[int]]]:
    """Yield the flags by which bubblewrap loads a filter and shows the made-up files of /proc, and the pipes it reads.

    A child that is started once must inherit them.
    """
    with ExitStack() as stack:
        pipes = {path: stack.enter_context(_pipe_with(content)) for path, content in _made_up()}
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
    found = [path for path in sorted(PROC.iterdir()) if path.name not in SHOWN_OF_PROC and not path.name.isdigit()]
    found = [path for path in found if not path.is_symlink()]  # such as `mounts`, which is the process's own
    files = [path for path in found if path.is_file()]  # modules of the kernel may add and remove some at any time
    folders = [path for path in (*found, *map(Path, HIDDEN_OF_PROC)) if path.is_dir()]
    return [
        *_flags("--ro-bind-try", zip(READ_ONLY, READ_ONLY, strict=True)),
        *_flags("--ro-bind", ((os.devnull, path) for path in files)),  # not as a device, so it cannot be opened either
        *_emptied(folders),
    ]


def _made_up() -> Iterator[tuple[str, bytes]]:
    """Yield the files of /proc with counters, and contents that count only the processors and the memory."""
    lines = [line.split() for line in (PROC / "stat").read_text().splitlines()]
    stat = [" ".join([f"{name} " if name == "cpu" else name, *["0"] * min(len(rest), 10)]) for name, *rest in lines]
    memory = (PROC / "meminfo").read_text()
    total = re.search(r"^MemTotal:(.*)$", memory, re.MULTILINE)
    constant = {*CONSTANT}
    names = (line.partition(":") for line in memory.splitlines())
    kept = {name: value if name in constant else " 0" + " kB" * value.endswith("kB") for name, _, value in names}
    kept |= dict.fromkeys(("MemFree", "MemAvailable"), total[1] if total else " 0 kB")
    yield "/proc/stat", "\n".join([*stat, ""]).encode()
    yield "/proc/meminfo", "".join(f"{name}:{value}\n" for name, value in kept.items()).encode()
    yield "/proc/loadavg", b"0.00 0.00 0.00 1/1 1\n"
    yield "/proc/uptime", b"1.00 1.00\n"


def _devices() -> list[str]:
    """Return the flags that show a GPU."""
    nodes = [(node, node) for node in sorted(Path("/dev").glob("nvidia*"))]
    return _flags("--dev-bind", nodes) + _flags("--ro-bind-try", ((path, path) for path in CUDA))


def _emptied(folders: Iterable[str | Path]) -> list[str]:
    return [str(flag) for path in folders for flag in ("--tmpfs", path, "--remount-ro", path)]


def _flags(flag: str, pairs: Iterable[tuple[object, object]]) -> list[str]:
    return [text for pair in pairs for text in (flag, *map(str, pair))]


@cache
def system_calls() -> bytes:
    """Compile the filter for this machine; raise `OSError` or `ImportError` where libseccomp is missing."""
    try:
        import pyseccomp
    except RuntimeError:  # pyseccomp raises it when there is no shared library
        raise OSError("there is no libseccomp") from None
    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    refuse = pyseccomp.ERRNO(errno.EPERM)
    for name in REFUSED:
        if pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name) != UNKNOWN:
            rules.add_rule(refuse, name)
    rules.add_rule(refuse, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, CLONE_THREAD, 0))
    rules.add_rule(refuse, "prctl", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, LOW_HALF, SET_SECCOMP))
    for command in FILE_COMMANDS.values():
        rules.add_rule(refuse, "fcntl", pyseccomp.Arg(1, pyseccomp.MASKED_EQ, LOW_HALF, command))
    for name in MISSING:
        rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), name)
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


@cache
def why_unavailable() -> str:
    """Return why bubblewrap cannot be used here, or an empty string if a trial run works."""
    if sys.platform != "linux":
        return "bubblewrap needs Linux"
    for program, package in ((BWRAP, "bubblewrap"), (PRLIMIT, "util-linux")):
        if not shutil.which(program):
            return f"{package} is not installed; on Debian: apt-get install bubblewrap libseccomp2 util-linux"
    try:
        rules = system_calls()
    except (ImportError, OSError) as error:
        return f"the filter of system calls cannot be compiled, {error}; on Debian: apt-get install libseccomp2"
    with passed(rules) as (flags, pipes):
        command = [*sandbox_command((), DEFAULT, "cpu", {}, *flags), sys.executable, "-P", "-S", "-c", ""]
        trial = subprocess.run(command, capture_output=True, text=True, env={}, pass_fds=pipes, check=False)
    return f"bubblewrap does not work here: {trial.stderr.strip()}" if trial.returncode else ""
