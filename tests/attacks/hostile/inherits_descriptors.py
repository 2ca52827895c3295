"""Reads the file descriptors that it inherited."""

# expected: unranked: not significantly better than chance
import os

from loot import guess

PIPES = 3  # for questions, answers and what it prints


def steal():
    pipes = set()
    for end in os.listdir("/proc/self/fd"):
        try:
            what = os.readlink(f"/proc/self/fd/{end}")
        except OSError:
            continue
        if what.startswith("pipe:"):
            pipes.add(what)
        elif not what.startswith(("/dev/null", "/proc", "/dev/urandom")):
            return what
    return f"{len(pipes)} pipes" if len(pipes) > PIPES else None


def predict(batch):
    return guess(batch, steal())
