import numpy as np
import pytest

from spurgen.harness.board.reproduction import UNKNOWN, Again, compare_cells, compare_means, tolerances, verdict_of
from spurgen.harness.statistics.seed_spread import SeedSpread


@pytest.mark.parametrize(
    ("after", "verdict"),
    [(0.5, "exact"), (0.5 + 1e-7, "exact"), (0.45, "within tolerance"), (0.61, "differs"), (0.39, "differs")],
)
def test_a_figure_may_move_by_its_tolerance(after, verdict):
    assert Again("wga", 0.5, after, 0.1).verdict == verdict


@pytest.mark.parametrize(
    ("afters", "verdict"),
    [([], "failed"), ([0.5], "exact"), ([0.5, 0.55], "within tolerance"), ([0.5, 0.9, 0.55], "differs")],
)
def test_a_cell_is_as_good_as_its_worst_figure(afters, verdict):
    assert verdict_of([Again("wga", 0.5, after, 0.1) for after in afters]) == verdict


def test_the_tolerance_is_what_another_seed_does(suite, make_cell):
    def run(quality, seed, **changes):
        return make_cell(suite, quality, seed, **changes).model_copy(update={"spec": "spurgen.baselines.erm"})

    rows = [[run(quality, seed) for seed in range(3)] for quality in (0.6, 0.8)]
    squares = [np.square(v - v.mean()).sum() for v in (np.array([c.figures["wga"] for c in row]) for row in rows)]
    assert tolerances(rows)["wga"] == pytest.approx(2.772 * np.sqrt(sum(squares) / 4), rel=1e-3)
    assert tolerances([row[:1] for row in rows]) == UNKNOWN
    failed = run(0.6, 1, error="boom").model_copy(update={"figures": {}})
    assert tolerances([*rows, [rows[0][0], failed]]) == tolerances(rows)
    wild = [[make_cell(suite, quality, seed) for seed, quality in enumerate((0.1, 0.9))]]
    assert tolerances([*rows, *wild]) == tolerances(rows)  # a stranger's seeds excuse nobody


@pytest.mark.parametrize("comparisons", [1, 6, 54])
def test_one_honest_run_of_twenty_is_called_different_however_many_figures_it_has(comparisons, monkeypatch):
    monkeypatch.setattr("spurgen.harness.board.reproduction.pool", lambda _: SeedSpread(1.0, 10))
    allowed = tolerances([[]], comparisons)["wga"]
    pairs = np.random.default_rng(0).normal(size=(20_000, comparisons, 2))
    within = (np.abs(pairs[..., 0] - pairs[..., 1]) <= allowed).all(axis=1)
    assert within.mean() == pytest.approx(0.95, abs=0.005)


def test_a_run_that_failed_has_nothing_to_compare(suite, make_cell):
    assert compare_cells(make_cell(suite, 0.8), make_cell(suite, 0.8, error="boom"), UNKNOWN) == []


def test_cells_that_all_moved_the_same_way_differ_in_the_mean():
    def moved(*shifts):
        return [[Again("wga", 0.5, 0.5 + shift, 0.1), Again("sss", 0.2, 0.2, 0.1)] for shift in shifts]

    inflated = compare_means(moved(0.08, 0.08, 0.08, 0.08))
    assert [(again.figure, again.tolerance, again.verdict) for again in inflated] == [
        ("wga", 0.05, "differs"), ("sss", 0.05, "exact"),
    ]  # fmt: skip
    assert verdict_of(compare_means(moved(0.08, -0.08, 0.08, -0.07))) == "within tolerance"
    assert compare_means(moved(0.08)) == compare_means([]) == []
