from dataclasses import replace

import numpy as np
import pytest

from spurgen.harness.board.bootstrap import TaskBootstrap, pooled_spreads
from spurgen.harness.board.comparison import compare
from spurgen.harness.statistics import paired_difference


@pytest.fixture
def rows(suite, make_row):
    """Three rows: one is better and leans less on colour; the third is the second again."""
    better = make_row(suite, 0.98, range(3), arrays={"sss/color": np.full(24, 0.1)})
    worse = make_row(suite, 0.6, range(2), arrays={"sss/color": np.full(24, 0.6)})
    failed = make_row(suite, 0.6, error="boom")
    rows = {"better": better, "worse": worse, "failed": failed, "same": worse}
    return {label: {"small-text": row} for label, row in rows.items()}


def test_every_metric_is_compared_with_an_interval(suite, rows):
    comparison = compare(suite, rows, "better", "worse", ["small-text"])
    assert comparison.seeds == {"small-text": (3, 2)}
    metrics = comparison.tasks["small-text"]
    assert {name: compared.better for name, compared in metrics.items()} == {
        "wga": "first", "accuracy": "first", "sss": "first", "sss/color": "first", "sss/background": None,
    }  # fmt: skip
    assert (metrics["sss/color"].first, metrics["sss/color"].second) == pytest.approx((0.1, 0.6), abs=1e-3)
    for compared in metrics.values():
        assert compared.difference == pytest.approx(compared.first - compared.second)
        assert compared.interval[0] <= compared.difference <= compared.interval[1]
        assert compared.p <= compared.p_holm <= 1


def test_the_other_way_round_is_the_same_with_the_sign_changed(suite, rows):
    there, back = (compare(suite, rows, *pair, ["small-text"]) for pair in (("better", "worse"), ("worse", "better")))
    for name, compared in there.tasks["small-text"].items():
        other = back.tasks["small-text"][name]
        assert other.difference == pytest.approx(-compared.difference)
        assert other.better == {"first": "second", None: None}[compared.better]


def test_equal_rows_do_not_differ(suite, rows):
    metrics = compare(suite, rows, "worse", "same", ["small-text"]).tasks["small-text"]
    assert all(compared.better is None and compared.difference == 0 for compared in metrics.values())


def test_p_is_corrected_for_everything_that_is_compared(suite, rows, make_row):
    alone = compare(suite, rows, "better", "worse", ["small-text"]).tasks["small-text"]["wga"]
    for label, quality in (("better", 0.8), ("worse", 0.7)):
        rows[label]["small-image"] = make_row(suite, quality, range(2), task="small-image")
    both = compare(suite, rows, "better", "worse", ["small-text", "small-image"])
    assert list(both.tasks) == ["small-text", "small-image"]
    assert both.tasks["small-text"]["wga"].p == alone.p
    assert both.tasks["small-text"]["wga"].p_holm >= alone.p_holm


def test_a_task_on_which_a_row_cannot_be_ranked_is_left_out_with_the_reason(suite, rows):
    comparison = compare(suite, rows, "better", "failed", ["small-text", "small-image"])
    assert comparison.tasks == {}
    assert comparison.left_out == {
        "small-text": "failed: failed with seed 0: boom",
        "small-image": "better: not run; failed: not run",
    }


def test_a_set_of_tasks_is_compared_by_its_means_where_both_have_all_of_it(suite, rows, make_row):
    both = ("small-text", "small-image")
    suite = replace(suite, overall={"both": both, "all": tuple(suite.tasks)})
    rows = {label: rows[label] for label in ("better", "worse")}
    for label, quality in (("better", 0.98), ("worse", 0.5)):
        rows[label]["small-image"] = make_row(suite, quality, range(2), task="small-image")

    def replicates(label, name, task):
        spreads = pooled_spreads([row[task] for row in rows.values()], [name])
        return TaskBootstrap.of(suite.task(task)).replicates(label, rows[label][task], name, spreads)

    comparison = compare(suite, rows, "better", "worse", list(suite.tasks))
    assert list(comparison.overall) == ["both"]
    assert list(comparison.overall["both"]) == ["wga", "accuracy", "sss"]
    for name, compared in comparison.overall["both"].items():
        of_tasks = [comparison.tasks[task][name] for task in both]
        assert compared.first == pytest.approx(np.mean([of_task.first for of_task in of_tasks]))
        assert compared.difference == pytest.approx(np.mean([of_task.difference for of_task in of_tasks]))
        ours, theirs = (np.mean([replicates(label, name, task) for task in both], axis=0) for label in rows)
        expected = paired_difference(compared.first, ours, compared.second, theirs)
        assert compared.interval == pytest.approx(expected.interval)
    assert comparison.overall["both"]["accuracy"].better == "first"
    assert compare(suite, rows, "better", "worse", ["small-text"]).overall == {}
    rows["worse"]["small-image"] = make_row(suite, 0.5, task="small-image", access="envs")
    assert compare(suite, rows, "better", "worse", list(suite.tasks)).overall == {}
