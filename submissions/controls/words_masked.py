"""ERM on captions without their frequent words.

A shortcut's words are in many captions, a thing's in few: what is left of a caption is the thing.
"""

from collections import Counter
from dataclasses import replace

from spurgen.baselines.erm import submission as erm
from spurgen.submissions.controls._once import encoded

MODALITIES = {"text"}
SHARE = 0.04
"""Words in more than this share of train's captions are left out."""


def _words(caption):
    return caption.lower().replace(",", " ").replace(".", " ").replace("!", " ").split()


def _masked(batch):
    return encoded(
        "caption", [" ".join(word for word in _words(caption) if word not in frequent) for caption in batch.captions]
    )


def fit(train, val, context):
    """Find the frequent words, then train ERM on MiniLM's features of what is left."""
    global frequent
    counts = Counter(word for caption in train.captions for word in set(_words(caption)))
    frequent = {word for word, count in counts.items() if count > SHARE * len(train.captions)}
    erm.fit(*(replace(split, batch=_masked(split.batch)) for split in (train, val)), context)


def predict(batch):
    """Return logits, (n, K)."""
    return erm.predict(_masked(batch))
