import numpy as np
import pytest
from scipy.stats import norm

from spurgen.harness.validity import minimum_detectable_difference as mdd


def test_the_formula_by_hand():
    assert mdd.detectable(0.02) == pytest.approx(0.02 * (1.959964 + 0.841621), rel=1e-6)
    assert mdd.detectable(0.02, 10) == pytest.approx(0.02 * (2.807034 + 0.841621), rel=1e-6)


@pytest.mark.parametrize("pairs", [1, 45])
def test_a_difference_of_that_size_is_found_four_times_in_five(pairs):
    truth, spread = mdd.detectable(0.03, pairs), 0.03
    seen = truth + spread * np.random.default_rng(pairs).normal(size=20_000)
    found = 2 * norm.sf(np.abs(seen) / spread) < 0.05 / pairs
    assert found.mean() == pytest.approx(0.8, abs=0.01)


def test_it_rests_on_the_spread_of_all_pairs(make_cells, weigh):
    rows = {
        label: {"signs-image": make_cells(label, seeds=5, wga=wga)}
        for label, wga in zip("abcd", (0.4, 0.5, 0.6, 0.9), strict=True)
    }
    evidence = weigh(rows)
    found = mdd.examine(evidence)["tasks"]["signs-image"]
    replicates = [evidence.tasks["signs-image"].wga(label).replicates for label in "abcd"]
    spreads = [(replicates[i] - replicates[j]).std(ddof=1) for i in range(4) for j in range(i)]
    assert (found["rows"], found["pairs"], found["seeds"]) == (4, 6, 5)
    assert found["spread"] == pytest.approx(np.median(spreads))
    assert found["pair"] == pytest.approx(mdd.detectable(np.median(spreads)))
    assert found["all_pairs"] == pytest.approx(mdd.detectable(np.median(spreads), 6))
    assert found["all_pairs_of_noisiest"] == pytest.approx(mdd.detectable(np.quantile(spreads, 0.9), 6))


def test_rows_are_cut_to_the_seeds_that_half_of_them_have_and_all_pairs_count(make_cells, weigh):
    def found(**seeds):
        rows = {label: {"signs-image": make_cells(label, seeds=count)} for label, count in seeds.items()}
        return mdd.examine(weigh(rows))["tasks"]["signs-image"]

    mixed, cut = found(a=5, b=7, c=2), found(a=5, b=5)
    assert (mixed["seeds"], mixed["rows"], mixed["pairs"]) == (5, 2, 3)
    assert (mixed["spread"], mixed["pair"]) == (cut["spread"], cut["pair"])
    assert mixed["all_pairs"] == pytest.approx(mdd.detectable(cut["spread"], 3))
    few = found(a=5, b=5, c=5, d=2, e=2, f=2, g=2)  # three rows of seven are not the rule
    assert (few["seeds"], few["rows"], few["pairs"]) == (2, 7, 21)


def test_with_fewer_seeds_it_says_how_many_and_asks_for_more(make_cells, weigh):
    rows = {label: {"signs-image": make_cells(label, seeds=2)} for label in "ab"}
    result = mdd.examine(weigh(rows))
    assert result["tasks"]["signs-image"]["seeds"] == 2
    (told,) = result["missing"]
    tasks = "signs-image, signs-text, dose-90-image, dose-10-image, dose-50-image"
    assert told.startswith(f"{tasks}: fewer than two ranked rows with 5 seeds; `")
    assert "| signs-image | 2      | 2 " in mdd.tell(result)


@pytest.mark.parametrize(("seeds", "told"), [(1, "with 1 seed ("), (2, "with 2 seeds (")])
def test_one_seed_is_told_as_one(make_cells, weigh, seeds, told):
    rows = {label: {"signs-image": make_cells(label, seeds=seeds)} for label in "ab"}
    assert told in mdd.sum_up(mdd.examine(weigh(rows)))
