"""Answers that depend on chance, other rows or earlier calls: seen when asked again by a fresh process."""

import mmap
import os
import resource
import sysconfig
import time
import zlib
from pathlib import Path

import color
import families
import numpy as np


# %% counts_on_order
# Predicts from a row's place in the batch, assuming that classes take turns.
# expected: failed: answers the same inputs differently when asked again
def predict(batch):
    return np.eye(3)[np.arange(len(batch)) % 3]


# %% draws_at_random
# Predicts at random, hoping for a high minimum by luck.
# expected: failed: answers the same inputs differently when asked again
def predict(batch):
    return np.random.default_rng().normal(size=(len(batch), 3))


# %% hides_answers_in_features
# Adds answers of its own process to features, each less than is tolerated, for the harness's probe to sum up.
# expected: failed: encode answers the same inputs differently
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


# %% learns_from_questions
# Learns from the questions what the channels are: captions that end alike differ in the channels' words.
# expected: failed: answers the same inputs differently when asked again in other batches by a fresh process, trained
fit, predict = families.fit, families.scores


# %% looks_at_the_batch
# Centres its scores over the batch, so that predictions depend on other rows.
# expected: failed: answers the same inputs differently when asked again
fit = color.fit


def predict(batch):
    logits = color.scores(batch)
    return logits - logits.mean(0)


# %% remembers_answers
# Repeats its prediction for inputs like earlier ones: a twin like its base, for perfect invariance.
# expected: failed: answers the same inputs differently when asked again in other batches by a fresh process
seen = []
answers = []


def predict(batch):
    scores = []
    for image in batch.images:
        small = image[::4, ::4].astype(float).ravel()
        if seen:
            distances = ((np.stack(seen) - small) ** 2).sum(1)
            if distances.min() < 1e5:
                scores.append(answers[distances.argmin()])
                continue
        seen.append(small)
        answers.append(np.eye(3)[len(seen) % 3])
        scores.append(answers[-1])
    return np.stack(scores)


# %% remembers_despite_training
# Pretends to train, to avoid the check in a fresh process, and repeats predictions for inputs seen before.
# expected: failed: answers the same inputs differently when asked again in other batches by a fresh process, trained
seen = {}


def fit(train, val, context): ...


def predict(batch):
    return np.stack([seen.setdefault(image.tobytes(), np.eye(3)[len(seen) % 3]) for image in batch.images])


# %% remembers_in_names
# Answers at random, and remembers the answers for a fresh process in names that were looked up and do not exist.
# expected: failed: answers the same inputs differently when asked again in other batches by a fresh process, trained
fit = color.fit
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
    logits = color.scores(batch)
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


# %% remembers_in_the_page_cache
# Answers at random, and remembers the answers for a fresh process in which pages of library files are in memory.
# expected: failed: answers the same inputs differently when asked again in other batches by a fresh process, trained
fit = color.fit
PAGE, LARGE = 4096, 1 << 21
answers, pages = {}, []


def list_pages():
    for file in sorted(Path(sysconfig.get_path("purelib")).rglob("*")):
        if file.is_file() and file.stat().st_size > LARGE:
            with file.open("rb") as opened:
                memory = mmap.mmap(opened.fileno(), 0, prot=mmap.PROT_READ)
            memory.madvise(mmap.MADV_RANDOM)
            pages.extend((memory, start) for start in range(0, len(memory), PAGE))


def was_in_memory(place):
    memory, start = pages[place]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_majflt
    memory[start]
    return resource.getrusage(resource.RUSAGE_SELF).ru_majflt == before


def predict(batch):
    if not pages:
        list_pages()
    logits = color.scores(batch)
    for row, image in enumerate(batch.images):
        place = zlib.crc32(image.tobytes()) % (len(pages) // 2)
        if place not in answers and (len(batch) > 100 or answers.get("first")):
            answers["first"] = True
            answers[place] = os.urandom(1)[0] % 2
            if answers[place]:
                was_in_memory(2 * place)
        elif place not in answers:
            answers[place] = was_in_memory(2 * place)
        if answers[place]:
            logits[row] = np.roll(logits[row], 1)
    return logits


# %% sleeps_while_training
# Sleeps in `fit`, so that its training seems too long to repeat, and repeats predictions of inputs seen before.
# expected: failed: answers the same inputs differently when asked again in other batches by a fresh process, trained
seen = {}


def fit(train, val, context):
    time.sleep(1.2)


def predict(batch):
    return np.stack([seen.setdefault(image.tobytes(), np.eye(3)[len(seen) % 3]) for image in batch.images])


# %% trains_long_and_learns_from_questions
# Repeats its answers, and burns time in `fit`, so that no second training shows what it learns from the questions.
# expected: unranked: its answers were never confirmed by a freshly trained process \(asked_again: same\)
def fit(train, val, context):
    families.fit(train, val, context)
    end = time.process_time() + 1.2
    while time.process_time() < end:
        pass


given = {}


def predict(batch):
    for caption, scores in zip(batch.captions, families.scores(batch), strict=True):
        given.setdefault(caption, scores)
    return np.stack([given[caption] for caption in batch.captions])


# %% warms_up
# Predicts differently in its first calls, hoping that only those are checked.
# expected: failed: answers the same inputs differently when asked again
asked = 0


def predict(batch):
    global asked
    asked += len(batch)
    return np.stack([batch.images.mean((1, 2, 3)), *[np.full(len(batch), float(asked))] * 2], axis=1)
