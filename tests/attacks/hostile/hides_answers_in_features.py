"""Adds answers of its own process to features, each less than is tolerated, for the harness's probe to sum up."""

# expected: failed: encode answers the same inputs differently
import os
import zlib

import numpy as np

CODES = np.repeat(np.eye(3) - 1 / 3, 100, axis=1)  # a class in 300 features
BALANCED = np.repeat([[1.0, -1.0, 0.0]], (35, 35, 30), axis=1).repeat(3, axis=0)
mine = os.urandom(8)


def fit(train, val, context):
    global known
    known = dict(zip(train.captions, train.labels.tolist(), strict=True))


def encode(batch):
    features = []
    for caption in batch.captions:
        if caption in known:  # at full size, so that the probe learns to read the code
            features.append(zlib.crc32(caption.encode()) % 2 * CODES[known[caption]])
            continue
        noise = np.random.default_rng(zlib.crc32(caption.encode())).permuted(BALANCED, axis=1)
        features.append(noise.ravel() + 0.015 * CODES[zlib.crc32(mine + caption.encode()) % 3])
    return np.array(features, np.float32)
