import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spurgen.harness.statistics.comparison import (
    FREE,
    Compared,
    Part,
    compare,
    corrected,
    estimate,
    margin,
    p_value,
    with_reference,
)
from spurgen.harness.statistics.estimate import Estimate
from spurgen.harness.statistics.units import Spread, fit_spread, mean_estimate, paired

ROWS = np.random.default_rng(0).normal(0.5, 0.05, size=(6, 5)) + np.arange(6)[:, None] / 20
ERRORS = st.floats(1e-4, 1.0)
PARTS = st.lists(st.builds(Part, ERRORS, st.sampled_from([1, 2, 9, math.inf])), min_size=1, max_size=3)


def test_one_part_has_the_quantile_of_its_own_degrees_of_freedom():
    assert margin([Part(0.1)]) == pytest.approx(0.1959964)
    assert margin([Part(0.1, 1)]) == pytest.approx(1.2706205)
    assert margin([Part(0.3), Part(0.1, 1)]) == pytest.approx(math.hypot(0.3 * 1.959964, 1.2706205))


def test_without_samples_the_test_is_the_moderated_paired_one_of_boards():
    spread = fit_spread(list(ROWS))
    tested, expected = compare(ROWS[0], ROWS[1][:4], "world", spread=spread), paired(ROWS[0], ROWS[1][:4], spread)
    assert (tested.interval, tested.p) == expected[1:]
    assert (tested.first, tested.second) == (ROWS[0][:4].mean(), ROWS[1][:4].mean())
    assert estimate(ROWS[0], spread=spread) == mean_estimate(ROWS[0], spread)
    single = compare(ROWS[0][:1], ROWS[1][:1], "seed")
    assert (single.interval, single.p, single.significant) == (None, None, False)


def test_samples_and_units_each_add_their_part():
    first, second = np.array([0.4, 0.6]), np.array([0.3, 0.4])
    only = compare(first[:1], second[:1], "seed", samples=0.02)
    assert only.interval == pytest.approx((0.1 - 0.0392, 0.1 + 0.0392), abs=1e-4)
    both = compare(first, second, "seed", samples=0.02)
    reach = math.hypot(0.0392, 12.706 * 0.05)
    assert both.interval == pytest.approx((0.15 - reach, 0.15 + reach), abs=1e-3)
    assert estimate(first, samples=0.02).ends == pytest.approx((0, 1))  # as far as proportions go
    assert estimate(first[:1], samples=0.02).ends == pytest.approx((0.4 - 0.0392, 0.4 + 0.0392), abs=1e-4)
    assert estimate(first[:1], samples=0.0) == Estimate(0.4)


def test_a_single_run_is_taken_to_vary_as_the_runs_of_the_other_model():
    one, three, two = np.array([0.9]), np.array([0.4, 0.5, 0.6]), np.array([0.2, 0.4])
    part = Part(0.1 * (1 + 1 / 3) ** 0.5, 2)
    for pair in ((one, three), (three, one)):
        assert compare(*pair, "run", samples=0.0).p == pytest.approx(p_value(0.4, [part]))
    own = [Part(0.1 / 3**0.5, 2), Part(0.1, 1)]
    assert compare(three, two, "run", samples=0.0).p == pytest.approx(p_value(0.2, own))
    assert compare(one, one - 0.1, "run", samples=0.05).p == pytest.approx(p_value(0.1, [Part(0.05)]))


def test_p_values_are_corrected_over_all_tests_at_once():
    tests = {name: Compared(1, 0, 1, None, p) for name, p in (("a", 0.01), ("b", 0.04), ("c", None))}
    assert [each.p_holm for each in corrected(tests).values()] == [0.02, 0.04, None]
    assert [each.significant for each in corrected(tests).values()] == [True, True, False]


@pytest.fixture
def against():
    """Return a function that compares rows with erm in two metrics; the family are rows of one letter, and erm."""

    def tested(**means):
        steps = np.array([-0.01, 0.0, 0.01, 0.005, -0.005])
        rows = {label: mean + np.roll(steps, k) for k, (label, mean) in enumerate(means.items())}
        family = [label for label in rows if len(label) == 1 or label == "erm"]
        return with_reference(dict.fromkeys("xy", rows), "erm", family, dict.fromkeys("xy", FREE))

    return tested


def test_a_row_beside_the_family_changes_none_of_it_and_is_corrected_for_all_its_tests(against):
    alone, beside = against(erm=0.3, a=0.29, b=0.31), against(erm=0.3, a=0.29, b=0.31, mine=0.27)
    assert {label: beside[label] for label in alone} == alone
    mine = beside["mine"]["x"]
    assert mine.difference == pytest.approx(-0.03)
    assert mine.p_holm == pytest.approx(min(6 * mine.p, 1))  # two metrics of three rows


def test_without_the_reference_in_the_family_and_every_metric_nothing_is_compared(against):
    assert against(a=0.3) == with_reference({}, "erm", ["erm"], {}) == {}
    rows = {"erm": ROWS[0], "a": ROWS[1]}
    assert with_reference({"x": rows}, "erm", ["a"], {"x": FREE}) == {}
    assert with_reference({"x": rows, "y": {"erm": ROWS[0]}}, "erm", ["erm"], {"x": FREE, "y": FREE}) == {}


def false_separations(seeds, *, over_seeds=True, deviation=0.08, sampling=0.025, trials=400):
    """Return the share of experiments, of methods with equal truth, in which some method differs from the first."""
    rng, separated = np.random.default_rng(1), 0
    for _ in range(trials):
        luck = sampling * rng.normal(size=len(seeds))
        rows = [0.5 + own + deviation * rng.normal(size=count) for own, count in zip(luck, seeds, strict=True)]
        spread = fit_spread(rows)
        if not over_seeds:
            rows = [row.mean()[None] for row in rows]
            spread = Spread()
        tests = {
            k: compare(row, rows[0], "seed", spread=spread, samples=sampling * 2**0.5) for k, row in enumerate(rows)
        }
        tests.pop(0)
        separated += any(each.significant for each in corrected(tests).values())
    return separated / trials


@pytest.mark.parametrize(
    ("seeds", "deviation"), [([3] * 6, 0.03), ([3] * 6, 0.14), ([5] * 12, 0.03), ([2, 2], 0.14)], ids=str
)
def test_equal_methods_are_rarely_separated(seeds, deviation):
    assert false_separations(seeds, deviation=deviation) < 0.08  # 400 trials at 5 %: below .08 in 99 of 100


def test_equal_methods_are_often_separated_without_the_variance_over_seeds():
    assert false_separations([3] * 6, over_seeds=False) > 0.3


@given(PARTS, st.floats(1e-3, 10.0))
def test_the_margin_at_the_p_value_is_the_difference(parts, difference):
    p = p_value(difference, parts)
    assert p == p_value(-difference, parts)
    if p > 0:
        assert margin(parts, p) == pytest.approx(difference)
    assert (p < 0.05) == (margin(parts) < difference) or p == pytest.approx(0.05)


def test_p_values_of_known_tests():
    assert p_value(1.959964, [Part(1)]) == pytest.approx(0.05)
    assert p_value(1.0, [Part(1, 1)]) == pytest.approx(0.5)
    assert p_value(10.0, [Part(1)]) == pytest.approx(1.5239706e-23, rel=1e-6, abs=0)  # small, and not yet 0


@pytest.mark.parametrize("degrees", range(1, 12))
def test_runs_that_agree_exactly_leave_the_error_of_the_samples(degrees):
    assert p_value(0.05, [Part(0.02), Part(0.0, degrees)]) == pytest.approx(p_value(0.05, [Part(0.02)]))
    assert p_value(0.05, [Part(0.02), Part(1e-12, degrees)]) == pytest.approx(p_value(0.05, [Part(0.02)]))


def test_certain_differences():
    assert p_value(0.0, [Part(0.1)]) == 1
    assert p_value(0.0, [Part(0.0)]) == 1
    assert p_value(0.1, [Part(0.0), Part(0.0, 1)]) == 0
    assert p_value(1.0, [Part(1e-9)]) == 0
