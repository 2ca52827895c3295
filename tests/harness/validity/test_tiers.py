import pytest

from spurgen.harness.board.leaderboard import build
from spurgen.harness.results.rows import make_task_row
from spurgen.harness.validity import tiers

TASKS = ("signs-image", "signs-text")
FOUR = {"a": 0.4, "b": 0.6, "c": 0.8, "d": 0.97}


@pytest.fixture
def examined(make_outcomes, gathered):
    def examine(wga, baselines=None, tasks=TASKS):
        rows = {label: {task: make_outcomes(label, task, value) for task in tasks} for label, value in wga.items()}
        return tiers.examine(gathered(rows, baselines=baselines))

    return examine


def test_four_levels_pass(examined):
    section = examined(FOUR)
    assert section.passed is True
    task = section.tasks["signs-image"]
    assert (task.rows, task.tiers, task.passed) == (4, 4, True)
    assert task.members == [["d"], ["c"], ["b"], ["a"]]
    assert task.chain == ["d", "c", "b", "a"]
    assert task.wga["d"] == pytest.approx(0.97)
    assert "| signs-image | 4      | 4       | yes " in section.tables()
    assert "d, c, b, a" in section.tables()


def test_three_levels_fail(examined):
    section = examined({**FOUR, "d": 0.8})
    assert section.passed is False
    assert section.tasks["signs-image"].members == [["c", "d"], ["b"], ["a"]]
    assert "| 0.800 | c, d " in section.tables()


def test_nothing_is_judged_before_every_baseline_has_run(examined):
    section = examined(FOUR, baselines=[*FOUR, "erm", "jtt"])
    assert section.passed is None
    assert section.tasks["signs-image"].tiers == 4
    assert section.missing[0].startswith("signs-image, signs-text: not run: erm, jtt; `spurgen benchmark --suite ")


def test_of_many_missing_baselines_the_first_are_named(examined):
    assert "not run: a, b, c, d, e, f and 2 more; `" in examined({}, baselines=list("abcdefgh")).missing[0]


def test_a_baseline_that_was_run_but_is_not_ranked_is_not_missing(make_outcomes, gathered):
    rows = {label: {task: make_outcomes(label, task, wga) for task in TASKS} for label, wga in FOUR.items()}
    rows["failed"] = {task: make_outcomes("failed", task, error="boom") for task in TASKS}
    section = tiers.examine(gathered(rows))
    assert section.passed is True
    assert "failed" not in str(section.tasks)


def test_other_tasks_are_shown_and_not_judged(examined):
    section = examined(FOUR, tasks=["dose-10-image"])
    task = section.tasks["dose-10-image"]
    assert (task.tiers, task.passed, section.passed) == (4, None, None)


def test_rows_that_cannot_be_ranked_are_listed_as_missing(make_outcomes, gathered):
    rows = {label: {task: make_outcomes(label, task, error="boom") for task in TASKS} for label in ("a", "b")}
    missing = tiers.examine(gathered(rows)).missing
    assert missing[1:] == [f"{task}: fewer than two ranked rows" for task in TASKS]


def test_single_seeds_get_the_same_spread_as_on_the_leaderboard(toy, make_outcomes, gathered):
    outcomes = {"low": make_outcomes("low", wga=0.6, seeds=1), "high": make_outcomes("high", wga=0.8, seeds=1)}
    alone = {label: {"signs-image": those} for label, those in outcomes.items()}
    varied = make_outcomes("other", wga=0.5, seeds=1) + make_outcomes("other", wga=0.9, seeds=2)[1:]
    beside = alone | {"other": {"signs-image": varied}}
    assert tiers.examine(gathered(alone)).tasks["signs-image"].tiers == 2
    task = tiers.examine(gathered(beside)).tasks["signs-image"]
    assert task.tiers == 1
    rows = {label: {"signs-image": make_task_row(row["signs-image"])} for label, row in beside.items()}
    board = {row.submission: row for row in build(toy, rows).tasks["signs-image"].rows}
    assert {row.rank for row in board.values()} == {1}
    assert task.wga_interval == {label: row.estimates["wga"].ends for label, row in board.items()}


def test_a_submission_that_is_no_baseline_makes_no_tier(make_outcomes, gathered):
    rows = {label: {"signs-image": make_outcomes(label, wga=wga)} for label, wga in (("erm", 0.3), ("good", 0.9))}
    assert list(gathered(rows, baselines=["erm"]).tasks["signs-image"].rows) == ["erm"]
    assert list(gathered(rows).tasks["signs-image"].rows) == ["erm", "good"]
