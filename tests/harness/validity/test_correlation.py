import numpy as np
import pytest
from scipy.stats import spearmanr

from spurgen.harness.validity._correlation import REPLICATES, correlate, spearman


def test_rho_is_scipys_ties_included():
    random = np.random.default_rng(0)
    first, second = random.integers(6, size=(2, 40, 12)).astype(float)
    expected = [spearmanr(a, b).statistic for a, b in zip(first, second, strict=True)]
    assert spearman(first, second) == pytest.approx(np.array(expected))


def test_a_list_of_ties_has_no_rho():
    assert np.isnan(spearman(np.ones(5), np.arange(5.0)))
    assert correlate(np.ones(5), np.arange(5.0), None, "t") == (None, None)


def test_full_agreement():
    assert correlate(np.arange(6.0), np.arange(6.0) ** 3, None, "t") == (pytest.approx(1), pytest.approx((1, 1)))
    rho, _ = correlate(np.arange(6.0), -np.arange(6.0), None, "t")
    assert rho == pytest.approx(-1)


def pairs(random, count, strength):
    """Draws normal pairs of that correlation."""
    first = random.normal(size=count)
    return first, strength * first + np.sqrt(1 - strength**2) * random.normal(size=count)


def test_the_interval_covers():
    # Spearman's rho of a normal pair is (6 / pi) asin(r / 2)
    truth = 6 / np.pi * np.arcsin(0.6 / 2)
    random = np.random.default_rng(1)
    covered = []
    for draw in range(60):
        _, (low, high) = correlate(*pairs(random, 19, 0.6), None, f"t{draw}")
        covered.append(low <= truth <= high)
    assert np.mean(covered) == pytest.approx(0.94, abs=0.06)


def test_uncertain_figures_of_ours_widen_the_interval():
    first, second = pairs(np.random.default_rng(2), 19, 0.9)
    still = np.repeat(first[:, None], REPLICATES, axis=1)
    moving = still + np.random.default_rng(3).normal(scale=0.7, size=still.shape)
    certain, uncertain = (correlate(first, second, some, "t") for some in (still, moving))
    assert certain == correlate(first, second, None, "t")
    assert certain.rho == uncertain.rho
    assert np.ptp(uncertain.interval) > 1.3 * np.ptp(certain.interval)


def test_draws_are_the_names_own():
    first, second = pairs(np.random.default_rng(4), 8, 0.5)
    assert correlate(first, second, None, "t") == correlate(first, second, None, "t")
    assert correlate(first, second, None, "t") != correlate(first, second, None, "u")
