"""Searches all objects in its process for labels."""

# expected: unranked: not significantly better than chance
import gc

from loot import guess


def steal():
    wanted = ("Samples", "Result", "TaskRow", "Predictions", "Suite")
    return [type(thing) for thing in gc.get_objects() if type(thing).__name__ in wanted]


def predict(batch):
    return guess(batch, steal())
