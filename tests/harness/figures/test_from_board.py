from dataclasses import replace

import pytest

from spurgen.harness.board.files import build_board
from spurgen.harness.figures.from_board import board_sheets, not_apart, set_sheets
from spurgen.harness.statistics.estimate import Estimate

LABELS = ["erm", "mixup", "jtt", "group_dro"]


def test_a_sheet_has_the_rows_of_the_board_with_its_estimates(sheets, toy_board):
    sheet, part = sheets["main-image"], toy_board.tasks["main-image"]
    rows = {row.submission: row for row in (*part.rows, *part.few)}
    assert {*sheet.by_label} == {*rows}
    for label, entry in sheet.by_label.items():
        assert entry.estimates == rows[label].estimates
        assert entry.patterns == rows[label].patterns
        assert (entry.ranked, entry.letters) == (rows[label].ranks is not None, rows[label].letters)
    assert (sheet.unit, sheet.samples, sheet.asked) == ("world", "n = 3 worlds", 3)
    assert "over worlds" in sheet.test


def test_rows_come_by_access_tier_and_those_with_few_units_last(sheets):
    sheet = sheets["main-image"]
    assert [entry.access for entry in sheet.entries] == ["none"] * 4 + ["val_groups", "train_groups"]
    assert [entry.ranked for entry in sheet.entries] == [True, True, True, False, True, True]
    values = [entry.estimates["robust_accuracy"].value for entry in sheet.entries[:3]]
    assert values == sorted(values, reverse=True)


def test_rows_of_strangers_are_the_users_own(sheets):
    assert {label for label, entry in sheets["main-image"].by_label.items() if not entry.own} == {*LABELS}


def test_reliance_by_channel_is_a_mean_over_worlds_with_its_interval(sheets, toy_rows):
    sheet = sheets["main-image"]
    assert sheet.channel_names("reliance") == ["color", "background"]
    entry = sheet.by_label["erm"]
    assert entry.channels["reliance"]["color"].value == pytest.approx(entry.estimates["reliance"].value)
    assert entry.channels["sss"]["color"].value == pytest.approx(toy_rows["erm"]["main-image"].mean("sss/color"))


@pytest.mark.parametrize(("letters", "bold"), [(("a", "b", "b"), True), (("a", "ab", "b"), False)])
def test_bold_is_the_row_that_differs_from_all_others_of_its_tier_and_no_tie(toy, toy_rows, toy_board, letters, bold):
    part = toy_board.tasks["main-image"]
    best, second, third = (replace(part.rows[0], submission=n, letters=x) for n, x in
                           zip(("erm", "mixup", "jtt"), letters, strict=True))  # fmt: skip
    alone = replace(part.rows[-1], submission="group_dro", letters="a")
    board = replace(toy_board, tasks={"main-image": replace(part, rows=[best, second, third, alone], few=[])})
    sheet = board_sheets(toy, toy_rows, board)["main-image"]
    assert {label: entry.best for label, entry in sheet.by_label.items()} == {
        "erm": bold, "mixup": False, "jtt": False, "group_dro": False,
    }  # fmt: skip


def test_two_rows_with_a_common_letter_are_not_apart(toy_board):
    row = toy_board.tasks["main-image"].rows[0]
    first, other = replace(row, submission="mine", letters="a"), replace(row, submission="theirs", letters="ab")
    assert not_apart(first, other)
    assert not not_apart(first, replace(other, letters="b"))


def test_the_ideal_observer_is_a_mean_over_worlds_and_missing_where_one_is(sheets, toy, toy_rows, toy_board):
    assert sheets["main-image"].ideal["robust_accuracy"] == pytest.approx(0.95)
    assert sheets["main-image"].ideal["reliance/color"] == pytest.approx(0.02)
    less = toy.ideal.model_copy(update={"worlds": {k: v for k, v in toy.ideal.worlds.items() if k != "core-w1"}})
    assert len(less.worlds) == len(toy.ideal.worlds) - 1
    lacking = replace(toy)
    lacking.__dict__["ideal"] = less
    assert board_sheets(lacking, toy_rows, toy_board)["main-image"].ideal == {}


def test_sets_of_tasks_have_sheets_of_their_means(means, toy_board):
    sheet = means["main"]
    assert sheet.name == "mean of main"
    rows = {row.submission: row for row in toy_board.overall["main"].rows}
    assert {label: entry.estimates["robust_accuracy"] for label, entry in sheet.by_label.items()} == {
        label: row.ranked_by for label, row in rows.items()
    }
    assert sum(entry.own for entry in sheet.entries) == 1


def test_sets_of_tasks_have_the_mean_core_use_of_the_rows_that_have_it_on_all_tasks(toy_rows, toy_board):
    def using(part, uses):
        rows = [
            replace(row, estimates=row.estimates | {"core_use": Estimate(uses[row.submission])})
            if row.submission in uses
            else row
            for row in part.rows
        ]
        return replace(part, rows=rows)

    uses = {"main-image": {"erm": 0.2, "jtt": 0.6}, "main-text": {"erm": 0.4}}
    tasks = {name: using(part, uses.get(name, {})) for name, part in toy_board.tasks.items()}
    entries = set_sheets(toy_rows, replace(toy_board, tasks=tasks))["main"].by_label
    assert entries["erm"].estimates["core_use"].value == pytest.approx(0.3)
    assert "core_use" not in entries["jtt"].estimates
    fewer = replace(toy_board, tasks={"main-image": tasks["main-image"]})
    assert "core_use" not in set_sheets(toy_rows, fewer)["main"].by_label["erm"].estimates


def test_only_the_named_tasks_have_sheets(toy, toy_rows, toy_board):
    assert list(board_sheets(toy, toy_rows, toy_board, ["main-text"])) == ["main-text"]


def test_rows_of_a_suite_with_one_world_have_seeds_as_units(suite, make_row, as_baseline, tmp_path):
    rows = {"erm": {"small-text": make_row(suite, 0.9, range(5), **as_baseline("erm"))}}
    (sheet,) = board_sheets(suite, rows, build_board(suite, tmp_path, rows)).values()
    assert (sheet.samples, sheet.ideal) == ("n = 5 training seeds", {})
    assert "over training seeds" in sheet.rule
