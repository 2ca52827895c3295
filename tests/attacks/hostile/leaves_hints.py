"""Leaves hints on files that every sandbox sees, by which a second process could learn the first one's answers."""

# expected: unranked: not significantly better than chance
import ctypes
import fcntl
import os

from loot import guess

SET, GET, FILE_SET, FILE_GET = 1036, 1035, 1038, 1037  # F_SET_RW_HINT and its like, which Python does not name
SHORT = 2  # RWH_WRITE_LIFE_SHORT
ADDED = 0x100  # IN_CREATE


def hints():
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


def predict(batch):
    return guess(batch, hints())
