"""Returns thousands of nearly equal features of all sizes, to keep the harness busy with fitting its probes."""

# expected: ranked
import numpy as np

WORDS = ("heart", "love", "valentine", "arrow", "pointer", "moon", "crescent", "red", "blue", "green")
rng = np.random.default_rng(0)
mixed = rng.normal(size=(len(WORDS), 4096)) * np.logspace(-6, 0, len(WORDS))[:, None]
sizes = np.logspace(-20, 20, 4096)


def encode(batch):
    counts = np.array([[float(word in caption) for word in WORDS] for caption in batch.captions])
    return (counts @ mixed + 1) * sizes
