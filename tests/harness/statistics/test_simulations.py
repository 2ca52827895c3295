"""Simulations: how often claims and intervals about boards, and about minima over groups, are right.

As a script, `test_simulations.py [BOARDS] [PART ...]`, this prints the tables of docs/simulations.md from more boards;
the parts are functions below. Tests take few: false claims are made on less than 1 % of boards, and were it 8 %, 200
boards would show it in 93 cases of 100.
"""

import sys
from itertools import combinations, product

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import beta

from spurgen.harness.statistics.estimate import ALPHA, holm
from spurgen.harness.statistics.samples import corrected_wga, expected_minimum
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


FEW_WORLDS = 5
HUNDREDS = np.full(80, 100)
EIGHT = np.tile([50] * 7 + [400], 10)  # test samples by group: ten classes, eight patterns
MANY = np.full(320, 25)  # ten classes, 32 patterns
BIAS_PROFILES = {
    ".9 in 64 groups of 50": (np.full(64, 0.9), np.full(64, 50)),
    ".8 everywhere": (np.full(80, 0.8), HUNDREDS),
    "from .3 to .9": (np.linspace(0.3, 0.9, 80), HUNDREDS),
    ".3 once, else .9": (np.r_[0.3, np.full(79, 0.9)], HUNDREDS),
    "eight levels from .2 to .99": (np.tile(np.linspace(0.2, 0.99, 8), 10), HUNDREDS),
}
"""True accuracies and sizes of groups."""


def wga_bias(accuracies, sizes, draws=400, seed=0):
    """Return the bias of the WGA, of the corrected one, and of twice the WGA less the mean of a bootstrap's."""
    rng, true = np.random.default_rng(seed), accuracies.min()
    found = []
    for _ in range(draws):
        correct = rng.binomial(sizes, accuracies)
        worst = (correct / sizes).min()
        bootstrap = (rng.binomial(sizes, correct / sizes, (200, len(sizes))) / sizes).min(axis=1).mean()
        found.append((worst, corrected_wga(correct, sizes), 2 * worst - bootstrap))
    return (np.mean(found, axis=0) - true).tolist()


def of_patterns(levels, sizes):
    """Return the accuracies of groups whose patterns have these levels, float64 (P,); groups as of ten classes."""
    assert len(levels) * 10 == len(sizes)
    return np.tile(levels, 10)


def corrected_coverage(accuracies, sizes, deviation, boards, seed=0):
    """Return the bias of the mean corrected WGA over five worlds, and how often its t interval covers the truth.

    `deviation`: of what a world adds to all groups, and again to each, at an accuracy of .5. The truth is the lowest
    true accuracy of a world, on average over worlds.
    """
    rng = np.random.default_rng(seed)
    moved = rng.normal(size=(boards, FEW_WORLDS, 1)) + rng.normal(size=(boards, FEW_WORLDS, len(sizes)))
    true = np.clip(accuracies + 2 * deviation * np.sqrt(accuracies * (1 - accuracies)) * moved, 0, 1)
    truth = true.min(axis=2).mean()
    found = np.array([[corrected_wga(each, sizes) for each in row] for row in rng.binomial(sizes, true)])
    ends = np.array([mean_estimate(row, Spread()).ends for row in found])
    return float(found.mean() - truth), float(((ends[:, 0] <= truth) & (truth <= ends[:, 1])).mean())


def robust_bias(levels, sizes):
    """Return the bias of accuracy if misled on one world, for true accuracies and sizes, (P,) each."""
    return expected_minimum(levels, sizes) - float(levels.min())


@pytest.mark.parametrize(("rows", "mean", "unequal"), [(6, 0.2, 0.0), (28, 0.5, 0.35), (6, 0.8, 0.5), (28, 0.5, 1.0)])
def test_equal_rows_are_seldom_told_apart(rows, mean, unequal):
    assert false_claims(null_board(rows, mean, 0.05, unequal), 300) <= 0.05


@pytest.mark.parametrize(
    "board",
    [
        ceiling_board(12),
        two_faced_board(15),
        two_level_board(12),
        failing_board(12, 0.1),
        failing_board(6, 0.3),
        half_failing_board(6, 0.3),
    ],
)
def test_rows_at_the_ceiling_and_rows_that_fail_by_chance_make_no_false_claims(board):
    assert false_claims(board, 200) <= 0.05


@pytest.mark.parametrize("unequal", [0.4, 1.0])
def test_a_further_row_is_seldom_told_apart_from_its_equals(unequal):
    assert claims_about_a_further_row(200, 12, unequal=unequal) <= 0.05


@pytest.mark.parametrize(("rows", "mean", "unequal"), [(6, 0.5, 0.35), (28, 0.8, 0.5), (28, 0.5, 1.0)])
def test_equal_rows_are_seldom_claimed_to_differ_from_erm(rows, mean, unequal):
    any_row, of_two = claims_against_erm(null_board(rows, mean, 0.05, unequal), 200)
    assert max(any_row, of_two) <= 0.05


def test_a_row_far_from_erm_is_claimed_to_differ():
    assert claims_against_erm(lambda rng: (draw_rows(rng, [0.2, 0.8, 0.8], [0.03] * 3), None), 50) == [1, 1]


def test_true_differences_are_found_and_more_often_the_larger_they_are():
    rates, _ = power(0.07, 1.0, 100)
    assert rates == sorted(rates)
    assert rates[0] < 0.5
    assert rates[3] > 0.75


def test_intervals_cover_the_truth():
    for rate in coverage(800, 12).values():
        assert rate >= 0.93


def test_an_interval_of_a_row_that_failed_in_none_of_its_worlds_does_not_cover():
    covered, none = failing_coverage(0.6, 0.1, 200)
    assert covered < 0.75
    assert none > 0.3


@pytest.mark.parametrize("deviation", [0.02, 0.05])
def test_intervals_of_the_corrected_minimum_cover_where_patterns_differ(deviation):
    accuracies = of_patterns(np.linspace(0.95, 0.36, 8), EIGHT)
    bias, covered = corrected_coverage(accuracies, EIGHT, deviation, 60)
    assert abs(bias) < 0.03
    assert covered > 0.85


def test_accuracy_if_misled_is_biased_where_all_states_are_equal_and_not_where_one_is_lowest():
    assert robust_bias(np.full(2, 0.85), np.array([500, 4000])) == pytest.approx(-0.007, abs=0.001)
    assert robust_bias(np.full(3, 0.36), np.full(3, 400)) == pytest.approx(-0.020, abs=0.001)
    assert abs(robust_bias(np.array([0.85, 0.85, 0.36]), np.full(3, 400))) < 0.001


ROWS = (6, 12, 28)
MEANS = {".5": (0.5,), ".2 and .8": (0.2, 0.8)}
SPREADS = (0.03, 0.05, 0.07)


def table(*columns):
    print(f"\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}", flush=True)


def line(*cells):
    print(f"| {' | '.join(cells)} |", flush=True)


def span(rates):
    return f"{min(rates):.1%} to {max(rates):.1%}" if len(rates) > 1 else f"{rates[0]:.1%}"


def claims(boards):
    table("board", *(f"{rows} rows" for rows in ROWS))
    for unequal, (words, means) in product((0.0, 0.35, 1.0), MEANS.items()):
        cells = [
            span([false_claims(null_board(rows, m, s, unequal), boards) for m in means for s in SPREADS])
            for rows in ROWS
        ]
        line(f"means {words}, deviations .03, .05, .07; unequal ({unequal})", *cells)
    for words, means in MEANS.items():
        settings = list(product(means, SPREADS))
        cells = [span([false_claims(null_board(n, m, s, 1.0), boards, plain=True) for m, s in settings]) for n in ROWS]
        line(f"means {words}, deviations .03, .05, .07; unequal (1.0), by a plain t-test", *cells)
    others = {
        "half at .36 and steady, half at 1.00, which fail (.5) in 10 % of worlds": two_level_board,
        "half at 1.00, half at .9": ceiling_board,
        "rows of five means, one kind at .98 or .54 by chance": two_faced_board,
    }
    for chance in (0.1, 0.2, 0.3):
        others[f"at 1.00, fails in {chance:.0%} of worlds"] = lambda rows, c=chance: failing_board(rows, c)
    for chance in (0.1, 0.2, 0.3):
        words = f"half fall to .6 in {chance:.0%} of worlds, half are steady at the same mean, {1 - 0.4 * chance:.2f}"
        others[words] = lambda rows, c=chance: half_failing_board(rows, c)
    for words, board in others.items():
        line(words, *(f"{false_claims(board(rows), boards):.1%}" for rows in ROWS))
    for unequal in (0.4, 1.0):
        rates = [claims_about_a_further_row(boards, rows, unequal=unequal) for rows in ROWS]
        line(f"a further row; mean .5, deviation .055, unequal ({unequal})", *(f"{rate:.1%}" for rate in rates))


def against_erm(boards):
    table("board", *(f"{rows} rows" for rows in ROWS), "of two, 28 rows")
    settings = {f"unequal ({unequal}); deviation .05": (0.05, unequal) for unequal in (0.0, 0.35, 1.0)}
    for (words, (centre, unequal)), (at, means) in product(settings.items(), MEANS.items()):
        drawn = [[claims_against_erm(null_board(n, m, centre, unequal), boards) for m in means] for n in ROWS]
        cells = [span([any_row for any_row, _ in rates]) for rates in drawn]
        line(f"mean {at}; {words}", *cells, span([of_two for _, of_two in drawn[-1]]))
    for chance in (0.1, 0.2, 0.3):
        drawn = [claims_against_erm(half_failing_board(rows, chance), boards) for rows in ROWS]
        words = f"half fall to .6 in {chance:.0%} of worlds, half are steady at the same mean"
        line(words, *(f"{any_row:.1%}" for any_row, _ in drawn), f"{drawn[-1][1]:.1%}")


def powers(boards):
    table("deviation at .5, unequal", ".05", ".10", ".15", ".20", "all of 378 pairs", "all of 15 pairs")
    settings = {f"{s}, {u}": (s, u) for s, u in product(SPREADS, (0.0, 0.35, 1.0))}
    for words, (deviation, unequal) in settings.items():
        rates, every = power(deviation, unequal, boards // 5)
        few = rates_of_pairs(deviation, unequal, boards // 5, 6)[1].mean()
        line(words, *(f"{rate:.0%}" for rate in [*rates, every, few]))


def covered(boards):
    table("interval of", *(f"{rows} rows" for rows in ROWS))
    rates = [coverage(boards, rows) for rows in ROWS]
    for name in rates[0]:
        line(name, *(f"{each[name]:.1%}" for each in rates))
    table("a row at 1.00 that falls to", "in this share of worlds", "covered", "falls in none of ten worlds")
    for low, chance in ((0.6, 0.1), (0.54, 0.2), (0.6, 0.3), (0.5, 0.5)):
        line(f"{low}", f"{chance:.0%}", *(f"{rate:.0%}" for rate in failing_coverage(low, chance, boards)))


def minima(boards):
    table("true accuracies", "WGA", "corrected", "twice the WGA less the bootstrap's mean")
    for words, (accuracies, sizes) in BIAS_PROFILES.items():
        line(words, *(f"{bias:+.3f}" for bias in wga_bias(accuracies, sizes)))
    table("true accuracies", "bias of accuracy if misled: agree and mislead", "with neutral")
    two, three = np.array([500, 4000]), np.full(3, 400)
    for words, levels in pattern_profiles().items():
        line(words, f"{robust_bias(levels(2), two):+.3f}", f"{robust_bias(levels(3), three):+.3f}")
    table("true accuracies by pattern; deviation at .5", "bias", "covered", "32 patterns: bias", "covered")
    for (words, levels), deviation in product(pattern_profiles().items(), (0.02, 0.05)):
        cells = []
        for sizes in (EIGHT, MANY):
            accuracies = of_patterns(levels(len(sizes) // 10), sizes)
            bias, rate = corrected_coverage(accuracies, sizes, deviation, boards // 4)
            cells += [f"{bias:+.3f}", f"{rate:.1%}"]
        line(f"{words}; {deviation}", *cells)


def pattern_profiles():
    """Return functions from the number of patterns to their true accuracies; the last pattern is all conflicting."""
    return {
        ".998 everywhere": lambda count: np.full(count, 0.998),
        ".85 everywhere": lambda count: np.full(count, 0.85),
        ".36 everywhere": lambda count: np.full(count, 0.36),
        "from .95 down to .36": lambda count: np.linspace(0.95, 0.36, count),
        ".36 once, else .85": lambda count: np.r_[np.full(count - 1, 0.85), 0.36],
    }


PARTS = (claims, against_erm, powers, covered, minima)


def main(boards=1000, *names):
    for part in PARTS:
        if not names or part.__name__ in names:
            part(int(boards))


if __name__ == "__main__":
    main(*sys.argv[1:])
