from dataclasses import replace

import numpy as np
import pytest

from spurgen.benchmark.result import Report
from spurgen.harness.board.columns import column
from spurgen.harness.board.comparison import (
    UNKNOWN,
    Again,
    better,
    compare_means,
    compare_results,
    compare_rows,
    false_claims,
    tolerances,
    worst_match,
)
from spurgen.harness.board.rows import by_label, spread_of
from spurgen.harness.results.rows import make_task_row
from spurgen.harness.statistics.estimate import holm
from spurgen.harness.statistics.units import SeedSpread, paired


@pytest.fixture
def rows(suite, make_row, make_outcome, make_baselines):
    """Our methods, and three rows: one is better and leans less on colour; the third is the second again."""

    def leaning(quality, sss, units):
        arrays = [{"sss/color": np.full(24, sss + 0.02 * sss * k)} for k in range(units)]
        return make_task_row([make_outcome(suite, quality, k, arrays=arrays[k]) for k in range(units)])

    better, worse = leaning(0.98, 0.1, 5), leaning(0.5, 0.6, 4)
    rows = {"better": better, "worse": worse, "failed": make_row(suite, 0.6, error="boom"), "same": worse}
    return {label: {"small-text": row} for label, row in (rows | make_baselines()).items()}


def test_every_metric_is_compared_with_an_interval(suite, rows):
    comparison = compare_rows(suite, rows, "better", "worse", ["small-text"])
    assert comparison.units == {"small-text": (5, 4, "seed")}
    metrics = comparison.tasks["small-text"]
    assert {name: better(name, compared) for name, compared in metrics.items()} == {
        "robust_accuracy": "first", "accuracy_agree": "first", "wga": "first", "accuracy": "first", "follows": None,
        "uses_thing": "first", "sss": "first", "follows/color": None, "follows/background": None, "sss/color": "first",
        "sss/background": None,
    }  # fmt: skip
    assert (metrics["sss/color"].first, metrics["sss/color"].second) == pytest.approx((0.103, 0.618), abs=1e-4)
    assert metrics["sss/background"].interval is None  # the same in every result of both
    for compared in metrics.values():
        assert compared.difference == pytest.approx(compared.first - compared.second)  # all over the units of both
        if compared.interval is not None:
            assert compared.interval[0] <= compared.difference <= compared.interval[1]
            assert compared.p <= compared.p_holm <= 1


def test_the_test_is_the_moderated_paired_one_with_the_baselines_spread(suite, rows):
    fit = {label: row["small-text"] for label, row in rows.items() if label != "failed"}
    values = by_label(fit, "robust_accuracy")
    spread = spread_of("robust_accuracy", values, set(values) - {"better", "worse", "same"})
    expected = paired(values["better"], values["worse"], spread)
    compared = compare_rows(suite, rows, "better", "worse", ["small-text"]).tasks["small-text"]["robust_accuracy"]
    assert (compared.difference, compared.interval, compared.p) == (pytest.approx(expected.value), *expected[1:])


def test_the_other_way_round_is_the_same_with_the_sign_changed(suite, rows):
    there, back = (
        compare_rows(suite, rows, *pair, ["small-text"]) for pair in (("better", "worse"), ("worse", "better"))
    )
    for name, compared in there.tasks["small-text"].items():
        other = back.tasks["small-text"][name]
        assert other.difference == pytest.approx(-compared.difference)
        assert better(name, other) == {"first": "second", None: None}[better(name, compared)]


def test_equal_rows_do_not_differ(suite, rows):
    metrics = compare_rows(suite, rows, "worse", "same", ["small-text"]).tasks["small-text"]
    assert all(better(name, each) is None and each.difference == 0 for name, each in metrics.items())


def test_what_is_asked_is_corrected_together_and_all_else_together(suite, rows, make_row):
    alone = compare_rows(suite, rows, "better", "worse", ["small-text"]).tasks["small-text"]["accuracy"]
    for label, quality in (("better", 0.8), ("worse", 0.7)):
        rows[label]["small-image"] = make_row(suite, quality, range(2), task="small-image")
    both = compare_rows(suite, rows, "better", "worse", ["small-text", "small-image"])
    assert list(both.tasks) == ["small-text", "small-image"]
    assert both.tasks["small-text"]["accuracy"].p == alone.p
    assert both.asked == {name: part["robust_accuracy"] for name, part in both.tasks.items()}
    rest = [each for part in both.tasks.values() for name, each in part.items() if name != "robust_accuracy"]
    for family in ([*both.asked.values()], rest):
        assert [compared.p_holm for compared in family] == holm([compared.p for compared in family])
    assert any(compared.p is not None and compared.p_holm > compared.p for compared in rest)


def test_a_task_on_which_a_row_cannot_be_ranked_is_left_out_with_the_reason(suite, rows):
    comparison = compare_rows(suite, rows, "better", "failed", ["small-text", "small-image"])
    assert comparison.tasks == {}
    assert comparison.left_out == {
        "small-text": "failed: failed with seed 0: boom",
        "small-image": "better: not run; failed: not run",
    }


def test_a_set_of_tasks_is_compared_by_its_means_where_both_have_all_of_it(suite, rows, make_row, make_baselines):
    both = ("small-text", "small-image")
    suite = replace(suite, overall={"both": both, "all": tuple(suite.tasks)})
    for label, row in make_baselines(task="small-image").items():
        rows[label]["small-image"] = row
    for label, quality in (("better", 0.98), ("worse", 0.5)):
        rows[label]["small-image"] = make_row(suite, quality, range(5), task="small-image")
    comparison = compare_rows(suite, rows, "better", "worse", list(suite.tasks))
    assert list(comparison.overall) == ["both"]
    assert list(comparison.overall["both"]) == [
        "robust_accuracy", "accuracy_agree", "wga", "accuracy", "follows", "uses_thing", "sss",
    ]  # fmt: skip
    compared = comparison.overall["both"]["accuracy"]
    common = [rows[label][task].metric("accuracy")[:4] for task in both for label in ("better", "worse")]
    assert (compared.first, compared.second) == pytest.approx((np.mean(common[0::2]), np.mean(common[1::2])))
    assert compared.difference == pytest.approx(compared.first - compared.second)
    assert better("accuracy", compared) == "first"
    assert compare_rows(suite, rows, "better", "worse", ["small-text"]).overall == {}
    rows["worse"]["small-image"] = make_row(suite, 0.5, task="small-image", access="envs")
    assert compare_rows(suite, rows, "better", "worse", list(suite.tasks)).overall == {}


def test_rows_on_a_rung_are_compared_by_what_their_answers_follow(ladder_suite, ladder_rows):
    rows = ladder_rows(ladder_suite)
    comparison = compare_rows(ladder_suite, rows, "group_dro", "erm", ["few-text-4", "few-text-16"])
    metrics = comparison.tasks["few-text-4"]
    assert {"robust_accuracy", "accuracy_agree", "follows", "uses_thing", "follows/hue", "sss/wall"} <= metrics.keys()
    assert metrics["follows"].difference < 0
    assert better("follows", metrics["follows"]) == "first"
    assert comparison.overall["few-text"]["robust_accuracy"].difference > 0
    assert column("robust_accuracy").title == "Accuracy if misled"


def test_on_a_ladder_its_score_and_the_counterexamples_needed_are_asked_and_its_rungs_are_not(
    ladder_suite, ladder_rows, ladder_board
):
    rows = ladder_rows(ladder_suite)
    comparison = compare_rows(ladder_suite, rows, "group_dro", "erm", [*ladder_suite.tasks])
    assert "few-text-4" in comparison.tasks
    assert not {"few-text-4", "few-text-16"} & comparison.asked.keys()
    assert comparison.asked["few-text"] == comparison.overall["few-text"]["robust_accuracy"]
    known = {row["submission"]: row for row in ladder_board.overall["few-text"].rows}
    ours, its = (known[label]["counterexamples_text"] for label in ("group_dro", "erm"))
    assert comparison.needed["few-text"] == (ours, its, known["group_dro"]["counterexamples_to_erm_text"])
    assert [*compare_rows(ladder_suite, rows, "group_dro", "erm", ["few-text-4"]).asked] == ["few-text-4"]


@pytest.mark.parametrize(
    ("after", "match"),
    [(0.5, "exact"), (0.5 + 1e-7, "exact"), (0.45, "within tolerance"), (0.61, "differs"), (0.39, "differs")],
)
def test_a_metric_may_differ_by_its_tolerance(after, match):
    assert Again("wga", 0.5, after, 0.1).match == match


@pytest.mark.parametrize(
    ("afters", "match"),
    [([], "failed"), ([0.5], "exact"), ([0.5, 0.55], "within tolerance"), ([0.5, 0.9, 0.55], "differs")],
)
def test_a_result_is_as_good_as_its_worst_metric(afters, match):
    assert worst_match([Again("wga", 0.5, after, 0.1) for after in afters]) == match


def test_the_tolerance_is_the_difference_that_another_seed_makes(suite, make_row, make_outcome, baseline):
    rows = [make_row(suite, quality, range(3), **baseline) for quality in (0.6, 0.8)]
    squares = [np.square(wga - wga.mean()).sum() for wga in (row.metric("wga") for row in rows)]
    assert tolerances(rows)["wga"] == pytest.approx(2.772 * np.sqrt(sum(squares) / 4), rel=1e-3)
    assert tolerances([make_row(suite, quality, **baseline) for quality in (0.6, 0.8)]) == UNKNOWN
    assert tolerances(rows, one_world=False) == UNKNOWN  # rows of one training a world
    failed = make_outcome(suite, 0.6, 1, error="boom", metrics={}, **baseline)
    assert tolerances([*rows, make_task_row([make_outcome(suite, 0.6, **baseline), failed])]) == tolerances(rows)


def test_a_strangers_seeds_widen_no_tolerance(suite, make_row, make_outcome, baseline):
    rows = [make_row(suite, 0.6, range(3), **baseline)]
    for spec in ("m.py", baseline["spec"]):  # also not if it only says that it is a baseline
        outcomes = [make_outcome(suite, quality, seed, spec=spec) for seed, quality in enumerate((0.1, 0.9))]
        assert tolerances([*rows, make_task_row(outcomes)]) == tolerances(rows)


@pytest.mark.parametrize("comparisons", [1, 6, 54])
def test_one_honest_run_in_twenty_differs_for_any_number_of_comparisons(comparisons, monkeypatch, suite, make_row):
    monkeypatch.setattr("spurgen.harness.board.comparison.pool", lambda _: SeedSpread(1.0, 10))
    allowed = tolerances([make_row(suite, 0.6)], comparisons)["wga"]
    pairs = np.random.default_rng(0).normal(size=(20_000, comparisons, 2))
    within = (np.abs(pairs[..., 0] - pairs[..., 1]) <= allowed).all(axis=1)
    assert within.mean() == pytest.approx(0.95, abs=0.005)


def test_a_run_that_failed_has_nothing_to_compare(suite, make_outcome):
    before, after = make_outcome(suite, 0.8)[0], make_outcome(suite, 0.8, error="boom")[0]
    assert compare_results(before, after, UNKNOWN) == []


def test_what_answers_follow_is_compared_by_channel(suite, make_outcome):
    before = make_outcome(suite, 0.8, follows={"color": 0.5})[0]
    after = make_outcome(suite, 0.8, follows={"color": 0.35})[0]
    differ = {again.metric for again in compare_results(before, after, UNKNOWN) if again.match == "differs"}
    assert differ == {"follows", "follows/color"}


def test_a_metric_that_only_the_second_run_lacks_differs(suite, make_outcome):
    before = make_outcome(suite, 0.8)[0]
    after = before.model_copy(update={"metrics": {k: v for k, v in before.metrics.items() if k != "wga"}})
    assert {again.metric for again in compare_results(before, after, UNKNOWN) if again.match == "differs"} == {"wga"}
    assert "wga" not in {again.metric for again in compare_results(after, before, UNKNOWN)}


def test_what_a_row_says_of_its_submission_is_compared(suite, make_outcome):
    before = make_outcome(suite, 0.8)[0]
    assert false_claims(before, before) == {}
    after = before.model_copy(update={"access": "twins", "report": Report(checks={"learned": False, "fine": True})})
    assert false_claims(before, after) == {"access": (before.access, "twins"), "failed_checks": ("", "learned")}
    assert false_claims(before, after.model_copy(update={"error": "boom"})) == {}


def test_results_that_all_moved_the_same_way_differ_in_the_mean():
    def moved(*shifts):
        return [[Again("wga", 0.5, 0.5 + shift, 0.1), Again("sss", 0.2, 0.2, 0.1)] for shift in shifts]

    inflated = compare_means(moved(0.08, 0.08, 0.08, 0.08))
    assert [(again.metric, again.tolerance, again.match) for again in inflated] == [
        ("wga", 0.05, "differs"), ("sss", 0.05, "exact"),
    ]  # fmt: skip
    assert worst_match(compare_means(moved(0.08, -0.08, 0.08, -0.07))) == "within tolerance"
    assert compare_means(moved(0.08)) == compare_means([]) == []


def test_a_metric_that_some_results_lack_is_compared_over_the_others():
    first, second = Again("wga", 0.5, 0.6, 0.2), Again("sss", 0.1, 0.1, 0.1)
    [found] = compare_means([[first, second], [first]])
    assert (found.metric, found.before, found.after) == ("wga", 0.5, 0.6)
