"""Reads the environment of the process that started the sandbox, and of all others."""

# expected: unranked: not significantly better than chance
import os
from pathlib import Path

from loot import guess


def steal():
    loot = []
    for file in Path("/proc").glob("[0-9]*/environ"):
        if file.parent.name != str(os.getpid()):
            try:
                loot.append(file.read_bytes())
            except OSError:
                continue
    return loot


def predict(batch):
    return guess(batch, steal())
