"""The classes that a submission predicts for whole families: base samples and all their channel twins."""

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.task import Task

FAMILIES = 200
"""Base samples, from the first on, whose families are stored."""
PREDICTED = "predicted"
"""The sample array of these classes, uint8 (f, c): `families_of` rows, a column for the base and for every twin."""
Classes = NDArray[np.uint8]


def families_of(task: Task) -> int:
    """Return how many families are stored."""
    return min(FAMILIES, task.scenario.splits.twins)


def columns_of(task: Task) -> dict[str, slice]:
    """Return by channel the columns of its twins, a column per value; column 0 is the base sample."""
    columns, start = {}, 1
    for name in task.channels:
        stop = start + task.scenario.channels[name].values
        columns[name], start = slice(start, stop), stop
    return columns
