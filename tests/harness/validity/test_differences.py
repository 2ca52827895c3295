from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t

from spurgen.benchmark.contract import ACCESS
from spurgen.harness.board.leaderboard import build
from spurgen.harness.results.rows import make_task_row
from spurgen.harness.statistics.units import pair_errors
from spurgen.harness.validity.differences import detectable, minimum_detectable_difference, tiers, whac_a_mole
from spurgen.harness.validity.suite import FAILS, HOLDS, VERDICTS

TASKS = ("signs-image", "signs-text")
FIVE = {"a": 0.2, "b": 0.4, "c": 0.6, "d": 0.8, "e": 0.97}


@pytest.fixture
def with_scores(make_outcomes, gathered):
    def examine(wga, baselines=None, tasks=TASKS):
        rows = {label: {task: make_outcomes(label, task, value) for task in tasks} for label, value in wga.items()}
        return tiers.examine(gathered(rows, baselines=baselines))

    return examine


@pytest.fixture
def letters():
    """Return a function that returns the letters of a task's rows, in their order."""
    return lambda answer, task: {r["submission"]: r["letters"] for r in answer.tables["Rows"] if r["task"] == task}


def test_five_levels_pass(with_scores, line, letters):
    answer = with_scores(FIVE)
    task = line(answer, task="signs-image", rows=5)
    assert (answer.verdict, task["holds"]) == (HOLDS, True)
    assert (task["tiers"], task["pairs"], task["told_apart"]) == (5, 10, 1.0)
    assert letters(answer, "signs-image") == {"e": "a", "d": "b", "c": "c", "b": "d", "a": "e"}
    row = line(answer, task="signs-image", submission="e")
    assert (row["robust_accuracy"], row["distinct"]) == (pytest.approx(0.97), True)
    assert (
        "Pairs told apart (equal rows count once): 100% of 10 (60% wanted), within access tiers 100% of 10."
        in answer.summary
    )


def test_four_levels_fail(with_scores, line, letters):
    answer = with_scores({**FIVE, "e": 0.801})
    task = line(answer, task="signs-image", rows=5)
    assert (answer.verdict, task["tiers"], task["told_apart"]) == (FAILS, 4, pytest.approx(0.9))
    assert (letters(answer, "signs-image")["d"], letters(answer, "signs-image")["e"]) == ("a", "a")


def test_five_tiers_do_not_pass_if_few_pairs_are_told_apart(with_scores, line):
    answer = with_scores({**FIVE, **{f"low{k}": 0.2 for k in range(9)}})
    task = line(answer, task="signs-image", rows=14)
    assert (answer.verdict, task["tiers"], task["holds"]) == (FAILS, 5, False)
    assert 0.4 < task["told_apart"] < 0.6


def test_rows_that_are_the_same_count_once(make_outcomes, gathered, line):
    rows = {label: {task: make_outcomes("same", task, 0.3) for task in TASKS} for label in ("first", "second")}
    rows["other"] = {task: make_outcomes("other", task, 0.9) for task in TASKS}
    task = line(tiers.examine(gathered(rows)), task="signs-image", rows=2)
    assert (task["tiers"], task["pairs"], task["told_apart"]) == (2, 1, 1.0)


def test_letters_are_those_of_an_access_tier_and_its_rows_stand_together(make_outcomes, gathered, line, letters):
    access = {"a": "train_groups", "b": "none", "c": "train_groups", "d": "none", "e": "none"}
    rows = {
        label: {task: make_outcomes(label, task, wga, access=access[label]) for task in TASKS}
        for label, wga in FIVE.items()
    }
    answer = tiers.examine(gathered(rows))
    task = line(answer, task="signs-image", rows=5)
    assert (task["pairs"], task["pairs_within"], task["told_apart_within"]) == (10, 4, 1.0)
    assert list(letters(answer, "signs-image").items()) == [("e", "a"), ("d", "b"), ("b", "c"), ("c", "a"), ("a", "b")]


def test_rows_with_few_units_make_no_tier(make_outcomes, gathered, letters):
    rows = {label: {"signs-image": make_outcomes(label, wga=wga)} for label, wga in FIVE.items()}
    rows["short"] = {"signs-image": make_outcomes("short", wga=0.05, seeds=3)}
    assert "short" not in letters(tiers.examine(gathered(rows)), "signs-image")


def test_nothing_is_judged_before_every_baseline_has_run(with_scores, line):
    answer = with_scores(FIVE, baselines=[*FIVE, "erm", "jtt"])
    assert (answer.verdict, line(answer, task="signs-image", rows=5)["tiers"]) == (VERDICTS[None], 5)
    assert answer.missing[0].startswith("signs-image, signs-text: not run: erm, jtt; `spurgen benchmark --suite ")
    assert "not run: a, b, c, d, e, f, and 2 more; `" in with_scores({}, baselines=list("abcdefgh")).missing[0]


def test_rows_that_cannot_be_ranked_are_listed_as_missing(make_outcomes, gathered):
    rows = {label: {task: make_outcomes(label, task, error="boom") for task in TASKS} for label in ("a", "b")}
    missing = tiers.examine(gathered(rows)).missing
    assert missing == [f"{task}: fewer than two ranked rows" for task in TASKS]


def test_intervals_are_those_of_the_leaderboard(toy, make_outcomes, gathered, as_baseline, line):
    rows = {"erm": 0.3, "jtt": 0.6, "dfr": 0.9}
    outcomes = {
        label: {"signs-image": make_outcomes(label, wga=wga, **as_baseline(label))} for label, wga in rows.items()
    }
    answer = tiers.examine(gathered(outcomes))
    made = {label: {"signs-image": make_task_row(row["signs-image"])} for label, row in outcomes.items()}
    part = build(toy, made).tasks["signs-image"]
    for row in part.rows:
        own = line(answer, task="signs-image", submission=row["submission"])
        ends = row.get("robust_accuracy_low"), row.get("robust_accuracy_high")
        assert (own["robust_accuracy_low"], own["robust_accuracy_high"]) == ends
    assert line(answer, task="signs-image", rows=3)["told_apart"] == part.told_apart


def test_a_submission_that_is_no_baseline_makes_no_tier(make_outcomes, gathered):
    rows = {label: {"signs-image": make_outcomes(label, wga=wga)} for label, wga in (("erm", 0.3), ("good", 0.9))}
    assert gathered(rows, baselines=["erm"]).tasks["signs-image"].labels == ["erm"]
    assert gathered(rows).tasks["signs-image"].labels == ["erm", "good"]


@pytest.fixture
def with_seeds(make_outcomes, gathered):
    """Return a function that examines rows with so many seeds each."""

    def examine(**seeds):
        rows = {label: {"signs-image": make_outcomes(label, seeds=count)} for label, count in seeds.items()}
        return minimum_detectable_difference.examine(gathered(rows))

    return examine


def test_the_formula_as_by_hand():
    assert detectable(0.02, 1e9) == pytest.approx(0.02 * (1.959964 + 0.841621), rel=1e-6)
    assert detectable(0.02, 1e9, 0.005) == pytest.approx(0.02 * (2.807034 + 0.841621), rel=1e-6)
    assert detectable(0.02, 4) == pytest.approx(0.02 * (2.776445 + 0.940965), rel=1e-6)


@pytest.mark.parametrize("alpha", [0.05, 0.001])
def test_a_difference_of_that_size_is_detected_about_four_times_in_five(alpha):
    rng, degrees = np.random.default_rng(0), 12
    truth = detectable(0.03, degrees, alpha)
    measured = truth + 0.03 * rng.normal(size=20_000)
    error = 0.03 * np.sqrt(rng.chisquare(degrees, 20_000) / degrees)
    detected = 2 * t.sf(np.abs(measured) / error, degrees) < alpha
    assert detected.mean() == pytest.approx(0.8, abs=0.05)


def test_it_rests_on_the_errors_of_all_pairs(make_outcomes, gathered, line):
    rows = {
        label: {"signs-image": make_outcomes(label, wga=wga)}
        for label, wga in zip("abcd", (0.4, 0.5, 0.5, 0.9), strict=True)
    }
    suite = gathered(rows)
    task, ranked = line(minimum_detectable_difference.examine(suite), task="signs-image"), suite.tasks["signs-image"]
    errors, degrees = pair_errors([ranked.units(label) for label in "abcd"], ranked.spread())
    assert [task[key] for key in ("rows", "pairs", "told_apart", "units", "unit")] == [4, 6, 5, 5, "seed"]
    median, noisiest = np.median(errors), np.quantile(errors, 0.9)
    assert (task["degrees"], task["error"]) == (degrees[0], pytest.approx(median))
    assert task["pair"] == pytest.approx(detectable(median, degrees[0]))
    assert task["all_pairs"] == pytest.approx(detectable(median, degrees[0], 0.05 * 5 / 6))
    assert task["all_pairs_noisiest"] == pytest.approx(detectable(noisiest, degrees[0], 0.05 * 5 / 6))


def test_the_fewest_degrees_of_freedom_of_a_pair_are_those_of_all(make_outcomes, gathered, line):
    seeds = {"a": 5, "b": 7, "c": 7}
    suite = gathered({label: {"signs-image": make_outcomes(label, seeds=count)} for label, count in seeds.items()})
    task, ranked = line(minimum_detectable_difference.examine(suite), task="signs-image"), suite.tasks["signs-image"]
    degrees = pair_errors([ranked.units(label) for label in seeds], ranked.spread())[1]
    assert task["degrees"] == degrees.min() < degrees.max()


def test_rows_with_few_units_do_not_count(with_seeds, line):
    answer = with_seeds(a=5, b=6, c=2)
    task = line(answer, task="signs-image")
    assert [task[key] for key in ("units", "rows", "pairs")] == [5, 2, 1]
    assert "power and 5 seeds, " in answer.summary
    (lack,) = with_seeds(a=2, b=2).missing
    tasks = "signs-image, signs-text, weak-image"
    assert lack.startswith(f"{tasks}: fewer than two ranked rows; `")


@pytest.fixture
def following(make_outcomes, gathered):
    def examine(**methods):
        rows = {label: {"signs-image": make_outcomes(label, follows=leans)} for label, leans in methods.items()}
        return whac_a_mole.examine(gathered(rows))

    return examine


def test_a_channel_that_rises_while_another_falls_is_a_mole(following, line):
    answer = following(erm=(0.4, 0.2), moved=(0.2, 0.3), cured=(0.2, 0.2), worse=(0.5, 0.2))
    counts = line(answer, task="signs-image", methods=3)
    assert [counts[key] for key in ("less_on_some", "moved", "only_more")] == [2, 1, 1]
    assert counts["moles"] == ["moved: background"]
    change = line(answer, submission="moved", channel="color")
    assert (change["change"], change["erm"]) == (pytest.approx(-0.2), pytest.approx(0.4))
    assert change["change_low"] < -0.2 < change["change_high"] < 0
    assert answer.summary == (
        "Of 3 methods, 2 follow some shortcut significantly less than ERM, 1 of these another more (moved); "
        "besides, 1 follow some more and none less."
    )


def test_the_summary_is_of_each_main_task_and_of_a_shortcut_that_training_is_not_told_of(make_outcomes, gathered):
    leans = {"signs-image": {"erm": (0.4, 0.2), "m": (0.2, 0.2)}, "signs-text": {"erm": (0.4, 0.2), "m": (0.5, 0.2)}}
    rows = {
        label: {task: make_outcomes(label, task, follows=each[label]) for task, each in leans.items()}
        for label in ("erm", "m")
    }
    summary = whac_a_mole.examine(gathered(rows)).summary
    assert summary == (
        "Of 1 methods, 1 / 0 follow some shortcut significantly less than ERM, 0 of these another more (none); "
        "besides, 0 / 1 follow some more and none less."
    )


@pytest.mark.parametrize("access", ACCESS)
def test_only_a_method_that_sees_groups_was_given_a_channel_and_none_a_hidden_one(
    make_outcomes, gathered, line, access
):
    rows = {"erm": {}, "m": {"access": access}}
    ranked = gathered({label: {"signs-image": make_outcomes(label, **more)} for label, more in rows.items()})
    ladder = ranked.tasks["signs-image"]
    channels = dict(ladder.task.scenario.channels)
    channels["background"] = channels["background"].model_copy(update={"hidden": True})
    scenario = ladder.task.scenario.model_copy(update={"channels": channels})
    hidden = replace(ladder, task=replace(ladder.task, scenario=scenario))
    answer = whac_a_mole.examine(replace(ranked, tasks={**ranked.tasks, "signs-image": hidden}))
    given = [line(answer, submission="m", channel=channel)["given"] for channel in ("color", "background")]
    assert given == [access in ("val_groups", "train_groups"), False]
    told = " On signs-image, whose training is not told of background, m follows it in 10%, ERM in 10%."
    assert answer.summary.endswith(told)


def test_a_channel_that_repels_is_followed_less(make_outcomes, gathered, line):
    """Its SSS rises, since SSS has no direction."""
    rows = {
        "erm": {"signs-image": make_outcomes("erm", sss=(0.1, 0.2), follows=(0.1, 0.2))},
        "m": {"signs-image": make_outcomes("m", sss=(0.4, 0.2), follows=(0.02, 0.2))},
    }
    counts = line(whac_a_mole.examine(gathered(rows)), task="signs-image", methods=1)
    assert (counts["less_on_some"], counts["moved"], counts["only_more"]) == (1, 0, 0)


def test_p_values_are_corrected_over_methods_and_channels(following):
    changes = following(erm=(0.3, 0.3), a=(0.31, 0.29), b=(0.32, 0.28)).tables["Changes"]
    assert len(changes) == 4
    least = min(changes, key=lambda change: change["p"])
    assert least["p_holm"] == pytest.approx(4 * least["p"])


def test_rows_are_compared_on_the_seeds_that_both_have(make_outcomes, gathered, line):
    rows = {
        "erm": {"signs-image": make_outcomes("erm", follows=(0.4, 0.2), seeds=2)},
        "m": {"signs-image": make_outcomes("m", follows=(0.1, 0.2))[:2] + make_outcomes("m", follows=(0.4, 0.2))[2:]},
    }
    change = line(whac_a_mole.examine(gathered(rows)), submission="m", channel="color")["change"]
    assert change == pytest.approx(-0.3, abs=0.01)


def test_missing_rows_are_listed(following):
    answer = following(m=(0.3, 0.3))
    assert (answer.summary, answer.plot) == ("", None)
    assert answer.missing[0].startswith("signs-image, signs-text, weak-image: ")
    assert "no row of erm; `spurgen benchmark --suite " in answer.missing[0]
    assert "signs-image: no ranked row beside erm" in following(erm=(0.3, 0.3)).missing[0]
