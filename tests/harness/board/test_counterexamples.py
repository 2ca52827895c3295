from dataclasses import replace

import numpy as np
import pytest

from spurgen.harness.board.leaderboard import build, counterexamples, goal_of, rungs_of
from spurgen.harness.statistics.needed import needed, needed_ratio

RUNGS = ("few-text-4", "few-text-16")


@pytest.fixture
def rungs(ladder_suite):
    return [ladder_suite.task(name) for name in RUNGS]


def by_label(rows):
    return {row["submission"]: row for row in rows}


def curves_of(rows, label):
    """A(m) by world, float64 (W, R)."""
    return np.stack([rows[label][name].metric("robust_accuracy") for name in RUNGS], axis=1)


def test_only_the_rungs_of_one_ladder_are_a_ladder(suite, ladder_suite, rungs):
    assert rungs_of(rungs) == rungs
    assert rungs_of([*rungs, suite.task("small-text")]) == []
    assert rungs_of([*rungs, ladder_suite.task("few-image-4")]) == []


def test_three_quarters_of_the_ceiling_are_to_be_reached_on_rungs_above_0(ladder_suite, rungs):
    goal = goal_of(rungs)
    assert (goal.rungs, goal.threshold) == ((4, 16), pytest.approx(0.675))
    assert goal_of([ladder_suite.task(f"few-image-{m}") for m in (4, 16)]) is None  # it has no ceiling
    assert goal_of([ladder_suite.task("few-text-0"), *rungs]) is None
    assert goal_of([]) is None


def test_a_ladders_rows_are_ranked_by_the_ladder_score_and_need_counterexamples(ladder_suite, ladder_rows, rungs):
    rows = ladder_rows(ladder_suite)
    part = build(ladder_suite, rows).overall["few-text"]
    assert (part.tasks, part.rungs, part.asked, part.unit) == (RUNGS, (4, 16), 5, "world")
    assert part.heading("few-text") == "Ladder few-text: mean over 4, 16 counterexamples"
    found, goal = by_label(part.rows), goal_of(rungs)
    for label, row in found.items():
        curves = curves_of(rows, label)
        assert row["robust_accuracy"] == pytest.approx(curves.mean())
        assert row["counterexamples_text"] == needed(curves, goal).text
        ratio = needed_ratio(curves, curves_of(rows, "erm"), goal).text
        assert row.get("counterexamples_to_erm_text") == (None if label == "erm" else ratio)
    assert found["erm"]["counterexamples_text"] == ">16"
    assert 4 < found["subg"]["counterexamples"] < 16
    assert found["subg"]["follows_by_channel.wall"] == pytest.approx(
        np.mean([rows["subg"][name].mean("follows/wall") for name in RUNGS])
    )
    assert {"accuracy_agree", "accuracy_neutral", "follows", "uses_thing", "wga"} <= found["subg"].keys()


def test_without_a_ceiling_or_erm_there_is_less_to_say(ladder_suite, ladder_rows, rungs):
    rows = ladder_rows(ladder_suite)
    values = {label: [row[name].metric("robust_accuracy") for name in RUNGS] for label, row in rows.items()}
    assert counterexamples([], values, "erm") == {}
    assert all(row.keys() == {"needed"} for row in counterexamples(rungs, values, None).values())
    bare = [replace(rung, scenario=rung.scenario.model_copy(update={"ceiling": None})) for rung in rungs]
    assert counterexamples(bare, values, "erm") == {}
