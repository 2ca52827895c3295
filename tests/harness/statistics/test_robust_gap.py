import numpy as np
import pytest
from scipy.stats import norm

from spurgen.harness.statistics import robust_gap as module
from spurgen.harness.statistics.robust_gap import Sampling, robust_gap

CLASSES, PATTERNS = 5, 4
SIZES = np.full(CLASSES * PATTERNS, 100)
SEEDS, WORLDS = (Sampling(SIZES, CLASSES, worlds) for worlds in (False, True))


def drawn(accuracies, rng, count=1):
    """Draw the correct predictions of units with samples of their own, int64 (count, 20)."""
    return np.random.default_rng(rng).binomial(SIZES, accuracies, (count, len(SIZES)))


def test_the_gap_is_the_difference_of_the_robust_accuracies_means_over_units():
    first, second = np.full((2, 20), 90), np.full((2, 20), 80)
    first[0, 3] = 40  # pattern 3 of class 0: the pattern has a mean of .8
    second[1, [3, 7]] = 55  # pattern 3 of classes 0 and 1: .7
    second[0, 1] = 0  # of a pattern in which shortcuts disagree, which does not count
    gap = robust_gap(first, second, SEEDS, 0.0, "a")
    assert gap.value == pytest.approx((0.8 + 0.9) / 2 - (0.8 + 0.7) / 2)
    assert gap.interval.low < gap.value < gap.interval.high
    assert gap == robust_gap(first, second, SEEDS, 0.0, "a") != robust_gap(first, second, SEEDS, 0.0, "b")


@pytest.mark.parametrize(("more", "p"), [(0, 251 / 501), (2, 151 / 501), (4, 51 / 501), (20, None)])
def test_the_p_value_and_the_interval_follow_from_the_drawn_gaps(monkeypatch, more, p):
    """The first draws are of equal models, and give the p-value; the second of these models, and give the interval."""
    by_chance = (np.arange(500) + 0.5) / 5000 - 0.05
    draws = iter([by_chance, 2 * by_chance + 0.3])
    monkeypatch.setattr(module, "_drawn_gaps", lambda *_: next(draws))
    gap = robust_gap(np.full((1, 20), 50 + more), np.full((1, 20), 50), SEEDS, 0.0, "a")
    value, deviation = more / 100, by_chance.std()
    assert gap.value == pytest.approx(value)
    assert gap.p == pytest.approx(p or norm.sf(value / deviation), rel=1e-9)
    assert gap.interval == pytest.approx((value - 1.959964 * 2 * deviation, value + 1.959964 * 2 * deviation), abs=1e-6)


def simulate(first, second, units, count, design):
    """Compare models with these accuracies per group on `count` pairs of sets of samples.

    Return the expected gap, the share of intervals that cover it, and the share of p-values below 5 %.
    """
    rng, (sizes, classes, worlds) = np.random.default_rng(0), design
    many = [rng.binomial(sizes, each, (10_000, len(sizes))) / sizes for each in (first, second)]
    expected = np.subtract(*[each.reshape(10_000, classes, -1).mean(1)[:, [0, -1]].min(1).mean() for each in many])
    draws = units if worlds else 1
    gaps = []
    for k in range(count):
        sides = [rng.binomial(sizes, each, (draws, len(sizes))) for each in (first, second)]
        gaps.append(robust_gap(*(np.repeat(each, units // draws, axis=0) for each in sides), design, 0.0, f"{k}"))
    covered = np.mean([gap.interval.low <= expected <= gap.interval.high for gap in gaps])
    return expected, covered, np.mean([gap.p < 0.05 for gap in gaps])


def profiles(classes, patterns):
    """Return pairs of accuracies per group, each float64 (G,): three of equal models, three of others."""

    def in_all_classes(by_pattern):
        return np.tile(np.broadcast_to(by_pattern, patterns), classes)

    alike, spread = in_all_classes(0.8), in_all_classes(np.linspace(0.9, 0.3, patterns))
    one_worst = in_all_classes(np.r_[np.full(patterns - 1, 0.9), 0.3])
    high = in_all_classes(np.linspace(0.95, 0.5, patterns))
    return {
        "both .8 everywhere": (alike, alike),
        "both from .9 to .3": (spread, spread),
        "both .3 in one pattern, else .9": (one_worst, one_worst),
        "both .998 everywhere": (in_all_classes(0.998),) * 2,
        "1 everywhere; .8 everywhere": (in_all_classes(1.0), alike),
        ".3 in one pattern, else .9; .8 everywhere": (one_worst, alike),
        "at least .8; from .95 to .5": (np.maximum(high, 0.8), high),
    }


ALL = [*profiles(CLASSES, PATTERNS)]
SIMULATED = [
    *((profile, 1, False) for profile in ALL if profile != ALL[2]),  # which differs from ALL[1] between the ends alone
    *((profile, 4, worlds) for profile in (ALL[1], ALL[3], ALL[6]) for worlds in (False, True)),
]


@pytest.mark.parametrize(("profile", "units", "worlds"), SIMULATED)
def test_intervals_cover_and_equal_models_are_seldom_separated(profile, units, worlds):
    """Of 100 simulations at 95 % and 5 %, five standard deviations are 11 %; what is exact is tested above.

    The two patterns are those that count: where shortcuts agree, and where they mislead.
    """
    design = Sampling(SIZES[: CLASSES * 2], CLASSES, worlds)
    expected, covered, separated = simulate(*profiles(CLASSES, 2)[profile], units, 100, design)
    assert covered >= 0.95 - 0.11
    assert separated > 0.9 if expected > 0.1 else separated <= 0.05 + 0.11


def test_worlds_have_samples_of_their_own_so_that_four_are_as_sure_as_four_times_the_samples():
    first, second = (np.repeat(drawn(q, k), 4, axis=0) for k, q in enumerate((0.9, 0.85)))
    seeds, worlds = (robust_gap(first, second, design, 0.0, "a") for design in (SEEDS, WORLDS))
    assert seeds.value == worlds.value
    assert np.ptp(worlds.interval) == pytest.approx(np.ptp(seeds.interval) / 2, rel=0.15)
    assert worlds.p < seeds.p


def test_a_model_without_errors_on_one_side_is_not_certain():
    perfect = np.full((1, 20), 100)
    nearly = perfect.copy()
    nearly[0, 0] = 99
    assert robust_gap(perfect, nearly, SEEDS, 0.0, "a").p > 0.2
    assert robust_gap(perfect, perfect, SEEDS, 0.0, "a") == (0.0, (0.0, 0.0), 1.0)


def test_a_table_of_a_few_answers_is_found():
    honest, helped = drawn(0.8, 1), drawn(0.8, 2)
    assert robust_gap(np.maximum(helped, 96), honest, SEEDS, 0.0, "a").p < 0.01


def test_noise_of_training_widens_the_interval_and_makes_a_gap_less_certain():
    first, second = drawn(0.9, 1), drawn(0.8, 2)
    sure, unsure = (robust_gap(first, second, SEEDS, deviation, "a") for deviation in (0.0, 0.2))
    assert sure.p < unsure.p
    assert np.ptp(unsure.interval) > 2 * np.ptp(sure.interval)


if __name__ == "__main__":  # prints the table in docs/statistics.md
    sizes = np.tile([50] * 7 + [400], 10)
    for name, pair in profiles(10, 8).items():
        cells = []
        for units, worlds in ((1, False), (5, True)):
            expected, covered, separated = simulate(*pair, units, 600, Sampling(sizes, 10, worlds))
            cells += [f"{expected:+.2f}"] * (not cells) + [f"{covered:.1%}", f"{separated:.1%}"]
        print(f"| {name} | {' | '.join(cells)} |")
