import pytest

from spurgen.harness.validity import tiers

TASKS = ("signs-image", "signs-text")


@pytest.fixture
def examined(make_cells, weigh):
    def examine(figures, baselines=None):
        rows = {label: {task: make_cells(label, task, wga) for task in TASKS} for label, wga in figures.items()}
        return tiers.examine(weigh(rows, baselines=baselines))

    return examine


FOUR = {"a": 0.4, "b": 0.6, "c": 0.8, "d": 0.97}


def test_four_levels_pass(examined):
    result = examined(FOUR)
    assert result["passed"] is True
    found = result["tasks"]["signs-image"]
    assert (found["rows"], found["tiers"], found["passed"]) == (4, 4, True)
    assert found["members"] == [["d"], ["c"], ["b"], ["a"]]
    assert found["chain"] == ["d", "c", "b", "a"]
    assert found["wga"]["d"] == pytest.approx(0.97)
    text = tiers.tell(result)
    assert "| signs-image | 4      | 4       | yes " in text
    assert "d, c, b, a" in text


def test_three_levels_fail(examined):
    result = examined({**FOUR, "d": 0.8})
    assert result["passed"] is False
    assert result["tasks"]["signs-image"]["members"] == [["c", "d"], ["b"], ["a"]]
    assert "| 0.800 | c, d " in tiers.tell(result)


def test_methods_alike_are_one_tier(examined):
    assert examined(dict.fromkeys("abcde", 0.6))["tasks"]["signs-text"]["tiers"] == 1


def test_nothing_is_judged_before_every_baseline_has_run(examined):
    result = examined(FOUR, baselines=[*FOUR, "erm", "jtt"])
    assert result["passed"] is None
    assert result["tasks"]["signs-image"]["tiers"] == 4
    assert result["missing"][0].startswith("signs-image, signs-text: not run: erm, jtt; `spurgen benchmark --suite ")


def test_of_many_missing_baselines_the_first_are_named(examined):
    missing = examined({}, baselines=list("abcdefgh"))["missing"]
    assert "not run: a, b, c, d, e, f and 2 more; `" in missing[0]


def test_a_baseline_that_was_run_and_is_not_ranked_is_not_missing(make_cells, weigh):
    rows = {label: {task: make_cells(label, task, wga) for task in TASKS} for label, wga in FOUR.items()}
    rows["failed"] = {task: make_cells("failed", task, error="boom") for task in TASKS}
    result = tiers.examine(weigh(rows))
    assert result["passed"] is True
    assert "failed" not in str(result["tasks"])


def test_other_tasks_are_told_and_not_judged(make_cells, weigh):
    rows = {label: {"dose-10-image": make_cells(label, "dose-10-image", wga)} for label, wga in FOUR.items()}
    result = tiers.examine(weigh(rows))
    assert result["tasks"]["dose-10-image"]["tiers"] == 4
    assert result["tasks"]["dose-10-image"]["passed"] is None
    assert result["passed"] is None


def test_rows_of_which_none_is_ranked_are_told(make_cells, weigh):
    rows = {label: {task: make_cells(label, task, error="boom") for task in TASKS} for label in ("a", "b")}
    assert tiers.examine(weigh(rows))["missing"][1:] == [f"{task}: fewer than two ranked rows" for task in TASKS]


def test_single_seeds_are_given_the_spread_that_the_board_gives_them(make_cells, weigh):
    rows = {"low": make_cells("low", wga=0.6, seeds=1), "high": make_cells("high", wga=0.8, seeds=1)}
    other = [cell for wga, seed in ((0.5, 0), (0.9, 1)) for cell in make_cells("other", wga=wga, seeds=2)[seed:][:1]]
    alone, beside = (
        weigh({label: {"signs-image": cells} for label, cells in some.items()})
        for some in (rows, rows | {"other": other})
    )
    assert tiers.examine(alone)["tasks"]["signs-image"]["tiers"] == 2
    assert {row.rank for row in beside.tasks["signs-image"].board.values()} == {1}
    assert tiers.examine(beside)["tasks"]["signs-image"]["tiers"] == 1


def test_a_strangers_row_makes_no_tier(make_cells, weigh):
    rows = {label: {"signs-image": make_cells(label, wga=wga)} for label, wga in (("erm", 0.3), ("good", 0.9))}
    found = weigh(rows, baselines=["erm"])
    assert list(found.tasks["signs-image"].rows) == ["erm"]
    assert list(weigh(rows).tasks["signs-image"].rows) == ["erm", "good"]
