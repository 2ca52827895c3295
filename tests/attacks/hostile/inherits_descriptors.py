"""Reads the file descriptors that it inherited."""

# expected: unranked: not significantly better than chance
import os

from loot import guess


def steal():
    for end in os.listdir("/proc/self/fd"):
        try:
            what = os.readlink(f"/proc/self/fd/{end}")
        except OSError:
            continue
        if not what.startswith(("pipe:", "/dev/null", "/proc", "/dev/urandom")):
            return what
    return None


def predict(batch):
    return guess(batch, steal())
