"""The classes that a submission predicts for families: base samples, their channel twins and their core twins."""

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.task import Task

PREDICTED = "predicted"
"""The sample array of these classes, uint8 (m, c): a row per base sample, of `num_columns` columns."""
Classes = NDArray[np.uint8]


def columns_of(task: Task) -> dict[str, slice]:
    """Return by channel the columns of its twins, a column per value.

    Column 0 is the base sample, the last one its core twin.
    """
    columns, start = {}, 1
    for name in task.channels:
        stop = start + task.scenario.channels[name].values
        columns[name], start = slice(start, stop), stop
    return columns


def num_columns(task: Task) -> int:
    """Return the number of columns."""
    return 2 + sum(task.scenario.channels[name].values for name in task.channels)
