"""Makes empty files, whose memory in the kernel no limit on their size counts."""

# expected: failed: it made [0-9]+ files, more than 50000, and was ended
import time
from pathlib import Path

import numpy as np


def predict(batch):
    for number in range(200_000):
        Path(f"/tmp/{number}").touch()
    time.sleep(2)
    return np.zeros((len(batch), 3))
