"""Fills the buffers of socket pairs and pipes, which are the kernel's memory."""

# expected: unranked: not significantly better than chance
import contextlib
import fcntl
import os
import socket

from loot import guess


def fill():
    found = []
    with contextlib.suppress(OSError):
        found.append(socket.socketpair())
    reading, writing = os.pipe()
    try:
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 1 << 20)
        found.append((reading, writing))
    except OSError:
        os.close(reading)
        os.close(writing)
    return found


def predict(batch):
    return guess(batch, fill())
