"""Simulated boards: rows of known mean, and how often tests and intervals over ten worlds are right about them."""

from itertools import combinations

import numpy as np
from scipy.special import ndtr
from scipy.stats import beta

from spurgen.harness.statistics.differences import ALPHA, holm
from spurgen.harness.statistics.standing import References
from spurgen.harness.statistics.units import Spread, fit_spread, mean_estimate, pair_p_values, paired

WORLDS = 10
TEST_SAMPLES = 400  # of the state that decides accuracy if misled
PROFILES = {"erm": (0.51, 0.054), "group_dro": (0.64, 0.064), "subg": (0.69, 0.054), "cda": (0.70, 0.067)}
"""Mean ladder score and the standard deviation between worlds, as on things-image."""


def draw_rows(rng, means, deviations, shared=0.8):
    """Draw rows by world, float64 (R, 10): beta-distributed, correlated by the worlds, on finitely many samples."""
    means, deviations = np.asarray(means, float), np.asarray(deviations, float)
    deviations = np.minimum(deviations, 0.95 * np.sqrt(means * (1 - means)))
    size = (len(means), WORLDS)
    latent = np.sqrt(shared) * rng.normal(size=(1, WORLDS)) + np.sqrt(1 - shared) * rng.normal(size=size)
    total = (means * (1 - means) / deviations**2 - 1)[:, None]
    accuracy = beta.ppf(ndtr(latent), means[:, None] * total, (1 - means[:, None]) * total)
    return rng.binomial(TEST_SAMPLES, np.clip(accuracy, 0, 1)) / TEST_SAMPLES


def deviations_of(rng, means, spread, unequal):
    """Draw a deviation for every row: `spread` is that at a mean of .5, `unequal` the sd of its logarithm."""
    return 2 * spread * np.sqrt(means * (1 - means)) * np.exp(unequal * rng.normal(size=len(means)))


def null_board(rows, mean, spread, unequal):
    """Return a function that draws a board of rows of one mean, and which pairs are equal: all."""

    def draw(rng):
        means = np.full(rows, mean)
        return draw_rows(rng, means, deviations_of(rng, means, spread, unequal)), np.ones(rows * (rows - 1) // 2, bool)

    return draw


def ceiling_board(rows):
    """Return a function that draws a board of which half is at 1.00 in nearly every world, and half at .9."""

    def draw(rng):
        high = np.arange(rows) < rows // 2
        values = draw_rows(rng, np.where(high, 0.9999, 0.9), np.where(high, 0.0001, 0.05))
        return values, np.array([a == b for a, b in combinations(high, 2)])

    return draw


def two_level_board(rows, low=0.36, spread=0.02, chance=0.1):
    """Return a function that draws a board of which half is low and steady, and half at 1.00, and fails by chance."""

    def draw(rng):
        high = np.arange(rows) < rows // 2
        steady = draw_rows(rng, np.full(rows, low), np.full(rows, spread))
        failing = np.where(rng.random((rows, WORLDS)) < chance, 0.5, 1.0)
        return np.where(high[:, None], failing, steady), np.array([a == b for a, b in combinations(high, 2)])

    return draw


def two_faced_board(rows):
    """Return a function that draws a board of five kinds of rows, one of which is at .98 or .54 by chance."""

    def draw(rng):
        kind = np.arange(rows) % 5
        values = draw_rows(
            rng, np.array([0.9995, 0.37, 0.76, 0.85, 0.6])[kind], np.array([5e-4, 0.03, 0.1, 0.08, 0.12])[kind]
        )
        faces = np.where(rng.random(values.shape) < 0.5, 0.98, 0.54)
        values = np.where((kind == 2)[:, None], faces, values)
        return values, np.array([a == b for a, b in combinations(kind, 2)])

    return draw


def failing_board(rows, chance):
    """Return a function that draws a board of rows at 1.00, which each fail (.6) in some worlds by chance."""

    def draw(rng):
        return np.where(rng.random((rows, WORLDS)) < chance, 0.6, 1.0), np.ones(rows * (rows - 1) // 2, bool)

    return draw


def half_failing_board(rows, chance):
    """Return a function that draws a board of rows of one mean: half fail (.6, else 1) by chance, half are steady."""

    def draw(rng):
        steady = draw_rows(rng, np.full(rows, 1 - 0.4 * chance), np.full(rows, 0.01))
        failing = np.where(rng.random((rows, WORLDS)) < chance, 0.6, 1.0)
        values = np.where((np.arange(rows) % 2 == 0)[:, None], failing, steady)
        return values, np.ones(rows * (rows - 1) // 2, bool)

    return draw


def false_claims(draw, boards, seed=0, *, plain=False):
    """Return the mean share over boards of the pairs told apart that are equal; `plain`: by the plain t-test.

    Where all rows are equal, that is the share of boards on which any pair is told apart.
    """
    shares = []
    for k in range(boards):
        rows, equal = draw(np.random.default_rng([seed, k]))
        differ = References.of(rows, Spread() if plain else fit_spread(rows)).differ()
        claimed = differ[np.triu_indices(len(rows), 1)]
        shares.append((claimed & equal).sum() / max(claimed.sum(), 1))
    return float(np.mean(shares))


def claims_against_erm(draw, boards, seed=0):
    """Return the share of boards of equal rows on which any differs from the first, and any of the next two alone.

    These are the column To ERM, Holm-corrected over its rows, and the report's test of two methods, over the two.
    """
    wrong = np.zeros(2)
    for k in range(boards):
        rows, _ = draw(np.random.default_rng([seed, k]))
        p_values = pair_p_values(rows, fit_spread(rows))[: len(rows) - 1].tolist()
        wrong += [min(holm(p_values)) < ALPHA, min(holm(p_values[:2])) < ALPHA]
    return (wrong / boards).tolist()


def power(spread, unequal, boards):
    """Return how often a true difference of .05, .10, .15, .20 is found among 28 rows, and the share of all pairs.

    A pair counts for the difference that it is nearest to, within .016.
    """
    gaps, rates = rates_of_pairs(spread, unequal, boards, 28)
    return [float(rates[abs(gaps - wanted) < 0.016].mean()) for wanted in (0.05, 0.10, 0.15, 0.20)], float(rates.mean())


def rates_of_pairs(spread, unequal, boards, rows, seed=0):
    """Return the true difference of all pairs of rows, and how often they are told apart: float (P,) each.

    The rows' means lie evenly between .2 and .95.
    """
    means = np.linspace(0.2, 0.95, rows)
    found = []
    for k in range(boards):
        rng = np.random.default_rng([seed, k])
        values = draw_rows(rng, means, deviations_of(rng, means, spread, unequal))
        found.append(References.of(values, fit_spread(values)).differ()[np.triu_indices(rows, 1)])
    return np.array([abs(a - b) for a, b in combinations(means, 2)]), np.mean(found, axis=0)


def failing_coverage(low, chance, boards, seed=0):
    """Return how often the interval of a row covers its mean, and how often the row fails in no world.

    The row is at `low` in some worlds by chance, else at 1; five others have means from .3 to .9.
    """
    hits = []
    for k in range(boards):
        rng, means = np.random.default_rng([seed, k]), np.linspace(0.3, 0.9, 5)
        row = np.where(rng.random(WORLDS) < chance, low, 1.0)
        others = draw_rows(rng, means, deviations_of(rng, means, 0.05, 1.0))
        start, end = mean_estimate(row, fit_spread([row, *others])).ends
        hits.append((start <= 1 - chance * (1 - low) <= end, row.min() == 1))
    return np.mean(hits, axis=0).tolist()


def board_of_profiles(rng, rows, profiles=PROFILES, spread=0.055, unequal=0.4):
    """Draw a board of the profiles, mean and deviation by name, and others up to `rows` in all, with the true means."""
    names = len(profiles)
    means = np.r_[[mean for mean, _ in profiles.values()], np.linspace(0.2, 0.9, rows - names)]
    deviations = np.r_[[sd for _, sd in profiles.values()], deviations_of(rng, means[names:], spread, unequal)]
    return draw_rows(rng, means, deviations), means


def coverage(boards, rows, profiles=PROFILES, spread=0.055, unequal=0.4, seed=0):
    """Return how often intervals cover the truth: of each profile's mean, and of each pair of profiles' difference."""
    covered, names = {}, list(profiles)
    for k in range(boards):
        values, means = board_of_profiles(np.random.default_rng([seed, k]), rows, profiles, spread, unequal)
        fitted = fit_spread(values)
        for i, name in enumerate(names):
            low, high = mean_estimate(values[i], fitted).ends
            covered.setdefault(name, []).append(low <= means[i] <= high)
        for i, j in combinations(range(len(names)), 2):
            low, high = paired(values[j], values[i], fitted).interval
            covered.setdefault(f"{names[j]} - {names[i]}", []).append(low <= means[j] - means[i] <= high)
    return {name: float(np.mean(hits)) for name, hits in covered.items()}


def claims_about_a_further_row(boards, references, seed=0, spread=0.055, unequal=0.4):
    """Return the share of boards on which a row of the same truth is told apart from some reference row."""
    wrong = 0
    for k in range(boards):
        rng = np.random.default_rng([seed, k])
        means = np.full(references + 1, 0.5)
        rows = draw_rows(rng, means, deviations_of(rng, means, spread, unequal))
        known = References.of(rows[1:], fit_spread(rows[1:]))
        wrong += bool(known.differ_with([rows[0]])[:-1, -1].any())
    return wrong / boards
