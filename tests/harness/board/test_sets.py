from dataclasses import replace

import numpy as np
import pytest

from spurgen.harness.board.columns import estimate_of
from spurgen.harness.board.leaderboard import build
from spurgen.harness.board.rows import unranked_line
from spurgen.harness.statistics.units import fit_spread, mean_estimate

TASKS = ("small-text", "small-image")


@pytest.fixture
def whole(suite):
    return replace(suite, overall={"both": TASKS})


@pytest.fixture
def rows(make_baselines):
    """Our methods on both tasks."""
    tables = {task: make_baselines(task=task) for task in TASKS}
    return {label: {task: tables[task][label] for task in TASKS} for label in tables["small-text"]}


def robust(row):
    return np.array([round(result.metrics["robust_accuracy"], 12) for result in row.results])


def by_label(rows):
    return {row["submission"]: row for row in rows}


def rank_of(row):
    return row["first_rank"], row["last_rank"]


def test_rows_are_ranked_by_their_mean_over_the_set_by_unit(whole, rows):
    part = build(whole, rows).overall["both"]
    assert (part.tasks, part.asked, part.unit, part.few, part.unranked) == (TASKS, 5, "seed", [], [])
    means = {label: np.mean([robust(row[task]) for task in TASKS], axis=0) for label, row in rows.items()}
    spread = fit_spread([means[label] for label in sorted(means)])
    for row in part.rows:
        assert estimate_of(row, "robust_accuracy") == mean_estimate(means[row["submission"]], spread)
        assert row["units"] == 5
    assert [row["submission"] for row in part.rows][-2:] == ["group_dro", "resample"]
    assert rank_of(by_label(part.rows)["group_dro"]) == (1, 1)
    assert by_label(part.rows)["group_dro"]["to_erm_verdict"] == "better"


def test_a_row_with_fewer_units_on_a_task_is_not_ranked_among_the_others(whole, rows, make_row):
    rows["short"] = {
        "small-text": make_row(whole, 0.9, range(5)),
        "small-image": make_row(whole, 0.9, range(2), task="small-image"),
    }
    part = build(whole, rows).overall["both"]
    assert [(row["submission"], row["units"], row["ranked"]) for row in part.few] == [("short", 2, False)]
    assert (
        part.rows == build(whole, {label: row for label, row in rows.items() if label != "short"}).overall["both"].rows
    )


def test_what_one_row_lacks_does_not_affect_others(whole, rows, make_row):
    rows |= {
        "half": {"small-text": make_row(whole, 1.0, range(5))},
        "failed": {
            "small-text": make_row(whole, 0.9, range(5)),
            "small-image": make_row(whole, 0.9, task="small-image", error="boom"),
        },
        "mixed": {
            "small-text": make_row(whole, 0.9, range(5), access="envs"),
            "small-image": make_row(whole, 0.9, range(5), task="small-image"),
        },
    }
    part = build(whole, rows).overall["both"]
    assert part.unranked == [
        unranked_line("failed", "small-image: failed with seed 0: boom"),
        unranked_line("half", "small-image: not run"),
        unranked_line("mixed", "its access differs: envs on small-text, none on small-image"),
    ]
    assert len(part.rows) == 7


def test_a_set_with_a_task_that_has_no_rows_ranks_none(whole, rows):
    part = build(whole, {label: {"small-text": row["small-text"]} for label, row in rows.items()}).overall["both"]
    assert (part.rows, part.few) == ([], [])
    assert {row["reason"] for row in part.unranked} == {"small-image: not run"}
