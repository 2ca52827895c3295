"""Locks parts of a file that every sandbox sees, by which a second process could learn the first one's answers."""

# expected: unranked: not significantly better than chance
import ctypes
import fcntl
import os
import sys

from loot import guess


def lock():
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


def predict(batch):
    return guess(batch, lock())
