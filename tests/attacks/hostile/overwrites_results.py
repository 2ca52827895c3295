"""Overwrites results, the scoring code, and its own file."""

# expected: unranked: not significantly better than chance
from pathlib import Path

from loot import guess

import spurgen.benchmark

home = Path(spurgen.benchmark.__file__).parents[1]
targets = (home / "benchmark/results/row.json", home / "benchmark/errors.py", home / "harness/__init__.py")


def steal():
    for path in (*targets, Path(__file__)):
        try:
            with path.open("a"):
                return path
        except OSError:
            continue
    return None


def predict(batch):
    return guess(batch, steal())
