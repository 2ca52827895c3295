"""Checkpoints of one model: the one that each selection rule selects by val, run by run, and its figures on test."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.evaluation.figures import Evaluation, class_hits, evaluate
from spurgen.harness.evaluation.predictions import Predictions, group, same_order, stacked
from spurgen.harness.machine.printing import listed
from spurgen.harness.metrics.arrays import Float64, Int64

LAST = "last"
ORACLE = "oracle"
RULES = {"accuracy": "val accuracy", "worst_class": "val worst class", "wga": "val worst group"}
"""The rules that select by val, by the metric that they maximise."""


@dataclass(frozen=True)
class Selected:
    """The name of each run's checkpoint that a rule selects, and the figures on test, which have the rule's name."""

    checkpoints: tuple[str, ...]
    evaluation: Evaluation


def select(
    val: Sequence[Predictions], test: Sequence[Predictions], allow_missing: bool = False, seed: int = 0
) -> list[Selected]:
    """Return what each rule selects among checkpoints, in their order, by their predictions for val and for test.

    Of equally good checkpoints the first is taken. Raises `SpurgenError` unless all have the same samples and runs.
    """
    _check_alike(test[0], val[0])
    tested = [_in_order_of(test[0], other) for other in test]
    scores = [_scores(_in_order_of(val[0], other), allow_missing) for other in val]
    of_test = np.stack([_scores(one, allow_missing)["wga"] for one in tested])
    chosen = {LAST: np.full(len(test[0].runs), len(test) - 1)}
    chosen |= {name: np.stack([each[metric] for each in scores]).argmax(axis=0) for metric, name in RULES.items()}
    chosen[ORACLE] = of_test.argmax(axis=0)
    return [
        Selected(
            tuple(test[k].name for k in places),
            evaluate(replace(_of_each_run(tested, places), name=rule), allow_missing, seed),
        )
        for rule, places in chosen.items()
    ]


def _in_order_of(first: Predictions, other: Predictions) -> Predictions:
    """Return a checkpoint's predictions in the order of the first one's samples."""
    _check_alike(first, other)
    return other.take(same_order(first, other, "checkpoints are compared on the same samples"))


def _check_alike(first: Predictions, other: Predictions) -> None:
    """Raise `SpurgenError` unless both have the same runs and classes."""
    for what in ("runs", "classes"):
        ours, theirs = getattr(first, what), getattr(other, what)
        if ours != theirs:
            raise SpurgenError(
                f"{first.name} has the {what} {listed(ours)}, and {other.name} {listed(theirs)}; every checkpoint "
                f"needs the same {what}, on val and on test"
            )


def _scores(predictions: Predictions, allow_missing: bool) -> dict[str, Float64]:
    """Return the metrics that rules maximise, by run, float64 (R,) each."""
    groups = group(predictions, allow_missing)
    metrics = groups.metrics(groups.accuracies(predictions.predicted == predictions.labels))
    hits, sizes = class_hits(predictions)
    worst_class = (hits[:, sizes > 0] / sizes[sizes > 0]).min(axis=1)
    return {"accuracy": metrics["accuracy"], "worst_class": worst_class, "wga": metrics["wga"]}


def _of_each_run(checkpoints: Sequence[Predictions], places: Int64) -> Predictions:
    """Return the answers of each run's own checkpoint, int64 (R,)."""
    return stacked([checkpoints[place].run(run) for run, place in enumerate(places)], checkpoints[0].runs)
