import numpy as np
import pytest
from scipy.stats import t

from spurgen.harness.statistics.units import pair_errors
from spurgen.harness.validity.questions import minimum_detectable_difference as mdd


@pytest.fixture
def examined(make_outcomes, gathered):
    """Return a function that examines rows with so many seeds each."""

    def examine(**seeds):
        rows = {label: {"signs-image": make_outcomes(label, seeds=count)} for label, count in seeds.items()}
        return mdd.examine(gathered(rows))

    return examine


def test_the_formula_as_by_hand():
    assert mdd.detectable(0.02, 1e9) == pytest.approx(0.02 * (1.959964 + 0.841621), rel=1e-6)
    assert mdd.detectable(0.02, 1e9, 0.005) == pytest.approx(0.02 * (2.807034 + 0.841621), rel=1e-6)
    assert mdd.detectable(0.02, 4) == pytest.approx(0.02 * (2.776445 + 0.940965), rel=1e-6)


@pytest.mark.parametrize("alpha", [0.05, 0.001])
def test_a_difference_of_that_size_is_detected_about_four_times_in_five(alpha):
    rng, degrees = np.random.default_rng(0), 12
    truth = mdd.detectable(0.03, degrees, alpha)
    measured = truth + 0.03 * rng.normal(size=20_000)
    error = 0.03 * np.sqrt(rng.chisquare(degrees, 20_000) / degrees)
    detected = 2 * t.sf(np.abs(measured) / error, degrees) < alpha
    assert detected.mean() == pytest.approx(0.8, abs=0.05)


def test_it_rests_on_the_errors_of_all_pairs(make_outcomes, gathered, line):
    rows = {
        label: {"signs-image": make_outcomes(label, wga=wga)}
        for label, wga in zip("abcd", (0.4, 0.5, 0.5, 0.9), strict=True)
    }
    suite = gathered(rows)
    task, ranked = line(mdd.examine(suite), task="signs-image"), suite.tasks["signs-image"]
    errors, degrees = pair_errors([ranked.units(label) for label in "abcd"], ranked.spread())
    assert [task[key] for key in ("rows", "pairs", "told_apart", "units", "unit")] == [4, 6, 5, 5, "seed"]
    median, noisiest = np.median(errors), np.quantile(errors, 0.9)
    assert (task["degrees"], task["error"]) == (degrees[0], pytest.approx(median))
    assert task["pair"] == pytest.approx(mdd.detectable(median, degrees[0]))
    assert task["all_pairs"] == pytest.approx(mdd.detectable(median, degrees[0], 0.05 * 5 / 6))
    assert task["all_pairs_noisiest"] == pytest.approx(mdd.detectable(noisiest, degrees[0], 0.05 * 5 / 6))


def test_rows_with_few_units_do_not_count(examined, line):
    answer = examined(a=5, b=6, c=2)
    task = line(answer, task="signs-image")
    assert [task[key] for key in ("units", "rows", "pairs")] == [5, 2, 1]
    assert "power and 5 seeds, " in answer.summary
    (lack,) = examined(a=2, b=2).missing
    tasks = "signs-image, signs-text, weak-image"
    assert lack.startswith(f"{tasks}: fewer than two ranked rows; `")
