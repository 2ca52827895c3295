"""Opens the memory of other processes."""

# expected: unranked: not significantly better than chance
import os
from pathlib import Path

from loot import guess


def steal():
    for folder in Path("/proc").glob("[0-9]*"):
        if folder.name != str(os.getpid()):
            try:
                with (folder / "mem").open("rb"):
                    return folder
            except OSError:
                continue
    return None


def predict(batch):
    return guess(batch, steal())
