"""Signals every process that it can reach."""

# expected: unranked: not significantly better than chance
import os
from functools import cache

from loot import guess


@cache
def steal():
    for number in range(2, 40_000):
        try:
            if number != os.getpid():
                os.kill(number, 0)
                return f"process {number}"
        except OSError:
            continue
    return None


def predict(batch):
    return guess(batch, steal())
