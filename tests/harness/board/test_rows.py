from dataclasses import replace

import numpy as np
import pytest

from spurgen.benchmark.errors import FrozenDataError
from spurgen.benchmark.result import UNWRITTEN, ConsistencyCheck, Report, Reproduction
from spurgen.benchmark.worlds.things import GROUPED
from spurgen.generators.world import world_of
from spurgen.harness.board.leaderboard import build
from spurgen.harness.board.rows import (
    about_method,
    beats_chance,
    by_label,
    by_unit,
    full_names,
    group_sizes,
    groups_on_test,
    is_baseline_row,
    method_name,
    not_believed,
    not_fit,
    spread_of,
    unit_of,
    unranked_line,
)
from spurgen.harness.results.rows import TaskRow, make_task_row
from spurgen.harness.results.store import Store
from spurgen.harness.statistics.samples import better_than_chance
from spurgen.harness.statistics.units import fit_spread


def test_a_metric_that_a_result_lacks_is_none(suite, make_row):
    row = make_row(suite, 0.7)
    assert by_unit(row, "no_such") is None
    assert by_label({"a": row}, "no_such") == {}
    assert by_unit(row, "sss/color").tolist() == [row.results[0].channels["color"]["sss"]]


def test_a_row_needs_a_result_for_every_world_or_five_seeds(suite):
    task = suite.task("small-text")
    assert (unit_of(task), task.units_asked) == ("seed", 5)
    worlds = type(task)("t", task.scenario.model_copy(update={"worlds": 3}), "text")
    assert (unit_of(worlds), worlds.units_asked) == ("world", 3)


@pytest.mark.parametrize(
    ("metrics", "ends"),
    [
        (("robust_accuracy", "wga", "accuracy", "sss", "sss/color", "follows", "follows/color", "uses_thing"),
         (0.0, 1.0)),
        (("ig",), (-np.inf, np.inf)),
    ],
)  # fmt: skip
def test_intervals_of_a_metric_end_where_its_range_does(metrics, ends):
    values = {f"m{k}": np.array([0.5, 0.6, 0.7]) + 0.1 * k for k in range(3)}
    expected = fit_spread([values["m0"], values["m2"]], ends)
    for metric in metrics:
        assert spread_of(metric, values, {"m2", "m0", "absent"}) == expected, metric


def test_a_rungs_groups_are_the_same_in_every_world_and_its_metrics_those_of_its_results(ladder_suite, make_rung_row):
    task, row = ladder_suite.task("few-text-4"), make_rung_row(ladder_suite, 0.4)
    for world in range(3):
        made = [world_of(task.scenario.in_world(world)).factors(part).group_ids for part in GROUPED]
        assert np.array_equal(groups_on_test(task), np.concatenate(made))
    assert group_sizes(task).tolist() == [20] * 6
    for metric in ("robust_accuracy", "wga", "follows", "follows/wall"):
        assert by_unit(row, metric).tolist() == pytest.approx(row.metric(metric).tolist()), metric


def test_a_row_of_ours_is_a_baseline(suite, make_row, baseline):
    assert is_baseline_row(make_row(suite, 0.8, range(3), **baseline))
    assert not is_baseline_row(make_row(suite, 0.8, range(3)))


@pytest.mark.parametrize(
    "forged",
    [
        {"submission_sha256": "0"},
        {"spec": "spurgen.baselines.x"},
        {"spec": "spurgen.baselines.training.loop"},
        {"spec": "spurgen.baselines../../secret"},
        {"spec": "erm.py"},
        {"options": {"lr": 1.0}},
    ],
)
def test_a_row_that_only_says_it_is_a_baseline_is_none(suite, make_row, baseline, forged):
    assert not is_baseline_row(make_row(suite, 0.8, range(3), **baseline | forged))


@pytest.fixture
def rows(suite, make_row, as_baseline):
    return {
        "jtt": {"small-text": make_row(suite, 0.9, range(2), **as_baseline("jtt"))},
        "model": {"small-text": make_row(suite, 0.9, range(2))},
    }


def test_our_methods_have_a_full_name_and_strangers_none(rows):
    assert full_names(rows) == {"jtt": "Just train twice"}
    assert method_name(rows["model"].values()) == ""
    assert about_method([]) == ""


def test_what_a_method_does_names_its_paper(rows):
    assert "Liu et al. 2021" in about_method(rows["jtt"].values())


@pytest.fixture
def judge(suite):
    task = suite.task("small-text")
    return lambda row: not_believed(suite, task, row)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"error": "submission m.py: boom\nTraceback"}, "failed with seed 1: submission m.py: boom"),
        ({"error": "submission m.py, task small-text: boom"}, "failed with seed 1: boom"),
        ({"error": ""}, "failed with seed 1: no reason given"),
        ({"suite": "v0"}, "scored as small-text of suite v0, which is not this task"),
        ({"task": "small-image"}, "scored as small-image of suite tiny, which is not this task"),
        ({"uncorrelated": True}, "a reference, trained without the correlations"),
        ({"data_sha256": "0" * 64}, "scored on other data than this suite's; run it again"),
        ({"submission_sha256": "1"}, "its results come from different versions of it; run it again"),
        ({"access": "envs"}, "its results disagree on its access: envs, none; run it again"),
        ({"metrics": {"accuracy": 1.0}}, "its metrics do not follow from its samples: accuracy 1, expected "),
    ],
)
def test_one_bad_result_unranks_its_row(suite, make_row, make_outcome, judge, changes, reason):
    assert judge(make_task_row([make_outcome(suite, 0.8), make_outcome(suite, 0.8, 1, **changes)])).startswith(reason)
    assert judge(make_row(suite, 0.8, (0, 1))) is None


def test_a_manifest_without_the_scenario_is_an_error_that_names_it(suite, make_row, judge):
    row = make_row(suite, 0.8)
    suite.manifest.scenarios.clear()
    with pytest.raises(FrozenDataError, match=r"tiny.manifest.json does not hold scenario small; restore it"):
        judge(row)


def test_a_bad_row_does_not_affect_others(suite, make_row):
    good, bad = make_row(suite, 0.8), make_row(suite, 0.9)
    rows = {
        "good": {"small-text": good},
        "bad": {"small-text": TaskRow(bad.results, bad.correct[:, :59], bad.sums, bad.predicted)},
    }
    part = build(suite, rows).tasks["small-text"]
    assert list(part.rows) == list(build(suite, {"good": rows["good"]}).tasks["small-text"].rows)
    reason = "its samples cannot be used: correct has shape (1, 59), expected (1, 60)"
    assert part.unranked == [unranked_line("bad", reason, bad)]


def test_a_row_that_uses_the_generator_is_shown_but_not_ranked(suite, make_row, task_board):
    (row,) = task_board({"knows": make_row(suite, 1.0, uses_generator=True)}).unranked
    assert row["reason"].startswith("uses the generator")
    assert row["accuracy"] == 1.0


def test_a_row_must_be_complete_pass_its_sanity_checks_and_beat_chance(suite, make_row):
    task = suite.task("small-text")
    assert not_fit(task, make_row(suite, 0.8, range(3))) is None
    assert (
        not_fit(task, make_row(suite, 0.8, (0, 2)))
        == "incomplete: has the seeds 0, 2, expected all from 0 on; run or merge the others"
    )
    report = Report(checks={"sized": True, "balanced": False, "converged": False})
    failed = "failed the sanity checks “balanced” and “converged” (seed 0)"
    assert not_fit(task, make_row(suite, 0.8, (0, 1), report=report)) == failed
    chance = "not significantly better than chance in test accuracy"
    for correct, reason in ((26, chance), (27, None)):  # of 60 at 1 / 3: p = .047 from 27 on
        assert not_fit(task, make_row(suite, np.arange(60) < correct)) == reason, correct


@pytest.fixture
def checked(suite, make_outcome):
    """Return a function that makes the provenance of answers that a worker recomputed, and later another."""
    provenance = make_outcome(suite, 0.8)[0].provenance

    def make(worker, again=None):
        reproduction = again and Reproduction(
            verdict="exact", isolation="bubblewrap", finished="2026-01-02", environment=provenance.environment,
            consistency=ConsistencyCheck(worker=again),
        )  # fmt: skip
        update = {"consistency": worker and ConsistencyCheck(worker=worker), "reproduction": reproduction}
        return provenance.model_copy(update=update)

    return make


UNCONFIRMED = (
    "its answers were never confirmed by a freshly trained process (asked_again: same); run spurgen reproduce "
    "'my model' --record --device cpu"
)


@pytest.mark.parametrize(
    ("workers", "reason"),
    [
        (("fresh",), None),
        (("same",), UNCONFIRMED),
        (("same", "fresh"), None),
        ((None,), UNCONFIRMED.replace("same", "unknown")),
        (("same", "same"), UNCONFIRMED),  # made again on a GPU, where no training is repeatable
        (("fresh", "same"), None),
    ],
)
def test_answers_that_no_fresh_process_confirmed_are_not_ranked(
    suite, make_outcome, task_board, checked, workers, reason
):
    outcomes = [make_outcome(suite, 0.8, provenance=checked("fresh"))]
    outcomes.append(make_outcome(suite, 0.8, 1, provenance=checked(*workers)))
    part = task_board({"my model": make_task_row(outcomes)})
    assert [row["reason"] for row in part.unranked] == ([] if reason is None else [reason])
    assert [row["accuracy"] is not None for row in part.unranked] == ([] if reason is None else [True])


def test_our_own_methods_are_trusted_by_their_digest_and_not_by_their_name(
    suite, make_row, task_board, baseline, checked
):
    ours = make_row(suite, 0.8, **baseline, provenance=checked("same"))
    forged = make_row(suite, 0.8, **baseline | {"submission_sha256": "0"}, provenance=checked("same"))
    tuned = make_row(suite, 0.8, **baseline, options={"lr": 0.1}, provenance=checked("same"))
    part = task_board({"erm": ours, "other": forged, "tuned": tuned})
    assert [row["submission"] for row in part.unranked] == ["other"]
    assert "never confirmed" in part.unranked[0]["reason"]


def test_a_row_that_has_the_name_of_a_baseline_and_is_none_is_not_ranked(make_baselines, make_row, suite, task_board):
    rows = make_baselines()
    part = task_board(rows | {"erm": make_row(suite, 0.8, range(5))})
    (refused,) = part.unranked
    reason = "it has the name of the baseline erm, but not the results of its current version; rename or rerun it"
    assert (refused["submission"], refused["reason"]) == ("erm", reason)
    assert not any("to_erm" in row for row in part.rows)


def test_our_method_under_another_name_is_not_ranked_and_counts_once(make_baselines, task_board):
    rows = make_baselines()
    part = task_board(rows | {"mine": rows["group_dro"]})
    (refused,) = part.unranked
    reason = "its results are those of the baseline group_dro, under another name"
    assert (refused["submission"], refused["reason"]) == ("mine", reason)
    assert part.rows == task_board(rows).rows


@pytest.mark.parametrize("stored", UNWRITTEN)
def test_a_row_that_an_earlier_version_verified_otherwise_is_readable_and_not_ranked(
    suite, make_outcome, task_board, tmp_path, stored
):
    Store(tmp_path, "tiny").add("mine", *make_outcome(suite, 0.8, verification=stored))
    part = task_board({"mine": Store(tmp_path, "tiny").row("mine")["small-text"]})
    (row,) = part.unranked
    assert row["reason"].startswith(
        "its answers were never confirmed by a freshly trained process: an earlier version s"
    )
    assert stored in row["reason"]
    assert row["accuracy"] > 0.7
    assert not [*part.rows, *part.few]


FOLLOWS, CONSTANT, MISLED = (20, 0, 20, 0, 20, 0), (20, 20, 0, 0, 0, 0), (0, 20, 0, 20, 0, 20)


@pytest.mark.parametrize(
    ("groups", "better"), [((10, 10, 8, 8, 8, 8), False), (FOLLOWS, True), (CONSTANT, False), (MISLED, False)]
)
def test_on_a_rung_accuracy_where_shortcuts_agree_must_beat_chance(ladder_suite, make_rung_row, groups, better):
    """A scene is shown twice: 52 right of 120 would be better than chance, 26 of 60 are not."""
    task, row = ladder_suite.task("few-text-4"), make_rung_row(ladder_suite, 0.3)
    results = tuple(result.model_copy(update={"groups": groups}) for result in row.results)
    assert better_than_chance(52, 120, 3)
    assert beats_chance(task, replace(row, results=results)) is better
    assert not_fit(task, row) is None


def test_without_counterexamples_a_first_model_has_nothing_to_find(ladder_suite, make_rung_row):
    row = make_rung_row(ladder_suite, 0.3, report=Report(checks={"the error set is not empty": False}))
    assert not_fit(ladder_suite.task("few-text-0"), row) is None
    assert not_fit(ladder_suite.task("few-text-4"), row).startswith("failed the sanity check")


def test_a_rungs_row_whose_metrics_do_not_follow_from_its_answers_is_not_ranked(ladder_suite, make_rung_row, baseline):
    task, row = ladder_suite.task("few-text-4"), make_rung_row(ladder_suite, 0.3, **baseline)
    assert not_believed(ladder_suite, task, row) is None
    for name in ("robust_accuracy", "follows", "accuracy_neutral"):
        better = row.results[0].model_copy(update={"metrics": row.results[0].metrics | {name: 1.0}})
        forged = replace(row, results=(better, *row.results[1:]))
        assert f"do not follow from its samples: {name} 1" in not_believed(ladder_suite, task, forged)
