"""Writes a malformed answer to the pipe, ahead of the harness's own."""

# expected: failed: did not answer|SystemExit
import json
import os

import numpy as np


def predict(batch):
    header = json.dumps({"ok": True, "arrays": [["answer", "uint8", [1 << 40]]]}).encode()
    for end in range(3, 20):
        try:
            os.write(end, len(header).to_bytes(8, "little") + header)
        except OSError:
            continue
    return np.zeros((len(batch), 3))
