"""Fills the buffers of socket pairs and pipes, which are the kernel's memory: at most 64 MiB must fit."""

# expected: unranked: not significantly better than chance
import fcntl
import os
import socket
from contextlib import suppress

from loot import guess


def fill(write):
    """Write into a buffer until it is full; return how much fits."""
    held = 0
    with suppress(OSError):
        while True:
            held += write(bytes(1 << 16))
    return held


def hold():
    """Return the bytes that the kernel keeps in all the buffers that can be made."""
    held, kept = 0, []
    with suppress(OSError):
        while True:
            pair = socket.socketpair()
            kept.append(pair)
            for end in pair:
                with suppress(OSError):
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 24)
                end.setblocking(False)
                held += fill(end.send)
    for pair in kept:
        for end in pair:
            end.close()
    with suppress(OSError):
        while True:
            reading, writing = os.pipe()
            kept.append((reading, writing))
            with suppress(OSError):
                fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 1 << 20)
            os.set_blocking(writing, False)
            held += fill(lambda data, end=writing: os.write(end, data))
    for ends in kept:
        for end in ends:
            if isinstance(end, int):
                os.close(end)
    return held


def predict(batch):
    held = hold() >> 20
    return guess(batch, [f"{held} MiB"] if held > 64 else [])
