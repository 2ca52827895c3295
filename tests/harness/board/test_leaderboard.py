import numpy as np
import pytest

from spurgen.benchmark.result import ConsistencyCheck
from spurgen.harness.board.columns import estimate_of
from spurgen.harness.board.leaderboard import build
from spurgen.harness.board.placing import against_erm, standings
from spurgen.harness.board.rows import RANKED_BY, by_label, spread_of, unranked_line
from spurgen.harness.board.schema import Leaderboard
from spurgen.harness.metrics import simultaneous_interval
from spurgen.harness.results.rows import make_task_row
from spurgen.harness.statistics.units import mean_estimate

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
    assert build(suite, {}) == Leaderboard("tiny", suite.manifest.digest, {}, {})
