"""Declares a pickled checkpoint that runs code in every process that loads it; only its own process does."""

# expected: unranked: not significantly better than chance
import pickle
from pathlib import Path

from loot import guess

FILES = ["bomb.pkl"]
loaded = pickle.loads(Path(__file__).with_name("bomb.pkl").read_bytes())


def predict(batch):
    return guess(batch, loaded)
