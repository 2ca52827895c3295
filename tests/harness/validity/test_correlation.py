import numpy as np
import pytest
from scipy.stats import spearmanr

from spurgen.harness.validity._correlation import REPLICATES, correlate, spearman


def draw_pairs(random, count, strength):
    """Draw normal pairs of that correlation."""
    first = random.normal(size=count)
    return first, strength * first + np.sqrt(1 - strength**2) * random.normal(size=count)


def test_rho_equals_scipys_with_ties():
    random = np.random.default_rng(0)
    first, second = random.integers(6, size=(2, 40, 12)).astype(float)
    expected = [spearmanr(a, b).statistic for a, b in zip(first, second, strict=True)]
    assert spearman(first, second) == pytest.approx(np.array(expected))


def test_a_list_of_ties_has_no_rho():
    assert np.isnan(spearman(np.ones(5), np.arange(5.0)))
    assert correlate(np.ones(5), np.arange(5.0), None, "t") == (None, None)


def test_full_agreement_and_full_disagreement():
    assert correlate(np.arange(6.0), np.arange(6.0) ** 3, None, "t") == (pytest.approx(1), pytest.approx((1, 1)))
    assert correlate(np.arange(6.0), -np.arange(6.0), None, "t").rho == pytest.approx(-1)


def test_the_interval_covers_the_true_rho():
    truth = 6 / np.pi * np.arcsin(0.6 / 2)  # Spearman's rho of a normal pair is (6 / pi) asin(r / 2)
    random = np.random.default_rng(1)
    intervals = [correlate(*draw_pairs(random, 19, 0.6), None, f"t{draw}").interval for draw in range(60)]
    assert np.mean([low <= truth <= high for low, high in intervals]) == pytest.approx(0.94, abs=0.06)


def test_uncertain_metrics_widen_the_interval():
    first, second = draw_pairs(np.random.default_rng(2), 19, 0.9)
    fixed = np.repeat(first[:, None], REPLICATES, axis=1)
    noisy = fixed + np.random.default_rng(3).normal(scale=0.7, size=fixed.shape)
    certain, uncertain = (correlate(first, second, replicates, "t") for replicates in (fixed, noisy))
    assert certain == correlate(first, second, None, "t")
    assert certain.rho == uncertain.rho
    assert np.ptp(uncertain.interval) > 1.3 * np.ptp(certain.interval)


def test_draws_depend_on_the_name_alone():
    first, second = draw_pairs(np.random.default_rng(4), 8, 0.5)
    assert correlate(first, second, None, "t") == correlate(first, second, None, "t")
    assert correlate(first, second, None, "t") != correlate(first, second, None, "u")
