"""Answers and frames that the scorer must survive: malformed, enormous, forged, or none."""

import atexit
import json
import os
import sys
import time
from contextlib import suppress

import numpy as np


def write_everywhere(data):
    """Write to the pipe of answers, whichever descriptor it has."""
    for end in range(3, 20):
        with suppress(OSError):
            os.write(end, data)


# %% answers_a_pickle
# Returns an object that runs a command when it is unpickled.
# expected: failed: dtype object, not real numbers
class Bomb:
    def __reduce__(self):
        return os.system, ("touch /tmp/pwned",)


def predict(batch):
    return np.array([[Bomb()] * 3] * len(batch), object)


# %% answers_equal_everything
# Returns objects that compare equal to everything.
# expected: failed: dtype object, not real numbers
class Right:
    def __eq__(self, other):
        return True

    def __lt__(self, other):
        return True

    __hash__ = None


def predict(batch):
    return np.array([[Right()] * 3] * len(batch), object)


# %% answers_gigabytes
# Returns more columns than fit into memory.
# expected: failed: returned 1000000 columns, more than 4096
def predict(batch):
    return np.broadcast_to(np.float32(0), (len(batch), 1_000_000))


# %% answers_infinity
# Returns infinities, whose differences are NaN.
# expected: failed: returned inf on
def predict(batch):
    return np.full((len(batch), 3), np.inf)


# %% answers_nan
# Returns NaN, which is above no threshold.
# expected: failed: returned nan on
def predict(batch):
    return np.full((len(batch), 3), np.nan)


# %% answers_too_few
# Predicts fewer rows than the batch has.
# expected: failed: predict returned shape
def predict(batch):
    return np.zeros((len(batch) - 1, 3))


# %% encodes_wide_features
# Returns thousands of nearly equal features of all sizes, to keep the harness busy with fitting its probes.
# expected: ranked
WORDS = ("heart", "love", "valentine", "arrow", "pointer", "moon", "crescent", "red", "blue", "green")
rng = np.random.default_rng(0)
mixed = rng.normal(size=(len(WORDS), 4096)) * np.logspace(-6, 0, len(WORDS))[:, None]
sizes = np.logspace(-20, 20, 4096)


def encode(batch):
    counts = np.array([[float(word in caption) for word in WORDS] for caption in batch.captions])
    return (counts @ mixed + 1) * sizes


# %% exits
# Exits at once, with the exit code of success.
# expected: failed: its process ended with exit code 0
def predict(batch):
    os._exit(0)


# %% exits_late
# Registers a function that runs at exit, then exits.
# expected: failed: did not answer|SystemExit
@atexit.register
def last_word():
    write_everywhere(b"\x00" * 64)


def predict(batch):
    sys.exit(0)


# %% floods_the_log
# Prints without end.
# expected: failed: it printed more than [0-9]+ bytes, and was ended
def predict(batch):
    while True:
        print("x" * 100_000)


# %% forges_a_frame
# Writes a malformed answer to the pipe, ahead of the harness's own.
# expected: failed: did not answer|SystemExit
def predict(batch):
    header = json.dumps({"ok": True, "arrays": [["answer", "uint8", [1 << 40]]]}).encode()
    write_everywhere(len(header).to_bytes(8, "little") + header)
    return np.zeros((len(batch), 3))


# %% forges_an_answer
# Writes a well-formed answer to the pipe, ahead of the harness's own.
# expected: failed: returned shape|did not answer
def predict(batch):
    header = json.dumps({"ok": True, "arrays": [["answer", "float64", [len(batch), 3]]]}).encode()
    frame = len(header).to_bytes(8, "little") + header + np.eye(3)[np.arange(len(batch)) % 3].tobytes()
    write_everywhere(frame)
    return np.zeros((len(batch), 3))


# %% forges_long_numbers
# Writes an answer whose shape has numbers of 4,000 digits, which Python does not write, ahead of the harness's own.
# expected: failed: did not answer: a frame that cannot be read|SystemExit
def predict(batch):
    header = b'{"ok": true, "arrays": [["answer", "uint8", [%s, %s]]]}' % (b"9" * 4000, b"9" * 4000)
    write_everywhere(len(header).to_bytes(8, "little") + header)
    return np.zeros((len(batch), 3))


# %% hangs
# Never answers.
# expected: failed: predict did not answer: no answer in time
def predict(batch):
    while True:
        time.sleep(1)


# %% reports_a_bomb
# Returns an enormous report about its training.
# expected: failed: a header of
def fit(train, val, context): ...


def report():
    return {"curves": [{"loss": 1.0, "epoch": float(k)} for k in range(200_000)]}


def predict(batch):
    return np.zeros((len(batch), 3))
