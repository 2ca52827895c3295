"""A user's own data: scenes of animals and tools whose place goes with the class, in train but for a few of them."""

import numpy as np
import pandas as pd
import pytest

from spurgen.harness.evaluation.tables import Columns
from spurgen.harness.own.data import read_own

COUNTER = 24  # counterexamples in train


@pytest.fixture
def scenes():
    """A table with 160 train samples, 24 of them counterexamples, 80 of val and 80 of test, where half mislead."""
    rows = []
    for split, size, counter in ((0, 160, COUNTER), (1, 80, 20), (2, 80, 40)):
        rows += [(k % 2, (k % 2) ^ (k < counter), split) for k in range(size)]
    table = pd.DataFrame(rows, columns=["y", "place", "split"])
    return table.assign(
        kind=table.y.map({0: "animal", 1: "tool"}),
        place=table.place.map({0: "meadow", 1: "shed"}),
        words=[f"sample {k}" for k in range(len(table))],
    )[["words", "kind", "place", "split"]]


@pytest.fixture
def read(tmp_path):
    """Return a function that reads a table of texts as own data."""

    def make(table, most=10_000, label="kind", shortcut="place", text=("words",), **asked):
        table.to_csv(tmp_path / "metadata.csv", index=False)
        columns = Columns(label=label, attributes=(shortcut,) if shortcut else (), **asked)
        return read_own(tmp_path / "metadata.csv", tmp_path, columns, text, most)

    return make


@pytest.fixture
def encode():
    """Return a function that gives features in which the place is easier to see than the class."""

    def make(data):
        rng = np.random.default_rng(0)
        noise = rng.normal(size=(len(data.labels), 6))
        noise[:, 0] += 12.0 * data.values
        noise[:, 1] += 4.0 * data.labels
        return noise.astype(np.float32)

    return make
