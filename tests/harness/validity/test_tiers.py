import pytest

from spurgen.harness.board.leaderboard import build
from spurgen.harness.results.rows import make_task_row
from spurgen.harness.validity import tiers

TASKS = ("signs-image", "signs-text")
FIVE = {"a": 0.2, "b": 0.4, "c": 0.6, "d": 0.8, "e": 0.97}


@pytest.fixture
def examined(make_outcomes, gathered):
    def examine(wga, baselines=None, tasks=TASKS):
        rows = {label: {task: make_outcomes(label, task, value) for task in tasks} for label, value in wga.items()}
        return tiers.examine(gathered(rows, baselines=baselines))

    return examine


def test_five_levels_pass(examined):
    section = examined(FIVE)
    assert section.passed is True
    task = section.tasks["signs-image"]
    assert (task.rows, task.tiers, task.pairs, task.told_apart, task.passed) == (5, 5, 10, 1.0, True)
    assert task.distinct == ["e", "d", "c", "b", "a"]
    assert task.letters == {"e": "a", "d": "b", "c": "c", "b": "d", "a": "e"}
    assert task.robust_accuracy["e"] == pytest.approx(0.97)
    assert "| signs-image | 5      | 5       | 100% of 10         | yes " in section.tables()
    assert "e, d, c, b, a" in section.tables()
    assert "Pairs told apart: 100% of 10 (each); 60% wanted." in section.summary()


def test_four_levels_fail(examined):
    section = examined({**FIVE, "e": 0.801})
    assert section.passed is False
    task = section.tasks["signs-image"]
    assert (task.tiers, task.told_apart) == (4, pytest.approx(0.9))
    assert (task.letters["d"], task.letters["e"]) == ("a", "a")


def test_five_tiers_do_not_pass_if_few_pairs_are_told_apart(examined):
    low = {f"low{k}": 0.2 for k in range(9)}
    section = examined({**FIVE, **low})
    task = section.tasks["signs-image"]
    assert (task.tiers, task.passed, section.passed) == (5, False, False)
    assert 0.4 < task.told_apart < 0.6


def test_letters_are_those_of_an_access_tier_and_its_rows_stand_together(make_outcomes, gathered):
    access = {"a": "train_groups", "b": "none", "c": "train_groups", "d": "none", "e": "none"}
    rows = {
        label: {task: make_outcomes(label, task, wga, access=access[label]) for task in TASKS}
        for label, wga in FIVE.items()
    }
    section = tiers.examine(gathered(rows))
    task = section.tasks["signs-image"]
    assert list(task.letters.items()) == [("e", "a"), ("d", "b"), ("b", "c"), ("c", "a"), ("a", "b")]
    assert list(task.access.items()) == [(label, access[label]) for label in "edbca"]
    assert (task.tiers, task.distinct) == (5, ["e", "d", "c", "b", "a"])
    assert "| signs-image | train_groups | c " in section.tables()


def test_rows_with_few_units_make_no_tier(make_outcomes, gathered):
    rows = {label: {"signs-image": make_outcomes(label, wga=wga)} for label, wga in FIVE.items()}
    rows["short"] = {"signs-image": make_outcomes("short", wga=0.05, seeds=3)}
    assert "short" not in tiers.examine(gathered(rows)).tasks["signs-image"].letters


def test_nothing_is_judged_before_every_baseline_has_run(examined):
    section = examined(FIVE, baselines=[*FIVE, "erm", "jtt"])
    assert section.passed is None
    assert section.tasks["signs-image"].tiers == 5
    assert section.missing[0].startswith("signs-image, signs-text: not run: erm, jtt; `spurgen benchmark --suite ")


def test_of_many_missing_baselines_the_first_are_named(examined):
    assert "not run: a, b, c, d, e, f and 2 more; `" in examined({}, baselines=list("abcdefgh")).missing[0]


def test_a_baseline_that_was_run_but_is_not_ranked_is_not_missing(make_outcomes, gathered):
    rows = {label: {task: make_outcomes(label, task, wga) for task in TASKS} for label, wga in FIVE.items()}
    rows["failed"] = {task: make_outcomes("failed", task, error="boom") for task in TASKS}
    section = tiers.examine(gathered(rows))
    assert section.passed is True
    assert "failed" not in str(section.tasks)


def test_other_tasks_are_shown_and_not_judged(examined):
    section = examined(FIVE, tasks=["dose-10-image"])
    task = section.tasks["dose-10-image"]
    assert (task.tiers, task.passed, section.passed) == (5, None, None)


def test_rows_that_cannot_be_ranked_are_listed_as_missing(make_outcomes, gathered):
    rows = {label: {task: make_outcomes(label, task, error="boom") for task in TASKS} for label in ("a", "b")}
    missing = tiers.examine(gathered(rows)).missing
    assert missing == [f"{task}: fewer than two ranked rows" for task in TASKS]


def test_intervals_are_those_of_the_leaderboard(toy, make_outcomes, gathered, as_baseline):
    rows = {"erm": 0.3, "jtt": 0.6, "dfr": 0.9}
    outcomes = {
        label: {"signs-image": make_outcomes(label, wga=wga, **as_baseline(label))} for label, wga in rows.items()
    }
    task = tiers.examine(gathered(outcomes)).tasks["signs-image"]
    made = {label: {"signs-image": make_task_row(row["signs-image"])} for label, row in outcomes.items()}
    part = build(toy, made).tasks["signs-image"]
    assert task.interval == {row.submission: row.ranked_by.ends for row in part.rows}
    assert task.told_apart == part.told_apart


def test_a_submission_that_is_no_baseline_makes_no_tier(make_outcomes, gathered):
    rows = {label: {"signs-image": make_outcomes(label, wga=wga)} for label, wga in (("erm", 0.3), ("good", 0.9))}
    assert list(gathered(rows, baselines=["erm"]).tasks["signs-image"].rows) == ["erm"]
    assert list(gathered(rows).tasks["signs-image"].rows) == ["erm", "good"]
