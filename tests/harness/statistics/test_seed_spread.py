import numpy as np
import pytest
from scipy.stats import norm, t

from spurgen.harness.statistics.differences import holm, paired_difference
from spurgen.harness.statistics.seed_spread import SeedSpread, add_noise, mean_deviation, pool

SPREAD, SAMPLING, TRIALS, REPLICATES = 0.08, 0.025, 400, 300


def test_variances_are_pooled_within_rows_by_their_degrees_of_freedom():
    # squares about the rows' own means: .02 with one degree, .08 with two; a single seed has none
    rows = [np.array([0.1, 0.3]), np.array([0.5, 0.7, 0.9]), np.array([0.0])]
    found = pool(rows)
    assert found.degrees == 3
    assert found.deviation == pytest.approx(np.sqrt((0.02 + 0.08) / 3))
    assert pool([*rows, np.zeros(5)]) == found  # at a floor, where seeds cannot differ
    assert pool([np.array([0.1]), np.array([0.9]), np.zeros(5)]) is None
    assert pool([]) is None


def test_mean_deviation_is_the_larger_deviation_widened():
    widening = t.isf(0.025, 6) / norm.isf(0.025)
    values = np.array([0.4, 0.6, 0.8])  # their own deviation is .2
    for pooled, larger in ((0.1, 0.2), (0.3, 0.3)):
        assert mean_deviation(values, SeedSpread(pooled, 6)) == pytest.approx(larger / np.sqrt(3) * widening)
    assert mean_deviation(values, SeedSpread(0.1, 6), own=False) == pytest.approx(0.1 / np.sqrt(3) * widening)
    assert mean_deviation(values[:1], SeedSpread(0.1, 6)) == pytest.approx(0.1 * widening)
    assert mean_deviation(np.array([0.5]), None) == 0


def test_noise_has_the_deviation_and_mean_zero():
    replicates = np.linspace(0.2, 0.6, 500)
    added = add_noise(replicates, 0.07, "task", "a", "wga") - replicates
    assert added.mean() == pytest.approx(0, abs=1e-12)
    assert added.std(ddof=1) == pytest.approx(0.07)
    assert np.array_equal(add_noise(replicates, 0.0, "a"), replicates)


def test_noise_depends_on_the_names_alone():
    drawn = [add_noise(np.zeros(500), 0.07, "task", name, "wga") for name in ("a", "a", "b")]
    assert np.array_equal(drawn[0], drawn[1])
    assert abs(np.corrcoef(drawn[0], drawn[2])[0, 1]) < 0.15


def false_separations(seeds, *, widened=True, spread=SPREAD):
    """Return the share of experiments, of methods with equal truth, in which some method differs from the first.

    `seeds`: the number of each method's seeds, `spread`: the standard deviation over them.
    """
    rng, separated, rows = np.random.default_rng(1), 0, len(seeds)
    sampling = SAMPLING * rng.normal(size=(rows, REPLICATES))
    noise = np.stack([add_noise(np.zeros(REPLICATES), 1.0, str(row)) for row in range(rows)])
    for _ in range(TRIALS):
        luck = SAMPLING * rng.normal(size=rows)
        values = [0.5 + own + spread * rng.normal(size=count) for own, count in zip(luck, seeds, strict=True)]
        points, pooled = [row.mean() for row in values], pool(values)
        drawn = np.array(points)[:, None] + sampling
        if widened:
            drawn += np.array([mean_deviation(row, pooled) for row in values])[:, None] * noise
        tests = [paired_difference(points[row], drawn[row], points[0], drawn[0]) for row in range(1, rows)]
        separated += min(holm([test.p for test in tests])) < 0.05
    return separated / TRIALS


@pytest.mark.parametrize("spread", [0.03, 0.08, 0.14])
@pytest.mark.parametrize("seeds", [[3] * 6, [5] * 12, [1, 1, 3], [2, 2]], ids=str)
def test_equal_methods_are_rarely_separated(seeds, spread):
    assert false_separations(seeds, spread=spread) < 0.08  # 400 trials at 5 %: below .08 in 99 of 100


def test_equal_methods_are_often_separated_without_the_noise():
    assert false_separations([3] * 6, widened=False) > 0.3
