"""Reads in /proc what the whole machine does, by which it could follow the scorer or another submission."""

# expected: unranked: not significantly better than chance
import os
from contextlib import suppress

from loot import guess

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


def predict(batch):
    return guess(batch, steal())
