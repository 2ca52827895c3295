"""Writes a well-formed answer to the pipe, ahead of the harness's own."""

# expected: failed: returned shape|did not answer
import json
import os

import numpy as np


def predict(batch):
    header = json.dumps({"ok": True, "arrays": [["answer", "float64", [len(batch), 3]]]}).encode()
    frame = len(header).to_bytes(8, "little") + header + np.eye(3)[np.arange(len(batch)) % 3].tobytes()
    for end in range(3, 20):
        try:
            os.write(end, frame)
        except OSError:
            continue
    return np.zeros((len(batch), 3))
