import numpy as np
import pytest
from scipy.stats import norm

from spurgen.harness.validity import minimum_detectable_difference as mdd


@pytest.fixture
def examined(make_outcomes, gathered):
    """Return a function that examines rows with so many seeds each."""

    def examine(**seeds):
        rows = {label: {"signs-image": make_outcomes(label, seeds=count)} for label, count in seeds.items()}
        return mdd.examine(gathered(rows))

    return examine


def test_the_formula_as_by_hand():
    assert mdd.detectable(0.02) == pytest.approx(0.02 * (1.959964 + 0.841621), rel=1e-6)
    assert mdd.detectable(0.02, 10) == pytest.approx(0.02 * (2.807034 + 0.841621), rel=1e-6)


@pytest.mark.parametrize("pairs", [1, 45])
def test_a_difference_of_that_size_is_detected_four_times_in_five(pairs):
    truth, spread = mdd.detectable(0.03, pairs), 0.03
    measured = truth + spread * np.random.default_rng(pairs).normal(size=20_000)
    detected = 2 * norm.sf(np.abs(measured) / spread) < 0.05 / pairs
    assert detected.mean() == pytest.approx(0.8, abs=0.01)


def test_it_rests_on_the_spread_of_all_pairs(make_outcomes, gathered):
    rows = {
        label: {"signs-image": make_outcomes(label, seeds=5, wga=wga)}
        for label, wga in zip("abcd", (0.4, 0.5, 0.6, 0.9), strict=True)
    }
    suite = gathered(rows)
    task = mdd.examine(suite).tasks["signs-image"]
    replicates = [suite.tasks["signs-image"].wga(label).replicates for label in "abcd"]
    spreads = [(replicates[i] - replicates[j]).std(ddof=1) for i in range(4) for j in range(i)]
    assert (task.rows, task.pairs, task.seeds) == (4, 6, 5)
    assert task.spread == pytest.approx(np.median(spreads))
    assert task.pair == pytest.approx(mdd.detectable(np.median(spreads)))
    assert task.all_pairs == pytest.approx(mdd.detectable(np.median(spreads), 6))
    assert task.all_pairs_of_noisiest == pytest.approx(mdd.detectable(np.quantile(spreads, 0.9), 6))


def test_rows_are_cut_to_the_seeds_that_half_of_them_have_and_all_pairs_count(examined):
    mixed, cut = (examined(**seeds).tasks["signs-image"] for seeds in ({"a": 5, "b": 7, "c": 2}, {"a": 5, "b": 5}))
    assert (mixed.seeds, mixed.rows, mixed.pairs) == (5, 2, 3)
    assert (mixed.spread, mixed.pair) == (cut.spread, cut.pair)
    assert mixed.all_pairs == pytest.approx(mdd.detectable(cut.spread, 3))
    few = examined(a=5, b=5, c=5, d=2, e=2, f=2, g=2).tasks["signs-image"]  # three rows of seven are fewer than half
    assert (few.seeds, few.rows, few.pairs) == (2, 7, 21)


def test_with_fewer_seeds_more_are_asked_for(examined):
    section = examined(a=2, b=2)
    assert section.tasks["signs-image"].seeds == 2
    (line,) = section.missing
    tasks = "signs-image, signs-text, dose-90-image, dose-10-image, dose-50-image"
    assert line.startswith(f"{tasks}: fewer than two ranked rows with 5 seeds; `")
    assert "| signs-image | 2      | 2 " in section.tables()


@pytest.mark.parametrize(("seeds", "text"), [(1, "with 1 seed ("), (2, "with 2 seeds (")])
def test_seeds_are_counted_in_singular_or_plural(examined, seeds, text):
    assert text in examined(a=seeds, b=seeds).summary()
