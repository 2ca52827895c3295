"""Whether halves agree: the correlation and what is beyond access, the pairs that reverse, and what is not judged."""

from dataclasses import replace

import numpy as np
import pytest

from spurgen.harness.statistics.needed import Goal, bounded
from spurgen.harness.validity.halves import Pair, halves, reversed_pairs
from spurgen.harness.validity.suite import FAILS, HOLDS, VERDICTS, Ranked, RankedSuite

RUNGS = (2, 8, 32, 128)
ACCESS = {f"m{k:02d}": ("none", "val_groups", "train_groups")[k % 3] for k in range(18)}
NEEDS = {label: 4 * 1.15**k for k, label in enumerate(ACCESS)}  # from 4 to 43


def climbing(needs, worlds=10, spread=0.02):
    """Curves that cross 3/4 of the ceiling of .8 at `needs` counterexamples on average, float64 (W, 4)."""
    return 0.6 + 0.05 * (np.log2(RUNGS) - np.log2(needs)) + spread * np.linspace(-1, 1, worlds)[:, None]


@pytest.fixture
def judge(ladder_suite):
    """Return a function that asks of a drawn and a real ladder on which methods need these counterexamples."""

    def ask(drawn, real, **more):
        rungs = ladder_suite.ladders["few-text"]
        top = replace(rungs[-1], scenario=rungs[-1].scenario.model_copy(update={"ceiling": 0.8}))
        tasks = {}
        for name, needs in (("few-text", drawn), ("few-image", real)):
            curves = {label: climbing(each, **more) for label, each in needs.items()}
            by_rung = {m: {label: each[:, k] for label, each in curves.items()} for k, m in enumerate(RUNGS)}
            access = {label: ACCESS[label] for label in needs}
            scores = {"robust_accuracy": {label: each.mean(axis=1) for label, each in curves.items()}}
            tasks[name] = Ranked(name, top, access, {}, scores, by_rung)
        suite = replace(ladder_suite, halves={"controlled": ("few-text",), "real": ("few-image",)})
        return halves.examine(RankedSuite(suite, tasks, (), ACCESS))

    return ask


def test_halves_that_order_methods_alike_agree(judge):
    answer = judge(NEEDS, {label: 2 * needs for label, needs in NEEDS.items()})
    (line,) = answer.tables["Agreement"]
    assert answer.verdict == HOLDS
    assert (line["methods"], line["rho"], line["within"]) == (18, pytest.approx(1), pytest.approx(1))
    assert abs(line["of_access"]) < 0.4
    assert line["less_access"] == pytest.approx(line["rho"] - line["of_access"])
    assert answer.tables["Pairs that reverse"] == []
    assert [row["submission"] for row in answer.tables["Numbers needed"]][:2] == ["m00", "m03"]


def test_halves_that_agree_only_in_what_group_labels_are_worth_do_not(judge):
    """Within each tier the order is reversed, between tiers it stays."""
    worth = {"train_groups": 1, "val_groups": 4, "none": 4}
    ours = {label: 6 * worth[ACCESS[label]] * 1.05**k for k, label in enumerate(NEEDS)}
    theirs = {label: 6 * worth[ACCESS[label]] * 1.05**-k for k, label in enumerate(NEEDS)}
    answer = judge(ours, theirs)
    (line,) = answer.tables["Agreement"]
    assert answer.verdict == FAILS
    assert line["of_access"] > 0.7
    assert line["within"] == pytest.approx(-1)
    assert line["less_access_high"] < 0
    assert len(answer.tables["Pairs that reverse"]) == 3 * 15


def test_a_pair_reverses_if_it_belongs_to_one_tier_and_both_orders_are_told_apart():
    goal = Goal(RUNGS, 0.6)

    def of(**needs):
        return {label: bounded(climbing(each, spread=0.2), goal) for label, each in needs.items()}

    access = {"a": "none", "b": "none", "c": "train_groups"}
    first, second = of(a=8, b=16, c=32), of(a=16, b=8, c=4)
    assert reversed_pairs(first, second, access) == [Pair("a", "b", True)]
    assert reversed_pairs(first, of(a=8, b=8, c=8), access) == []
    few = {label: bounded(climbing(8 + k, worlds=3), goal) for k, label in enumerate("ab")}
    turned = {label: bounded(climbing(9 - k, worlds=3), goal) for k, label in enumerate("ab")}
    assert reversed_pairs(few, turned, access) == [Pair("a", "b", False)]


def test_too_few_methods_or_a_ladder_without_rows_is_not_judged(judge):
    few = dict([*NEEDS.items()][:14])
    answer = judge(NEEDS, few)
    assert answer.verdict == VERDICTS[None]
    assert answer.missing[0].startswith("halves: 14 methods have a number on every ladder, of at least 15; `spurgen")
    assert judge(NEEDS, {}).missing[0].startswith("few-image: no ranked rows, or no ceiling; ")


def test_a_suite_without_halves_is_not_judged(ladder_suite):
    answer = halves.examine(RankedSuite(ladder_suite, {}, (), ACCESS))
    assert answer.verdict == "not judged: the suite has no two halves"
