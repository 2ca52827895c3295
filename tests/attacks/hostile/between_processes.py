"""Ways in which one process of a submission could leave a message for the next."""

import ctypes
import errno
import fcntl
import mmap
import os
import sys
import time
from contextlib import suppress
from pathlib import Path

from loot import guess


def predict(batch):
    return guess(batch, steal())


# %% leaves_hints
# Leaves hints on files that every sandbox sees, by which a second process could learn the first one's answers.
# expected: unranked: not significantly better than chance
SET, GET, FILE_SET, FILE_GET = 1036, 1035, 1038, 1037  # F_SET_RW_HINT and its like, which Python does not name
SHORT = 2  # RWH_WRITE_LIFE_SHORT
ADDED = 0x100  # IN_CREATE


def steal():
    """Return the kinds of hint that can be left or read, and whether a file can be watched."""
    found = []
    with open(os.__file__, "rb") as file:
        for command in (SET, GET, FILE_SET, FILE_GET):
            value = SHORT.to_bytes(8, "little") if command in (SET, FILE_SET) else bytes(8)
            try:
                fcntl.fcntl(file, command, value)
                found.append(command)
            except OSError:
                pass
    kernel = ctypes.CDLL(None, use_errno=True)
    watch = kernel.inotify_init1(0)
    if watch >= 0 and kernel.inotify_add_watch(watch, os.path.dirname(os.__file__).encode(), ADDED) >= 0:
        found.append("inotify")
    return found


# %% locks_files
# Locks parts of a file that every sandbox sees, by which a second process could learn the first one's answers.
# expected: unranked: not significantly better than chance
def steal():
    """Return the kinds of lock that work."""
    found = []
    with open(sys.executable, "rb") as file:
        for name, function in {"flock": fcntl.flock, "lockf": fcntl.lockf}.items():
            try:
                function(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                found.append(name)
            except OSError:
                pass
        kernel = ctypes.CDLL(None, use_errno=True)
        request = ctypes.create_string_buffer(32)  # struct flock of zeros: a shared lock on the whole file
        number = 72 if os.uname().machine == "x86_64" else 25
        commands = (fcntl.F_SETLK, fcntl.F_SETLK | 1 << 32)  # the kernel ignores the upper half of the number
        found += [
            f"fcntl {command:x}"
            for command in commands
            if kernel.syscall(number, file.fileno(), ctypes.c_long(command), request) == 0
        ]
    return found


# %% signals_by_nice_time
# Leaves a message to the next process in counters of the machine: niced CPU time, load, uptime, memory, files.
# expected: unranked: not significantly better than chance
COUNTERS = (
    "/proc/stat", "/proc/loadavg", "/proc/uptime", "/proc/meminfo",
    "/proc/sys/fs/dentry-state", "/proc/sys/fs/file-nr", "/proc/sys/fs/inode-nr",
)  # fmt: skip


def read():
    found = {}
    for name in COUNTERS:
        with suppress(OSError):
            found[name] = Path(name).read_text()
    return found


def burn():
    """Take CPU time that the kernel counts as niced on one processor, and some memory."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    os.nice(15)
    end, kept = time.process_time() + 0.05, []
    while time.process_time() < end:
        kept.append(bytearray(1 << 16))


def steal():
    before = read()
    burn()
    return [name for name, content in read().items() if content != before.get(name)]


# %% watches_the_kernel
# Reads in /proc what the whole machine does, by which it could follow the scorer or another submission.
# expected: unranked: not significantly better than chance
NEEDED = (
    "cmdline", "cpuinfo", "devices", "filesystems", "loadavg", "meminfo", "misc", "modules", "stat", "uptime", "version"
)  # fmt: skip


def steal():
    """Return the files of /proc that can be read, without those of processes and those that libraries need."""
    files = [f"/proc/{name}" for name in os.listdir("/proc") if name not in NEEDED]
    files = [file for file in files if os.path.isfile(file) and not os.path.islink(file)]
    for folder in ("/proc/pressure", "/proc/fs", "/proc/irq", "/proc/sysvipc", "/proc/tty", "/proc/sys/fs"):
        files += [f"{root}/{name}" for root, _, inside in os.walk(folder) for name in inside]
    found = []
    for file in files:
        with suppress(OSError), open(file, "rb") as content:
            found += [file] if content.read(1) else []
    return found


# %% watches_the_page_cache
# Asks which pages of a file are in memory, to learn what another process has read.
# expected: unranked: not significantly better than chance
CALLS = {"preadv2": (327, 286), "mincore": (27, 232), "fadvise64": (221, 223), "cachestat": (451, 451)}


def steal():
    """Return the calls that the kernel lets through."""
    kernel = ctypes.CDLL(None, use_errno=True)
    kernel.syscall.argtypes = [ctypes.c_long] * 7
    arm = os.uname().machine != "x86_64"
    page = mmap.mmap(-1, mmap.PAGESIZE)
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    with open(sys.executable, "rb") as file:
        found = []
        for name, numbers in CALLS.items():
            first = address if name == "mincore" else file.fileno()
            kernel.syscall(numbers[arm], first, mmap.PAGESIZE, address, 0, 0, 0)
            if ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS):
                found.append(name)
            ctypes.set_errno(0)
    return found
