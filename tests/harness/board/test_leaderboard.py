"""What stands beside the rows of a ladder: the ideal observer, ERM's ceiling and its matched control."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from spurgen.benchmark.result import ConsistencyCheck
from spurgen.harness.board.columns import estimate_of
from spurgen.harness.board.formats import overview_table, to_json, to_markdown
from spurgen.harness.board.leaderboard import build, counterexamples, goal_of, rungs_of
from spurgen.harness.board.placing import against_erm, standings
from spurgen.harness.board.rows import RANKED_BY, by_label, spread_of, unranked_line
from spurgen.harness.board.schema import Leaderboard, Trick
from spurgen.harness.board.text import first_to_text, to_text
from spurgen.harness.metrics import simultaneous_interval
from spurgen.harness.results.rows import make_task_row
from spurgen.harness.statistics.needed import Goal, needed, needed_ratio
from spurgen.harness.statistics.units import fit_spread, mean_estimate

BASES = 24
TIERS = ["none", "envs", "val_groups", "train_groups", "twins"]


def shown_rows(part):
    return {row["submission"]: row for row in (*part.rows, *part.few)}


def test_a_board_per_access_tier_sorted_by_the_estimate(make_baselines, make_row, suite, task_board):
    rows = make_baselines() | {"seer": make_row(suite, 0.97, range(5), access="twins")}
    part = task_board(rows)
    tiers = [row["access"] for row in part.rows]
    assert tiers == sorted(tiers, key=TIERS.index)
    assert len(set(tiers)) == 5
    for tier in TIERS:
        shown = [row["robust_accuracy"] for row in part.rows if row["access"] == tier]
        assert shown == sorted(shown, reverse=True)


def test_ranks_letters_and_comparisons_are_those_of_robust_accuracy(make_baselines, task_board):
    rows = make_baselines()
    robust = by_label(rows, RANKED_BY)
    spread, access = spread_of(RANKED_BY, robust, rows), {label: row.results[0].access for label, row in rows.items()}
    (placed, told_apart), against = standings(robust, access, rows, spread), against_erm(robust, rows, spread, 5)
    part = task_board(rows)
    assert part.told_apart == told_apart > 0
    for label, row in shown_rows(part).items():
        assert row | placed[label].entries | against.get(label, {}) == row
        assert ("to_erm" in row) == (label in against)
        assert estimate_of(row, RANKED_BY) == mean_estimate(robust[label], spread)


@pytest.mark.parametrize("units", [1, 2, 4])
def test_a_row_with_few_units_is_not_ranked_among_the_others(make_baselines, make_row, suite, task_board, units):
    rows = make_baselines()
    part = task_board(rows | {"short": make_row(suite, 1.0, range(units))})
    assert [(row["submission"], row["ranked"], row["letters"], row["units"]) for row in part.few] == [
        ("short", False, "", units)
    ]
    assert part.few[0]["to_erm_units"] == units
    assert ("robust_accuracy_low" not in part.few[0]) == (units == 1)
    assert part.rows == task_board(rows).rows


def test_a_strangers_row_changes_only_among_how_many_rows_another_stands(
    make_baselines, make_row, make_outcome, suite, task_board
):
    rows = make_baselines() | {"mine": make_row(suite, 0.8, range(5))}
    alone = shown_rows(task_board(rows))
    wild = make_task_row([make_outcome(suite, 0.5 + 0.5 * (seed % 2), seed) for seed in range(6)])
    more = {f"s{k}": make_row(suite, 0.6 + 0.08 * k, range(5)) for k in range(5)}
    beside = shown_rows(task_board(rows | more | {"wild": wild, "one": make_row(suite, 1.0)}))
    assert {label: unplaced(beside[label]) for label in alone} == {label: unplaced(row) for label, row in alone.items()}
    assert {(row["access"], row["of"]) for row in beside.values() if row["ranked"]} == {
        ("none", 9), ("envs", 1), ("val_groups", 2), ("train_groups", 2),
    }  # fmt: skip


def unplaced(row):
    """Return a row without its place, which counts all rows of its tier."""
    return row | dict.fromkeys(("first_rank", "last_rank", "of", "letters"))


def test_the_order_of_rows_changes_nothing(make_baselines, make_row, suite, task_board):
    rows = make_baselines() | {f"m{k}": make_row(suite, k / 10, range(4 + k % 2)) for k in range(5, 9)}
    assert task_board(rows) == task_board(dict(reversed(rows.items())))


def test_rows_that_are_not_ranked_are_listed_with_the_reason(suite, make_row, task_board):
    low = make_row(suite, 0.2, range(5))
    part = task_board(
        {"good": make_row(suite, 1.0, range(5)), "low": low, "false": make_row(suite, 1.0, uncorrelated=True)}
    )
    assert [row["submission"] for row in part.rows] == ["good"]
    reference, chance = "a reference, trained without the correlations", "not significantly better than chance"
    assert part.unranked == [
        unranked_line("false", reference, make_row(suite, 1.0)),
        unranked_line("low", f"{chance} in test accuracy", low) | {"accuracy": low.mean("accuracy"), "wga": 0.0},
    ]


def test_every_metric_by_unit_has_its_interval(make_baselines, make_outcome, suite, task_board):
    outcomes = [
        make_outcome(suite, 0.8, seed, arrays={"ig": np.full(BASES, -0.5 - seed)}, follows={"color": seed / 10})
        for seed in range(5)
    ]
    rows = make_baselines() | {"mine": make_task_row(outcomes)}
    shown = shown_rows(task_board(rows))["mine"]
    for metric in ("robust_accuracy", "wga", "accuracy", "sss", "ig", "follows", "uses_thing"):
        of_rows = by_label(rows, metric)
        spread = spread_of(metric, of_rows, set(rows) - {"mine"})
        assert estimate_of(shown, metric) == mean_estimate(of_rows["mine"], spread), metric
    assert shown["ig_low"] < -3 < shown["ig_high"] < 0
    assert shown["follows_low"] < 0.26 < shown["follows_high"]


def test_a_row_shows_what_it_rests_on(suite, make_outcome, task_board):
    trust = [("none", "re-run"), ("process", "self-reported"), ("bubblewrap", "re-run")]
    outcomes = [make_outcome(suite, 0.8, s, isolation=i, verification=v) for s, (i, v) in enumerate(trust)]
    part = task_board({"a": make_task_row(outcomes)})
    (row,) = part.few
    assert (part.unit, part.asked) == ("seed", 5)
    assert (row["name"], row["access"], row["units"]) == ("m0.8", "none", 3)
    assert (row["isolation"], row["verification"]) == ("none", "re-run: 2 of 3")  # an unknown isolation is the weakest
    assert (row["sss_by_channel.color"], row["sss_by_channel.background"]) == pytest.approx((0.3, 0.1))
    assert row["seconds"] == 1
    assert "to_erm" not in row


@pytest.mark.parametrize(
    ("workers", "weakest"), [(["fresh", "fresh"], "fresh"), (["fresh", "same"], "same"), (["fresh", None], "unknown")]
)
def test_the_weakest_consistency_check_of_a_row_is_shown(suite, make_outcome, task_board, baseline, workers, weakest):
    outcomes = []
    for seed, worker in enumerate(workers):
        result, samples = make_outcome(suite, 0.9, seed, **baseline)
        check = ConsistencyCheck(worker=worker) if worker else None
        provenance = result.provenance.model_copy(update={"consistency": check})
        outcomes.append((result.model_copy(update={"provenance": provenance}), samples))
    assert task_board({"erm": make_task_row(outcomes)}).few[0]["asked_again"] == weakest


def test_a_mean_that_not_all_results_have_is_left_out(suite, make_outcome, task_board):
    whole, samples = make_outcome(suite, 0.8, 0)
    decoded = {name: row | {"decoded": 0.1} for name, row in whole.channels.items()}
    whole = whole.model_copy(update={"metrics": whole.metrics | {"probe": 0.5}, "channels": decoded})
    bare, others = make_outcome(suite, 0.8, 1)
    bare = bare.model_copy(update={"channels": decoded | {"color": bare.channels["color"]}})
    (row,) = task_board({"a": make_task_row([(whole, samples), (bare, others)])}).few
    assert "probe" not in row
    assert [key for key in row if "decoded" in key] == ["decoded_by_channel.background"]


def test_the_guaranteed_interval_covers_for_all_seeds_at_once(suite, make_row, task_board):
    row = make_row(suite, 0.8, range(3))
    ends = [simultaneous_interval(np.array(r.groups), np.full(12, 5), 1 - 0.05 / 3) for r in row.results]
    (line,) = task_board({"a": row}).few
    found = line["wga_simultaneous_low"], line["wga_simultaneous_high"]
    assert found == pytest.approx(np.mean(ends, axis=0).tolist())


def test_without_rows_there_is_no_board(suite):
    assert build(suite, {}) == Leaderboard("tiny", suite.manifest.digest, {}, {}, [], [])


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


def test_rows_are_ranked_by_their_mean_over_the_set_by_unit(whole, rows):
    part = build(whole, rows).overall["both"]
    assert (part.tasks, part.asked, part.unit, part.few, part.unranked) == (TASKS, 5, "seed", [], [])
    means = {label: np.mean([robust(row[task]) for task in TASKS], axis=0) for label, row in rows.items()}
    spread = fit_spread([means[label] for label in sorted(means)])
    for row in part.rows:
        assert estimate_of(row, "robust_accuracy") == mean_estimate(means[row["submission"]], spread)
        assert row["units"] == 5
    assert [row["submission"] for row in part.rows][-2:] == ["group_dro", "resample"]
    assert shown_rows(part)["group_dro"]["last_rank"] == 1
    assert shown_rows(part)["group_dro"]["to_erm_verdict"] == "better"


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


RUNGS = ("few-text-4", "few-text-16")


@pytest.fixture
def rungs(ladder_suite):
    return [ladder_suite.task(name) for name in RUNGS]


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
    found, goal = shown_rows(part), goal_of(rungs)
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
    assert all(number and not ratio for number, ratio in counterexamples(rungs, values, None).values())
    bare = [replace(rung, scenario=rung.scenario.model_copy(update={"ceiling": None})) for rung in rungs]
    assert counterexamples(bare, values, "erm") == {}


@pytest.fixture
def make(ladder_suite, make_rung_row, baseline):
    """Return a function that makes ERM's row without correlations on rungs; `follow` by counterexamples."""

    def rows(label="erm", matched=False, changes=None, **follow):
        fields = {"uncorrelated": True, "matched": matched} | baseline | (changes or {})
        of_rung = {name.replace("m", "few-text-"): share for name, share in follow.items()}
        return {label: {t: make_rung_row(ladder_suite, share, task=t, **fields) for t, share in of_rung.items()}}

    return rows


@pytest.fixture
def with_controls(ladder_suite, ladder_rows):
    def make(ceiling, matched, tricks=None):
        references = {"ceiling": ceiling, "matched": matched, "tricks": tricks or {}}
        return build(ladder_suite, ladder_rows(ladder_suite), references)

    return make


def mean_of_three(row, kind="accuracy"):
    return np.mean([row.metric(f"{kind}_{state}") for state in ("agree", "mislead", "neutral")], axis=0)


def test_a_ladder_shows_its_ceiling_and_matched_control(with_controls, make, ladder_suite):
    ceiling, matched = make(m16=0.0), make(matched=True, m4=0.5, m16=0.2)
    made = with_controls(ceiling, matched)
    found = made.overall["few-text"].controls
    values = {m: mean_of_three(matched["erm"][f"few-text-{m}"]).mean() for m in (4, 16)}
    # A learner that never met a shortcut is equally good in all three: their lowest would be too low by chance.
    assert found.ceiling == mean_of_three(ceiling["erm"]["few-text-16"]).mean()
    assert found.matched == values
    assert found.seen == mean_of_three(ceiling["erm"]["few-text-16"], "seen").mean()
    mean = sum(values.values()) / 2
    for text in (to_text(made), first_to_text(made)):
        assert "Ideal observer   1.000" in text
        assert f"Ceiling          {found.ceiling:.3f}   ERM, trained with all values at random" in text
        assert re.search(r"Threshold        0\.\d{3}   of N: 3/4 of 0\.\d\d, the ceiling of tuning worlds", text)
        assert f"Matched control  {mean:.3f}   ERM, on as many such samples as counterexamples:" in text
        assert max(map(len, text.splitlines())) <= 80
    stored = json.loads(to_json(made))["overall"]["few-text"]["controls"]
    assert stored == {"ideal": 1.0, "ceiling": found.ceiling, "matched": {str(m): v for m, v in values.items()},
                      "seen": found.seen, "matched_needs": found.matched_needs,
                      "tuning_ceiling": found.tuning_ceiling, "tricks": []}  # fmt: skip
    curves = np.stack([mean_of_three(matched["erm"][f"few-text-{m}"]) for m in values], axis=1)
    assert found.matched_needs == needed(curves, Goal((4, 16), 0.75 * 0.9)).text
    assert f"- {found.lines[-1]}" in to_markdown(made)
    last = overview_table(made, ladder_suite.tasks).splitlines()[-1]
    assert last.startswith("| control: m samples, no shortcut")
    assert found.matched_needs in last


def test_a_board_without_controls_says_nothing_of_them(with_controls):
    made = with_controls({}, {})
    assert made.overall["few-text"].controls.ceiling is made.overall["few-text"].controls.matched is None
    assert "Ideal observer" not in to_text(made)


@pytest.mark.parametrize(
    "changes",
    [{"uncorrelated": False}, {"error": "boom"}, {"data_sha256": "0" * 64}, {"spec": "m.py"}, {"groups": (1,) * 6}],
)
def test_controls_that_cannot_be_believed_are_left_out(with_controls, make, changes):
    rows = make(matched=True, m4=0.5, m16=0.2), make(matched=True, changes=changes, m4=0.5, m16=0.2)
    assert [with_controls({}, each).overall["few-text"].controls.matched is None for each in rows] == [False, True]


def test_a_matched_control_is_no_ceiling_and_one_of_every_rung_is_needed(with_controls, make):
    found = with_controls(make(matched=True, m16=0.2), make(matched=True, m16=0.2)).overall["few-text"].controls
    assert (found.ceiling, found.matched) == (None, None)


def test_a_matched_control_is_averaged_over_its_draws_with_all_worlds(with_controls, make, make_rung_row, ladder_suite):
    first, second = make(matched=True, m4=0.5, m16=0.2), make("erm-draw=1", matched=True, m4=0.1, m16=0.1)
    few = {t: make_rung_row(ladder_suite, 0.9, range(2), task=t, **vars_of(row)) for t, row in first["erm"].items()}
    found = with_controls({}, first | second | {"erm-draw=2": few}).overall["few-text"].controls
    draws = [rows[label][f"few-text-{m}"] for m in (4, 16) for rows, label in ((first, "erm"), (second, "erm-draw=1"))]
    each = [mean_of_three(row).mean() for row in draws]
    assert list(found.matched.values()) == pytest.approx([np.mean(each[:2]), np.mean(each[2:])])


def vars_of(row):
    result = row.results[0]
    return {name: getattr(result, name) for name in ("uncorrelated", "matched", "spec", "submission_sha256")}


def test_a_trick_stands_beside_the_board_and_is_compared_with_nobody(with_controls, make_rung_row, ladder_suite):
    tricks = {
        "words_masked": {f"few-text-{m}": make_rung_row(ladder_suite, 0.1, task=f"few-text-{m}") for m in (4, 16)}
    }
    made, without = with_controls({}, {}, tricks), with_controls({}, {})
    part = made.overall["few-text"]
    assert replace(part, controls=None) == replace(without.overall["few-text"], controls=None)
    curves = np.stack([row.metric("robust_accuracy") for row in tricks["words_masked"].values()], axis=1)
    needs = needed(curves, Goal((4, 16), 0.75 * 0.9)).text
    assert part.controls.tricks == (Trick("words masked", pytest.approx(curves.mean()), needs, 5),)
    line = f"Trick            {curves.mean():.3f}   words masked: needs {needs}, with labels alone, in 5 worlds"
    assert line in to_text(made)
    assert line in first_to_text(made)


@pytest.mark.parametrize("changes", [{"error": "boom"}, {"data_sha256": "0" * 64}, {"groups": (1,) * 6}])
def test_tricks_that_cannot_be_believed_or_lack_a_rung_are_left_out(
    with_controls, make_rung_row, ladder_suite, changes
):
    def row(m, **changes):
        return make_rung_row(ladder_suite, 0.1, task=f"few-text-{m}", **changes)

    tricks = {"a": {"few-text-4": row(4)}, "b": {"few-text-4": row(4), "few-text-16": row(16, **changes)}}
    assert with_controls({}, {}, tricks).overall["few-text"].controls.tricks == ()
