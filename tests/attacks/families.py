"""Learn from the questions which words the channels set; copied beside every submission, since two import it."""

from collections import Counter, defaultdict

import numpy as np

ENOUGH = 4  # captions of a family, and families, before anything is learnt from them
families = defaultdict(set)
masked = set()


def fit(train, val, context):
    """Count how often each class occurs with each word."""
    del val
    global counts
    counts = defaultdict(lambda: np.full(context.num_classes, 0.1))
    for caption, label in zip(train.captions, train.labels, strict=True):
        for word in set(caption.split()):
            counts[word][label] += 1


def learn(captions):
    """Group captions that end alike, and mask every word that varies within most groups: that is a channel's."""
    for caption in captions:
        start, found, end = caption.partition(" by the ")
        if found:
            families[end].add(start)
    varying = Counter()
    groups = [group for group in families.values() if len(group) >= ENOUGH]
    for group in groups:
        words = [set(start.split()) for start in group]
        varying.update(set.union(*words) - set.intersection(*words))
    if len(groups) >= ENOUGH:
        masked.update(word for word, times in varying.items() if times > 0.6 * len(groups))


def scores(batch):
    """Return how often each class occurred with the word of a caption that tells most and is not masked, (n, 3)."""
    learn(batch.captions)
    known = {word: count for word, count in counts.items() if word not in masked}
    tells = {word: (count**2).sum() / count.sum() - count.mean() for word, count in known.items()}
    best = [max((word for word in caption.split() if word in known), key=tells.get) for caption in batch.captions]
    return np.log(np.stack([counts[word] / counts[word].sum() for word in best]))
