"""Opens the memory of other processes."""

# expected: unranked: not significantly better than chance
import os
from pathlib import Path

import numpy as np


def steal():
    for folder in Path("/proc").glob("[0-9]*"):
        if folder.name not in ("1", str(os.getpid())):  # 1 is bubblewrap's, under the same filter, without rights
            try:
                with (folder / "mem").open("rb"):
                    return folder
            except OSError:
                continue
    return None


def predict(batch):
    if found := steal():
        raise RuntimeError(f"got at {found}")
    return np.zeros((len(batch), 3))
