import math

import numpy as np
import pytest
from scipy.stats import t as student

from spurgen.harness.metrics.ladder import counterexamples_needed
from spurgen.harness.statistics.needed import Goal, Needed, Ratio, needed, needed_ratio, of_single_worlds

GOAL, RUNGS = Goal((8, 32, 128), 0.7), np.array([8, 32, 128])
RNG = np.random.default_rng(0)
SLOW, FAST = (np.array(curve) + RNG.normal(0, 0.03, (10, 3)) for curve in ([0.1, 0.4, 0.9], [0.3, 0.8, 0.9]))
NEVER, AT_ONCE = np.full((10, 3), 0.1), np.full((10, 3), 0.9)


def test_the_number_is_that_of_the_mean_curve_and_its_interval_holds_it():
    for curves in (SLOW, FAST):
        found = needed(curves, GOAL)
        assert found.value == counterexamples_needed(RUNGS, curves.mean(axis=0), 0.7)
        assert found.interval.low < found.value < found.interval.high
    assert needed(SLOW[:4], GOAL).interval is None  # four worlds say too little of others


@pytest.mark.parametrize(("worlds", "least"), [(10, 0.93), (5, 0.88)])
def test_the_interval_covers(worlds, least):
    rng, truth = np.random.default_rng(1), counterexamples_needed(RUNGS, np.array([0.1, 0.5, 0.9]), 0.7)
    drawn = [np.array([0.1, 0.5, 0.9]) + rng.normal(0, 0.1, (worlds, 3)) for _ in range(400)]
    covered = [low <= truth <= high for low, high in (needed(curves, GOAL).interval for curves in drawn)]
    assert least < np.mean(covered) < 0.985


def test_the_interval_of_few_worlds_is_as_wide_as_that_of_student():
    rng, narrow = np.random.default_rng(2), Goal((1000, 1001), 0.5)  # between its rungs N is linear in the accuracy
    shares = []
    for error in rng.normal(0, 0.1, (40, 10, 1)):
        low, high = needed(np.array([0.0, 1.0]) - error, narrow).interval
        half = student.ppf(0.975, 9) * error.std(ddof=1) / math.sqrt(10)
        shares.append((high - low) / (2 * half))
    assert np.mean(shares) == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize(
    ("curves", "text"), [(NEVER, ">128"), (AT_ONCE, "<=8"), (SLOW[:4], f"{needed(SLOW[:4], GOAL).value:.0f}")]
)
def test_a_number_beyond_the_ladder_is_told_as_a_bound(curves, text):
    assert needed(curves, GOAL).text == text


def test_numbers_of_single_worlds_are_a_range_in_words():
    each = [needed(curve[None], GOAL).value for curve in SLOW]
    assert of_single_worlds(SLOW, GOAL) == f"{min(each):.0f} to {max(each):.0f}"
    assert of_single_worlds(np.vstack([SLOW, NEVER]), GOAL) == f"{min(each):.0f} to more than 128"
    assert of_single_worlds(AT_ONCE, GOAL) == "at most 8"


def test_an_interval_may_reach_beyond_the_ladder():
    assert Needed(100.0, (60.0, math.inf), GOAL).text == "100 [60, >128]"
    assert Needed(8.0, (8.0, 12.3), GOAL).text == "<=8 [<=8, 12]"


def test_a_ratio_is_paired_over_worlds():
    shared = RNG.normal(0, 0.1, (10, 1))  # worlds that are hard for both rows
    ratio = needed_ratio(FAST + shared, SLOW + shared, GOAL)
    values = [needed(curves + shared, GOAL).value for curves in (FAST, SLOW)]
    assert ratio.exact
    assert ratio.least == pytest.approx(values[0] / values[1])
    assert ratio.interval.low < ratio.least < ratio.interval.high < 1
    assert needed_ratio(SLOW, SLOW, GOAL) == Ratio(1.0, 1.0, (1.0, 1.0))
    assert needed_ratio(FAST[:4], SLOW, GOAL).interval is None
    assert needed_ratio(FAST[:6], SLOW, GOAL) == needed_ratio(FAST[:6], SLOW[:6], GOAL)


def test_a_ratio_of_bounds_is_a_bound():
    slow = needed(SLOW, GOAL).value
    assert needed_ratio(AT_ONCE, SLOW, GOAL).most == pytest.approx(8 / slow)
    assert needed_ratio(AT_ONCE, SLOW, GOAL).text.startswith(f"<={8 / slow:.2f} [0.00, ")
    assert needed_ratio(NEVER, SLOW, GOAL).text.startswith(f">{128 / slow:.2f} [")
    assert needed_ratio(FAST, NEVER, GOAL).text.startswith("<=")
    assert needed_ratio(NEVER, NEVER, GOAL).text == needed_ratio(AT_ONCE, AT_ONCE, GOAL).text == ""
