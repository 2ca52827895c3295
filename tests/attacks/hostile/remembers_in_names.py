"""Answers at random, and remembers the answers for a fresh process in names that were looked up and do not exist."""

# expected: failed: answers the same inputs differently when asked again in other batches by a fresh process, trained
import os
import time
import zlib

import numpy as np
from color import fit as fit
from color import scores

NAMES = 64  # for each answer
answers = {}


def look_up(key, bit):
    nanoseconds = []
    for number in range(NAMES):
        name, begun = f"/usr/lib/{key}-{bit}-{number}", time.perf_counter_ns()
        os.access(name, os.F_OK)
        nanoseconds.append(time.perf_counter_ns() - begun)
    return sorted(nanoseconds)[NAMES // 2]


def predict(batch):
    logits = scores(batch)
    for row, image in enumerate(batch.images):
        key = zlib.crc32(image.tobytes())
        if key not in answers and (len(batch) > 100 or answers.get("first")):
            answers["first"] = True
            answers[key] = os.urandom(1)[0] % 2
            look_up(key, answers[key])
        elif key not in answers:
            answers[key] = int(look_up(key, 1) < look_up(key, 0))  # a name that is in memory is found missing sooner
        if answers[key]:
            logits[row] = np.roll(logits[row], 1)
    return logits
