import pytest

from spurgen.harness.board.leaderboard import build
from spurgen.harness.results.rows import make_task_row
from spurgen.harness.validity.answer import FAILS, HOLDS, VERDICTS
from spurgen.harness.validity.questions import tiers

TASKS = ("signs-image", "signs-text")
FIVE = {"a": 0.2, "b": 0.4, "c": 0.6, "d": 0.8, "e": 0.97}


@pytest.fixture
def examined(make_outcomes, gathered):
    def examine(wga, baselines=None, tasks=TASKS):
        rows = {label: {task: make_outcomes(label, task, value) for task in tasks} for label, value in wga.items()}
        return tiers.examine(gathered(rows, baselines=baselines))

    return examine


@pytest.fixture
def letters():
    """Return a function that returns the letters of a task's rows, in their order."""
    return lambda answer, task: {r["submission"]: r["letters"] for r in answer.tables["Rows"] if r["task"] == task}


def test_five_levels_pass(examined, line, letters):
    answer = examined(FIVE)
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


def test_four_levels_fail(examined, line, letters):
    answer = examined({**FIVE, "e": 0.801})
    task = line(answer, task="signs-image", rows=5)
    assert (answer.verdict, task["tiers"], task["told_apart"]) == (FAILS, 4, pytest.approx(0.9))
    assert (letters(answer, "signs-image")["d"], letters(answer, "signs-image")["e"]) == ("a", "a")


def test_five_tiers_do_not_pass_if_few_pairs_are_told_apart(examined, line):
    answer = examined({**FIVE, **{f"low{k}": 0.2 for k in range(9)}})
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


def test_nothing_is_judged_before_every_baseline_has_run(examined, line):
    answer = examined(FIVE, baselines=[*FIVE, "erm", "jtt"])
    assert (answer.verdict, line(answer, task="signs-image", rows=5)["tiers"]) == (VERDICTS[None], 5)
    assert answer.missing[0].startswith("signs-image, signs-text: not run: erm, jtt; `spurgen benchmark --suite ")
    assert "not run: a, b, c, d, e, f, and 2 more; `" in examined({}, baselines=list("abcdefgh")).missing[0]


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
        own = line(answer, task="signs-image", submission=row.submission)
        assert (own["robust_accuracy_low"], own["robust_accuracy_high"]) == row.ranked_by.ends
    assert line(answer, task="signs-image", rows=3)["told_apart"] == part.told_apart


def test_a_submission_that_is_no_baseline_makes_no_tier(make_outcomes, gathered):
    rows = {label: {"signs-image": make_outcomes(label, wga=wga)} for label, wga in (("erm", 0.3), ("good", 0.9))}
    assert gathered(rows, baselines=["erm"]).tasks["signs-image"].labels == ["erm"]
    assert gathered(rows).tasks["signs-image"].labels == ["erm", "good"]
