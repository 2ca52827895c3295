import numpy as np
import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.evaluation.arrays import from_arrays
from spurgen.harness.evaluation.selection import select

LABELS, PLACES = np.repeat([0, 0, 0, 1], 40), np.repeat([0, 0, 1, 1], 40)  # groups of 80, 40 and 40


def checkpoint(name, *runs, order=slice(None), names=None):
    """Return runs with these errors in the groups (0, 0), (0, 1) and (1, 1)."""
    starts, predicted = (0, 80, 120), np.tile(LABELS, (len(runs), 1))
    for run, wrong in enumerate(runs):
        for start, count in zip(starts, wrong, strict=True):
            predicted[run, start : start + count] = 1 - LABELS[start]
    return from_arrays(
        name, LABELS[order], {"place": PLACES[order]}, predicted=predicted[:, order], classes=[0, 1, 2],
        keys=np.arange(len(LABELS))[order], runs=names or [f"r{run}" for run in range(len(runs))],
    )  # fmt: skip


ON_VAL = {"one": (2, 20, 5), "two": (30, 12, 0), "three": (0, 3, 14), "four": (50, 30, 39)}
"""Errors: `one` has the best accuracy of class 1 but one, `two` the best of class 1, `three` the best of all."""
ON_TEST = {"one": (0, 10, 0), "two": (8, 4, 2), "three": (4, 20, 10), "four": (4, 4, 4)}


def test_each_rule_takes_the_best_checkpoint_by_its_metric_on_val():
    val = [checkpoint(name, errors) for name, errors in ON_VAL.items()]
    test = [checkpoint(name, errors) for name, errors in ON_TEST.items()]
    chosen = {one.evaluation.name: one for one in select(val, test, allow_missing=True)}
    assert {rule: one.checkpoints for rule, one in chosen.items()} == {
        "last": ("four",),
        "val accuracy": ("three",),  # 17 errors
        "val worst class": ("one",),  # .817 and .875; two: .65; three: .65
        "val worst group": ("three",),  # .65; one: .5; two: .625
        "oracle": ("two",),  # .9 and .9 and .95, as four, which comes later
    }
    assert chosen["val worst class"].evaluation.wga == pytest.approx(1 - 10 / 40)
    assert chosen["val worst group"].evaluation.accuracy.value == pytest.approx(1 - 34 / 160)


def test_runs_select_their_own_checkpoints_whatever_the_order_of_samples():
    good, bad, order = (0, 1, 1), (20, 20, 20), np.random.default_rng(0).permutation(160)
    val = [checkpoint("one", good, bad), checkpoint("two", bad, good, order=order)]
    test = [checkpoint("one", (0, 4, 4), bad, order=order), checkpoint("two", bad, (0, 8, 8))]
    *_, by_group, _ = select(val, test, allow_missing=True)
    assert by_group.checkpoints == ("one", "two")
    assert by_group.evaluation.wga == pytest.approx((0.9 + 0.8) / 2)


def test_checkpoints_need_the_same_runs_and_samples():
    one, two, other = (checkpoint("a", (0, 0, 0)), checkpoint("b", (0, 0, 0)), checkpoint("c", (0, 0, 0), names=["s"]))
    with pytest.raises(SpurgenError, match="a has the runs r0, and c s; every checkpoint needs the same runs"):
        select([one, two], [one, other], allow_missing=True)
    short = checkpoint("d", (0, 0, 0), order=slice(1, None))
    with pytest.raises(SpurgenError, match="d lacks 1 of the samples of a, such as 0; checkpoints are comp"):
        select([one, short], [one, two], allow_missing=True)
