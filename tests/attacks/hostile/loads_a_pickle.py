"""Brings a checkpoint that is a pickle, which runs a command where it is loaded."""

# expected: unranked: not significantly better than chance
import pickle
from pathlib import Path

from loot import guess

FILES = ["bomb.pkl"]
status = pickle.loads(Path(__file__).with_name("bomb.pkl").read_bytes())


def predict(batch):
    return guess(batch, status == 0)  # the command's exit code
