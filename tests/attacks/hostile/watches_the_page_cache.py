"""Asks which pages of a file are in memory, to learn what another process has read."""

# expected: unranked: not significantly better than chance
import ctypes
import errno
import mmap
import os
import sys

from loot import guess

CALLS = {"preadv2": (327, 286), "mincore": (27, 232), "fadvise64": (221, 223), "cachestat": (451, 451)}


def look():
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


def predict(batch):
    return guess(batch, look())
