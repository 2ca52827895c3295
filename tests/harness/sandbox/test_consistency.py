"""The consistency check's tolerances: every number here is written out, so that no tolerance changes unnoticed."""

from math import inf

import numpy as np
import pytest
from scipy.special import logit

from spurgen.harness.sandbox.rechecks import largest_change

RNG = np.random.default_rng(0)
LOGITS = RNG.normal(size=(500, 4))
ROUNDED = LOGITS + 0.01 * RNG.normal(size=LOGITS.shape)


def two_classes(*leads):
    """Return logits (n, 2) in which the first class leads by these amounts."""
    return np.array([[lead, 0.0] for lead in leads])


@pytest.mark.parametrize("change", [0.01, 0.05, 0.2])
def test_a_probability_may_change_by_five_hundredths(change):
    before = two_classes(1, 1, 1)
    after = two_classes(1, 1, logit(1 / (1 + np.exp(-1)) + change))
    assert largest_change("predict", before, after) == pytest.approx(change / 0.05)


@pytest.mark.parametrize("flipped", [1, 2, 5])
def test_the_most_probable_class_may_change_in_one_row_of_a_hundred(flipped):
    ties, others = np.full(flipped, 1e-9), np.ones(200 - flipped)
    before, after = two_classes(*ties, *others), two_classes(*-ties, *others)
    assert largest_change("predict", before, after) == pytest.approx(flipped / 200 / 0.01)


@pytest.mark.parametrize("factor", [1e-6, 1e6])
def test_a_factor_on_logits_and_temperature_changes_nothing(factor):
    expected = largest_change("predict", LOGITS, ROUNDED)
    assert expected > 0.05
    assert largest_change("predict", factor * LOGITS, factor * ROUNDED, factor) == pytest.approx(expected)


def test_a_high_temperature_does_not_hide_that_uninformative_logits_are_drawn_anew():
    before, after = (np.outer(np.ones(500), [2.0, 1.0, 0.0]) * slope for slope in (1, 3))  # the same class is best
    assert largest_change("predict", before, after, 1000.0) > 3
    assert largest_change("predict", LOGITS, ROUNDED, 1000.0) < 0.5


@pytest.mark.parametrize("outlier", [1e3, 1e6, 1e8])
def test_a_few_absurd_leads_do_not_hide_that_all_others_are_drawn_anew(outlier):
    before, after = LOGITS.copy(), 3 * LOGITS  # no row's best class changes
    before[:5, 0] = after[:5, 0] = outlier
    assert largest_change("predict", before, after, outlier) > 3


def test_a_constant_per_row_changes_nothing():
    assert largest_change("predict", LOGITS, LOGITS + 7 * np.arange(500)[:, None]) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("temperature", [0.5, 1, 2])
@pytest.mark.parametrize("others", [0, 9], ids=["other rows tied", "other rows clear"])
def test_logits_are_compared_at_the_given_temperature_whatever_the_other_rows(temperature, others):
    before, after = two_classes(2, others), two_classes(2 + 0.01 * temperature, others)
    change = 1 / (1 + np.exp(-2 / temperature - 0.01)) - 1 / (1 + np.exp(-2 / temperature))
    assert largest_change("predict", before, after, temperature) == pytest.approx(change / 0.05)


def test_probabilities_are_compared_as_their_logarithms():
    before, after = (np.exp(x) / np.exp(x).sum(1, keepdims=True) for x in (LOGITS, ROUNDED))
    expected = largest_change("predict", LOGITS, ROUNDED)
    assert largest_change("predict_proba", before, after) == pytest.approx(expected)


def test_probabilities_of_0_count_as_those_of_a_millionth_of_a_millionth():
    before = np.array([[1.0, 0.0]] * 3)
    change = 1 / (1 + np.exp(-1)) - 1 / (1 + np.exp(-0.5))  # half of the lead is gone
    after = np.array([[1.0, 1e-6], [1.0, 1e-13], [1.0, 0.0]])
    assert largest_change("predict_proba", before, after, -np.log(1e-12)) == pytest.approx(change / 0.05)


# A feature whose median is 10 and whose rows mostly lie 4 away from it, with one outlier 1000 away.
FEATURE = np.array([6.0, 6.0, 10.0, 14.0, 14.0, 14.0, 6.0, 10.0, 1010.0])


@pytest.mark.parametrize("offset", [0.0, 1e6])
@pytest.mark.parametrize(
    ("row", "allowed"), [(2, 0.05 * 4), (0, 0.05 * 4 + 0.02 * 4), (8, 0.05 * 4 + 0.02 * 1000)],
    ids=["median", "typical", "outlier"],
)  # fmt: skip
@pytest.mark.parametrize("change", [-3.0, 0.1])
def test_a_feature_may_change_by_a_share_of_its_spread_and_of_its_distance(row, allowed, change, offset):
    before = FEATURE[:, None] + offset
    after = before.copy()
    after[row] += change
    assert largest_change("encode", before, after) == pytest.approx(abs(change) / allowed, rel=1e-6)


@pytest.mark.parametrize(
    ("values", "allowed"),
    [
        ([0.0] * 6 + [2.0] * 2 + [8.0] * 2, 0.05 * 2),  # the quantile .75 of the distances
        ([0.0] * 17 + [8.0, 8.0, 80.0], 0.05 * 8),  # .9
        ([0.0] * 29 + [8.0], 0.05 * 8),  # the largest
        ([-3.0] * 9, 0.05 * 3),  # constant: its own size
        ([0.0] * 9, 0.05),  # constant and 0: 1
    ],
)
def test_the_spread_of_a_feature_that_is_mostly_constant(values, allowed):
    before = np.array(values)[:, None]
    after = before.copy()
    after[0] += 0.01
    assert largest_change("encode", before, after) == pytest.approx(0.01 / allowed)


def test_features_are_compared_one_by_one_and_the_largest_change_counts():
    before = np.stack([FEATURE, 1e9 * FEATURE], axis=1)
    after = before + np.array([[0.1, 0.1]])
    assert largest_change("encode", before, after) == pytest.approx(0.1 / (0.05 * 4))


@pytest.mark.parametrize("what", ["predict", "predict_proba", "encode"])
def test_other_shapes_are_infinitely_far_apart_and_equal_answers_not_at_all(what):
    values = np.abs(LOGITS)
    assert largest_change(what, values, values[:, :3]) == inf
    assert largest_change(what, values, values) == 0
    assert largest_change(what, values[:, :1], values[:, :1]) == 0


def test_rounding_in_a_feature_that_is_almost_constant_is_allowed_and_a_change_of_the_usual_size_is_not():
    rng = np.random.default_rng(0)
    before = rng.normal(size=(200, 40))
    before[:, 7] *= 1e-5
    rounded, changed = before.copy(), before.copy()
    rounded[:, 7] += 4e-6 * rng.choice([-1, 1], 200)
    changed[:, 7] += 1e-2
    assert largest_change("encode", before, rounded) <= 1
    assert largest_change("encode", before, changed) > 1
