"""Results as pandas tables, a line per result; training curves of several seeds as arrays, by name."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from spurgen.benchmark.result import Result
from spurgen.harness.machine.frames import typed
from spurgen.harness.metrics.arrays import Float64

if TYPE_CHECKING:
    from pandas import DataFrame

TEXTS = ("suite", "task", "submission", "spec", "access", "isolation", "verification", "error", "device", "finished")
FLAGS = ("uncorrelated", "matched")


def results_frame(results: Sequence[Result]) -> "DataFrame":
    """Return a line per result, in the given order."""
    lines = [result_line(result) for result in results]
    return typed(lines, texts=TEXTS, whole=("seed", "draw", "peak_memory_bytes"), flags=FLAGS)


def result_line(result: Result) -> dict[str, Any]:
    """Return a result as a line, by the column's name."""
    return dict(_entries(result))


def _entries(result: Result) -> Iterator[tuple[str, Any]]:
    for name in ("suite", "task", "submission", "spec", "access", "seed", "isolation", "verification"):
        yield name, getattr(result, name)
    yield from (("uncorrelated", result.uncorrelated), ("matched", result.matched), ("draw", result.draw))
    yield "error", result.error
    yield from result.metrics.items()
    for channel, metrics in result.channels.items():
        yield from ((f"{metric}/{channel}", value) for metric, value in metrics.items())
    provenance = result.provenance
    yield "seconds", provenance.total_seconds
    yield "peak_memory_bytes", provenance.peak_memory_bytes
    yield "device", provenance.environment.device
    yield "finished", provenance.finished


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
