import numpy as np
import pytest

from spurgen.benchmark.result import Report
from spurgen.harness.board.comparison import (
    UNKNOWN,
    Again,
    compare_means,
    compare_results,
    false_claims,
    tolerances,
    worst_match,
)
from spurgen.harness.results.rows import make_task_row
from spurgen.harness.statistics.units import SeedSpread


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
