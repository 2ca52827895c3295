from dataclasses import replace

import numpy as np
import pytest

from spurgen.harness.board.bootstrap import Plan, pooled_spreads
from spurgen.harness.board.comparison import compare
from spurgen.harness.statistics import paired_difference


@pytest.fixture
def rows(suite, make_cell):
    """Three rows: one is better and leans less on colour; the third is the second again."""
    high, low = np.full(24, 0.6), np.full(24, 0.1)
    cells = {
        "better": [make_cell(suite, 0.98, seed, kept={"sss/color": low}) for seed in range(3)],
        "worse": [make_cell(suite, 0.6, seed, kept={"sss/color": high}) for seed in range(2)],
        "failed": [make_cell(suite, 0.6, error="boom")],
    }
    cells["same"] = cells["worse"]
    return {label: {"small-text": some} for label, some in cells.items()}


def test_who_is_better_is_told_by_figure_with_its_interval(suite, rows):
    found = compare(suite, rows, "better", "worse", ["small-text"])
    assert found.seeds == {"small-text": 2}
    figures = found.figures["small-text"]
    assert list(figures) == ["wga", "accuracy", "sss", "sss/color", "sss/background"]
    assert {name: some["better"] for name, some in figures.items()} == {
        "wga": "first", "accuracy": "first", "sss": "first", "sss/color": "first", "sss/background": None,
    }  # fmt: skip
    color = figures["sss/color"]
    assert (color["first"], color["second"]) == (pytest.approx(0.1, abs=1e-3), pytest.approx(0.6, abs=1e-3))
    for some in figures.values():
        assert some["difference"] == pytest.approx(some["first"] - some["second"])
        assert some["interval"][0] <= some["difference"] <= some["interval"][1]
        assert some["p"] <= some["p_holm"] <= 1


def test_the_other_way_round_is_the_same_with_the_sign_changed(suite, rows):
    there, back = (compare(suite, rows, *pair, ["small-text"]) for pair in (("better", "worse"), ("worse", "better")))
    for name, some in there.figures["small-text"].items():
        other = back.figures["small-text"][name]
        assert other["difference"] == pytest.approx(-some["difference"])
        assert other["better"] == {"first": "second", None: None}[some["better"]]


def test_equal_rows_are_not_told_apart(suite, rows):
    figures = compare(suite, rows, "worse", "same", ["small-text"]).figures["small-text"]
    assert all(some["better"] is None and some["difference"] == 0 for some in figures.values())


def test_p_is_corrected_for_everything_that_is_compared(suite, rows, make_cell):
    one = compare(suite, rows, "better", "worse", ["small-text"]).figures["small-text"]["wga"]["p_holm"]
    for label, quality in (("better", 0.8), ("worse", 0.7)):
        rows[label]["small-image"] = [make_cell(suite, quality, seed, "small-image") for seed in range(2)]
    two = compare(suite, rows, "better", "worse", ["small-text", "small-image"])
    assert two.figures["small-text"]["wga"]["p_holm"] >= one
    assert list(two.figures) == ["small-text", "small-image"]


def test_a_task_on_which_one_cannot_be_ranked_is_left_out_with_the_reason(suite, rows):
    found = compare(suite, rows, "better", "failed", ["small-text", "small-image"])
    assert found.figures == {}
    assert found.left_out == {
        "small-text": "failed: failed with seed 0: boom",
        "small-image": "better: not run; failed: not run",
    }


def test_a_set_of_tasks_is_compared_by_its_means_where_all_of_it_is(suite, rows, make_cell):
    both = ("small-text", "small-image")
    suite = replace(suite, overall={"both": both, "all": tuple(suite.tasks)})
    rows = {label: rows[label] for label in ("better", "worse")}
    for label, quality in (("better", 0.98), ("worse", 0.5)):
        rows[label]["small-image"] = [make_cell(suite, quality, seed, "small-image") for seed in range(2)]

    def replicates(label, name, task):
        spreads = pooled_spreads([by_task[task] for by_task in rows.values()], [name])
        return Plan.of(suite.task(task)).replicates(label, rows[label][task][:2], name, spreads)

    found = compare(suite, rows, "better", "worse", list(suite.tasks))
    assert list(found.overall) == ["both"]
    assert list(found.overall["both"]) == ["wga", "accuracy", "sss"]
    for name, some in found.overall["both"].items():
        for side in ("first", "second", "difference"):
            assert some[side] == pytest.approx(np.mean([found.figures[task][name][side] for task in both]))
        ours, theirs = (np.mean([replicates(label, name, task) for task in both], axis=0) for label in rows)
        wanted = paired_difference(some["first"], ours, some["second"], theirs)
        assert some["interval"] == pytest.approx((wanted.low, wanted.high))
    assert found.overall["both"]["accuracy"]["better"] == "first"
    assert compare(suite, rows, "better", "worse", ["small-text"]).overall == {}
    rows["worse"]["small-image"] = [make_cell(suite, 0.5, 0, "small-image", access="envs")]
    assert compare(suite, rows, "better", "worse", list(suite.tasks)).overall == {}
