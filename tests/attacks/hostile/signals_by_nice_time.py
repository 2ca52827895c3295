"""Leaves a message to the next process in counters of the machine: niced CPU time, load, uptime, memory, files."""

# expected: unranked: not significantly better than chance
import os
import time
from contextlib import suppress
from pathlib import Path

from loot import guess

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


def predict(batch):
    before = read()
    burn()
    return guess(batch, [name for name, content in read().items() if content != before.get(name)])
