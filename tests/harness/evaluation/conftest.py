"""Tables of predictions as users have them: a copy of Waterbirds' metadata, and answers of several runs."""

import numpy as np
import pandas as pd
import pytest

from spurgen.harness.evaluation.reading import read_predictions
from spurgen.harness.evaluation.tables import Columns
from spurgen.harness.statistics import samples


@pytest.fixture
def birds():
    """Metadata in the layout of Waterbirds: in train place goes with the class, in test each group has 50 samples."""
    test = [(y, place) for y in (0, 1) for place in (0, 1) for _ in range(50)]
    train = [(y, y if k % 10 else 1 - y) for y in (0, 1) for k in range(40)]
    rows = [(*row, 0) for row in train] + [(*row, 2) for row in test]
    table = pd.DataFrame(rows, columns=["y", "place", "split"])
    table.insert(0, "img_filename", [f"{k:04d}.jpg" for k in range(len(table))])
    return table


@pytest.fixture
def answers(birds):
    """Return a function that makes the table of a run that errs on the first samples of each group of test.

    `wrong` maps (y, place) to the number of errors.
    """

    def make(wrong):
        test = birds[birds.split == 2]
        place_in_group = test.groupby(["y", "place"]).cumcount()
        errs = [
            k < wrong.get(group, 0)
            for k, group in zip(place_in_group, zip(test.y, test.place, strict=True), strict=True)
        ]
        return pd.DataFrame({"img_filename": test.img_filename, "prediction": np.where(errs, 1 - test.y, test.y)})

    return make


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a table and returns its path."""

    def save(table, name="model.csv"):
        path = tmp_path / name
        if name.endswith(".parquet"):
            table.to_parquet(path)
        else:
            table.to_csv(path, index=False)
        return path

    return save


@pytest.fixture
def model(birds, answers, write):
    """Return a function that reads runs with these errors by (y, place)."""

    def read(*runs, name="model.csv"):
        table = pd.concat([answers(wrong).assign(run=k) for k, wrong in enumerate(runs)])
        return read_predictions(write(table, name), Columns(), metadata=write(birds, "metadata.csv"))

    return read


@pytest.fixture
def read(write):
    """Return a function that writes a table of predictions, and one of metadata if there is one, and reads both."""

    def read_written(table, asked=Columns(), metadata=None, **options):  # noqa: B008
        about = None if metadata is None else write(metadata, "metadata.csv")
        return read_predictions(write(table), asked, metadata=about, **options)

    return read_written


@pytest.fixture
def few_replicates(monkeypatch):
    """Simulations resample each table 500 times, not 2,000: the spread is still known within 3 %."""
    monkeypatch.setattr(samples, "REPLICATES", 500)
