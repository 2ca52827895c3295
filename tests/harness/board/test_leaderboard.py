from dataclasses import replace

import numpy as np
import pytest

from spurgen.benchmark.result import ConsistencyCheck
from spurgen.harness.board.against_erm import against_erm
from spurgen.harness.board.bootstrap import TaskBootstrap, pooled_spreads
from spurgen.harness.board.leaderboard import BOOTSTRAPPED, SHOWN, build, make_row
from spurgen.harness.board.rendering import to_markdown
from spurgen.harness.board.schema import Leaderboard, Unranked
from spurgen.harness.metrics import basic_interval, bias_corrected, percentile_interval, simultaneous_interval
from spurgen.harness.results.rows import make_task_row
from spurgen.harness.statistics.estimate import Estimate
from spurgen.harness.statistics.ranking import rank

BASES = 24
RISING = np.linspace(0, 1, BASES)


@pytest.fixture
def bootstrap(suite):
    return TaskBootstrap.of(suite.task("small-text"))


def by_label(part):
    return {row.submission: row for row in part.rows}


def width(estimate):
    return estimate.high - estimate.low


def test_rows_are_ranked_and_others_listed_with_the_reason(suite, make_row, task_board):
    rows = {
        label: make_row(suite, quality, range(3)) for label, quality in (("good", 1.0), ("fair", 0.6), ("low", 0.2))
    }
    part = task_board(rows | {"false": make_row(suite, 1.0, uncorrelated=True)})
    assert [(row.rank, row.tied, row.submission) for row in part.rows] == [(1, False, "good"), (2, False, "fair")]
    reference, chance = "a reference, trained without the correlations", "not significantly better than chance"
    assert part.unranked == [
        Unranked(submission="false", access="none", seeds=1, reason=reference),
        Unranked(submission="low", access="none", seeds=3, reason=f"{chance} in test accuracy",
                 accuracy=rows["low"].mean("accuracy"), wga=0.0),
    ]  # fmt: skip


def test_equal_rows_are_tied_and_ordered_by_sss_then_by_the_size_of_ig(suite, make_row, task_board):
    arrays = {label: {"ig": np.full(BASES, ig)} for label, ig in (("a", -0.5), ("b", 0.3), ("c", 0.1), ("d", -0.2))}
    arrays["e"] = {"sss/color": np.full(BASES, 0.1), "ig": np.full(BASES, 0.9)}
    part = task_board({label: make_row(suite, 0.9, arrays=changes) for label, changes in arrays.items()})
    assert {(row.rank, row.tied) for row in part.rows} == {(1, True)}
    assert [row.submission for row in part.rows] == ["e", "c", "d", "b", "a"]


def test_the_order_of_rows_changes_nothing(suite, make_row, task_board):
    rows = {f"m{k}": make_row(suite, k / 10, range(1 + k % 2)) for k in range(5, 9)}
    rows["erm"] = make_row(suite, 0.7, range(3))
    assert task_board(rows) == task_board(dict(reversed(rows.items())))


def test_a_rows_own_seed_variance_widens_its_interval(suite, make_outcome, make_row, task_board, bootstrap, baseline):
    ours = make_row(suite, 0.8, (0, 1), **baseline)
    wild = make_task_row([make_outcome(suite, quality, seed) for seed, quality in enumerate((1.0, 0.6))])
    spreads = pooled_spreads([ours, wild], ["wga"])
    higher, lower = (bootstrap.replicates("wild", wild, "wga", spreads, own=own) for own in (True, False))
    assert higher.std() > 1.5 * lower.std()
    shown = by_label(task_board({"a": ours, "wild": wild}))["wild"]
    assert shown.estimates["wga"].ends == basic_interval(wild.mean("wga"), higher)


def test_high_seed_variance_does_not_protect_a_low_row(suite, make_row, make_outcome, task_board, bootstrap, baseline):
    best, fair = make_row(suite, 1.0, range(5)), make_row(suite, 0.9, range(5), **baseline)
    wild = make_task_row([make_outcome(suite, correct, k) for k, correct in enumerate((bootstrap.groups > 0, 1.0))])
    rows = {"best": best, "erm": fair, "wild": wild}
    spreads = pooled_spreads(rows.values(), ["wga"])
    own = np.stack([bootstrap.replicates(label, row, "wga", spreads) for label, row in rows.items()])
    ranks = rank(np.array([row.mean("wga") for row in rows.values()]), own)
    assert ranks[2] == 1  # a tie, if the row's own variance counted
    assert by_label(task_board(rows))["wild"].rank == 2


@pytest.fixture
def varied(suite, make_outcome):
    """A row of three seeds, every metric with a value and a spread of its own."""
    shapes = {"placebo": 0.1, "core": 0.9, "ig": -3, "flip": 0.5, "sss/color": 0.6, "sss/background": 0.2}
    outcomes = []
    for seed in range(3):
        arrays = {name: scale * np.roll(RISING, k) + 0.01 * seed for k, (name, scale) in enumerate(shapes.items())}
        outcomes.append(make_outcome(suite, 0.8, seed, arrays=arrays | {"cra": np.arange(BASES) % (seed + 2) == 0}))
    return make_task_row(outcomes)


def test_every_metric_has_its_own_interval(bootstrap, varied):
    spreads = pooled_spreads([varied], BOOTSTRAPPED)
    row, replicates = make_row(bootstrap, "a", varied, spreads)
    assert list(replicates) == list(BOOTSTRAPPED)
    for metric in BOOTSTRAPPED:
        drawn = replicates[metric]
        assert np.array_equal(drawn, bootstrap.replicates("a", varied, metric, spreads))
        assert row.value(metric) == varied.mean(metric)
        low, high = percentile_interval(drawn)
        ends = (low, high) if metric == "ig" else (max(low, 0), min(high, 1))
        if metric == "wga":
            assert ends != basic_interval(row.value("wga"), drawn)
            ends = basic_interval(row.value("wga"), drawn)
        assert row.estimates[metric] == Estimate(varied.mean(metric), *ends), metric
    assert row.wga_corrected == bias_corrected(row.value("wga"), replicates["wga"]) > row.value("wga")
    assert len({width(row.estimates[metric]) for metric in BOOTSTRAPPED}) == len(BOOTSTRAPPED)


def test_tables_need_only_a_part_of_the_intervals(suite, varied, make_row):
    rows = {"a": {"small-text": varied}, "erm": {"small-text": make_row(suite, 0.6, (0, 1))}}
    whole, part = build(suite, rows), build(suite, rows, None, SHOWN)
    assert to_markdown(part) == to_markdown(whole)
    row = part.tasks["small-text"].rows[0]
    assert {metric for metric, estimate in row.estimates.items() if estimate.low is not None} == set(SHOWN)


def test_a_row_shows_what_it_rests_on(suite, make_outcome, task_board):
    trust = [("process", "re-run"), ("bubblewrap", "self-reported"), ("bubblewrap", "re-run")]
    outcomes = [make_outcome(suite, 0.8, s, isolation=i, verification=v) for s, (i, v) in enumerate(trust)]
    (row,) = task_board({"a": make_task_row(outcomes)}).rows
    assert (row.name, row.access, row.seeds, row.seed_variance) == ("m0.8", "none", 3, "own")
    assert (row.isolation, row.verification) == ("process", "self-reported")
    assert row.by_channel["sss"] == {"color": pytest.approx(0.3), "background": pytest.approx(0.1)}
    assert row.patterns == {"aa": pytest.approx(np.mean([result.patterns["aa"] for result, _ in outcomes]))}
    assert row.seconds == 1
    assert row.against_erm is None


def test_an_unknown_isolation_is_the_weakest(suite, make_outcome, task_board):
    row = make_task_row([make_outcome(suite, 0.8, 0), make_outcome(suite, 0.8, 1, isolation="none")])
    assert task_board({"a": row}).rows[0].isolation == "none"


@pytest.mark.parametrize(
    ("workers", "weakest"), [(["fresh", "fresh"], "fresh"), (["fresh", "same"], "same"), (["fresh", None], "unknown")]
)
def test_the_weakest_consistency_check_of_a_row_is_shown(suite, make_outcome, task_board, workers, weakest):
    outcomes = []
    for seed, worker in enumerate(workers):
        result, samples = make_outcome(suite, 0.9, seed)
        check = ConsistencyCheck(worker=worker) if worker else None
        provenance = result.provenance.model_copy(update={"consistency": check})
        outcomes.append((result.model_copy(update={"provenance": provenance}), samples))
    assert task_board({"a": make_task_row(outcomes)}).rows[0].asked_again == weakest


def test_a_mean_that_not_all_results_have_is_left_out(suite, make_outcome, task_board):
    whole, samples = make_outcome(suite, 0.8, 0, rules={"last": {"wga": 0.4, "accuracy": 0.8}})
    whole = whole.model_copy(update={"metrics": whole.metrics | {"probe": 0.5}})
    bare, others = make_outcome(suite, 0.8, 1, patterns={}, rules={"last": {"wga": 0.6}})
    channels = bare.channels | {"color": {"sss": bare.channels["color"]["sss"]}}
    bare = bare.model_copy(update={"channels": channels})
    (row,) = task_board({"a": make_task_row([(whole, samples), (bare, others)])}).rows
    assert row.patterns == {}
    assert "probe" not in row.estimates
    assert row.selections == {"last": {"wga": 0.5}}
    assert row.by_channel["pull"] == {"background": 0.1}


@pytest.mark.parametrize(("core", "ignores"), [(0.2, True), (0.21, False), (0.5, False), (0.0, True)])
def test_a_row_ignores_the_core_cue_if_it_moves_it_no_more_than_the_placebo(suite, make_row, task_board, core, ignores):
    arrays = {"core": np.full(BASES, core), "placebo": np.full(BASES, 0.2)}
    assert task_board({"a": make_row(suite, 0.6, arrays=arrays, patterns={})}).rows[0].ignores_core is ignores


def test_the_guaranteed_interval_covers_for_all_seeds_at_once(suite, make_row, task_board):
    row = make_row(suite, 0.8, range(3))
    ends = [simultaneous_interval(np.array(r.groups), np.full(12, 5), 1 - 0.05 / 3) for r in row.results]
    assert task_board({"a": row}).rows[0].wga_simultaneous == pytest.approx(np.mean(ends, axis=0).tolist())


def test_rows_are_compared_with_erm(suite, make_row, task_board, bootstrap):
    rows = {label: make_row(suite, quality, (0, 1)) for label, quality in (("erm", 0.6), ("a", 0.9), ("b", 0.65))}
    spreads = pooled_spreads(rows.values(), ["wga"])
    expected = against_erm(rows, lambda label, _: bootstrap.replicates(label, rows[label], "wga", spreads))
    shown = by_label(task_board(rows | {"out": make_row(suite, 0.1)}))
    assert {label: row.against_erm for label, row in shown.items()} == expected | {"erm": None}
    assert shown["a"].against_erm.difference == pytest.approx(shown["a"].value("wga") - shown["erm"].value("wga"))


@pytest.fixture
def several(suite, make_outcome):
    """A row whose three seeds differ."""
    return make_task_row([make_outcome(suite, quality, seed) for seed, quality in enumerate((0.5, 0.7, 0.9))])


def test_a_single_seed_gets_the_variance_of_the_other_rows(suite, make_row, task_board, several):
    alone = make_row(suite, 0.9)
    unknown, rows = task_board({"a": alone}).rows[0], by_label(task_board({"a": alone, "b": several}))
    assert (unknown.seed_variance, rows["a"].seed_variance, rows["b"].seed_variance) == ("unknown", "pooled", "own")
    for metric in ("wga", "accuracy"):
        assert width(rows["a"].estimates[metric]) > 1.2 * width(unknown.estimates[metric]), metric
    assert rows["a"].estimates["sss"] == unknown.estimates["sss"]  # in which those seeds do not differ


def test_a_comparison_with_erm_on_one_common_seed_includes_the_pooled_variance(
    suite, make_row, task_board, bootstrap, several
):
    rows = {"erm": several, "a": make_row(suite, 0.9)}
    spreads = pooled_spreads(rows.values(), ["wga"])
    ours, its = (bootstrap.replicates(label, rows[label].first(1), "wga", spreads) for label in ("a", "erm"))
    low, high = by_label(task_board(rows))["a"].against_erm.interval
    assert high - low == pytest.approx(2 * 1.959964 * (ours - its).std(ddof=1))


def test_seeds_that_all_have_a_wga_of_0_do_not_show_the_variance(suite, make_row, task_board, bootstrap):
    stuck = make_row(suite, bootstrap.groups > 0, range(3))
    rows = by_label(task_board({"a": make_row(suite, 0.9), "stuck": stuck}))
    assert rows["stuck"].value("wga") == 0
    assert rows["a"].seed_variance == "unknown"


def test_sets_of_tasks_are_ranked_where_the_suite_names_them(suite, make_row):
    assert build(suite, {}) == Leaderboard("tiny", suite.manifest.digest, {}, {})
    both = ("small-text", "small-image")
    whole = {task: make_row(suite, 0.9, task=task) for task in both}
    rows = {"whole": whole, "half": {"small-text": make_row(suite, 1.0)}}
    part = build(replace(suite, overall={"both": both}), rows).overall["both"]
    assert [row.submission for row in part.rows] == ["whole"]
    assert part.unranked == [Unranked(submission="half", reason="small-image: not run")]
