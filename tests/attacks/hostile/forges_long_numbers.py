"""Writes an answer whose shape has numbers of 4,000 digits, which Python does not write, ahead of the harness's own."""

# expected: failed: did not answer: a frame that cannot be read|SystemExit
import os

import numpy as np


def predict(batch):
    header = b'{"ok": true, "arrays": [["answer", "uint8", [%s, %s]]]}' % (b"9" * 4000, b"9" * 4000)
    for end in range(3, 20):
        try:
            os.write(end, len(header).to_bytes(8, "little") + header)
        except OSError:
            continue
    return np.zeros((len(batch), 3))
