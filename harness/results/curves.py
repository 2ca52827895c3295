"""Training curves as arrays: what several seeds of a submission report, by name."""

from collections.abc import Mapping, Sequence

import numpy as np

from spurgen.benchmark.result import Result
from spurgen.harness.metrics.arrays import Float64

NOT_PENALTIES = {"stage", "epoch", "loss", "risk", "val_accuracy", "val_wga", "val_robust"}
"""Entries of curves that every method may have; all others are penalties or terms of the method's own."""
Curves = Mapping[str, Float64]


def stacked_curves(results: Sequence[Result]) -> dict[str, Float64]:
    """Stack the curves of results by name, float64 (seeds, epochs), NaN where a stage has no such entry.

    Stages follow one another. If the entries have no `epoch`, they are numbered. Text is left out. Curves end where the
    shortest seed ends; there are none if a seed has none.
    """
    each = [result.report.curves if result.report else () for result in results]
    length = min(map(len, each), default=0)
    if not length:
        return {}
    names = dict.fromkeys(name for entry in each[0][:length] for name in entry if not isinstance(entry[name], str))
    numbered = {"epoch": np.tile(np.arange(1.0, length + 1), (len(each), 1))}
    return numbered | {
        name: np.array([[_number(entry.get(name)) for entry in curve[:length]] for curve in each]) for name in names
    }


def _number(value: float | str | None) -> float:
    return np.nan if value is None or isinstance(value, str) else float(value)
