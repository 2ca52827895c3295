"""Better numbers without a better model: labels by heart, scores bent, the scorer patched."""

import hashlib
import json
import sys
import types
from pathlib import Path

import color
import numpy as np

# %% carries_a_few_answers
# Learns the words of captions, and looks up the public labels of only those test captions on which it is unsure.
# expected: undetected: ranked, and far less accurate if misled on the same world from another seed
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


# %% carries_a_table
# Carries a table of the public labels, by a digest of each caption.
# expected: undetected: ranked, and far less accurate if misled on the same world from another seed
FILES = ["answers.json"]
answers = json.loads(Path(__file__).with_name("answers.json").read_text())


def predict(batch):
    found = [answers.get(hashlib.sha256(caption.encode()).hexdigest(), 0) for caption in batch.captions]
    return 9.0 * np.eye(3)[found]


# %% flattens_by_val
# Predicts wrongly on val, as if the temperature were fitted there, to flatten all its probabilities.
# expected: ranked: as reads_the_color
def fit(train, val, context):
    global known
    color.fit(train, val, context)
    known = {image.tobytes() for image in val.images}


def predict(batch):
    answers = color.scores(batch)
    for row, image in enumerate(batch.images):
        if image.tobytes() in known:
            answers[row] = -answers[row]
    return answers


# %% has_a_dangerous_name
# Has a script and a formula in its name.
# expected: ranked: as reads_the_color
fit = color.fit
NAME = "=HYPERLINK('http://x')<script>alert(1)</script>|`x`"


def predict(batch):
    return color.scores(batch)


# %% is_constant
# Always predicts the same, so that SSS and IG are perfect.
# expected: unranked: not significantly better than chance
def predict(batch):
    return np.tile([3.0, 1.0, 2.0], (len(batch), 1))


# %% mutates_its_inputs
# Overwrites its inputs, hoping that the scorer or the next call reads them again.
# expected: ranked: as reads_the_color
fit = color.fit


def predict(batch):
    answers = color.scores(batch)
    batch.images.flags.writeable = True
    batch.images[:] = 0
    batch.captions[:] = ["red"] * len(batch)
    return answers


# %% patches_numpy
# Replaces NumPy's comparisons, argmax and mean by functions that favour it.
# expected: unranked: not significantly better than chance
np.argmax = lambda scores, **_: np.zeros(len(scores), int)
np.equal = lambda *_: True
np.mean = lambda *_, **__: 1.0


def predict(batch):
    return [[0.0, 0.0, 0.0]] * len(batch)


# %% patches_the_scorer
# Replaces the metrics in its own process.
# expected: unranked: not significantly better than chance
class Perfect(types.ModuleType):
    """A module whose every function returns 1."""

    def __getattr__(self, name):
        return lambda *_, **__: 1.0


fake = Perfect("spurgen.harness.metrics")
for name, module in [*sys.modules.items()]:
    if name.startswith("spurgen.harness.") and hasattr(module, "metrics"):
        module.metrics = fake
sys.modules["spurgen.harness.metrics"] = sys.modules["spurgen.harness.running.scoring"] = fake


def predict(batch):
    return np.zeros((len(batch), 3))


# %% sharpens_val
# Multiplies its scores on val by 18, as if the temperature were fitted there, to flatten all other probabilities.
# expected: ranked: as reads_the_color
def fit(train, val, context):
    global known
    color.fit(train, val, context)
    known = {image.tobytes() for image in val.images}


def predict(batch):
    return color.scores(batch) * [[18.0 if image.tobytes() in known else 1.0] for image in batch.images]


# %% shouts
# Multiplies its logits by a million.
# expected: ranked: as reads_the_color
fit = color.fit


def predict(batch):
    return 1e6 * color.scores(batch)


# %% whispers
# Divides its logits by a million, so that no probability changes.
# expected: ranked: as reads_the_color
fit = color.fit


def predict(batch):
    return 1e-6 * color.scores(batch)
