import json
from dataclasses import replace
from pathlib import Path

from spurgen.benchmark.contract import ACCESS
from spurgen.benchmark.suite import load_suite
from spurgen.harness.results.store import SHIPPED
from spurgen.harness.site.figures import Figures
from spurgen.harness.site.material import gather
from spurgen.harness.site.moles import Mole, Moles, fed, moles
from spurgen.harness.site.pictures import Pictures
from spurgen.harness.site.task_page import task_page

REPORT = Path(__file__).parents[3] / "benchmark" / "validity" / "validity.json"


def test_changes_are_against_erm_on_the_task_with_hidden_channels(many):
    (found,) = moles(many)
    assert (found.task, found.hidden) == ("pair-image", ["background"])
    assert {name for name, *_ in found.methods} == {"group_dro", "dfr"}
    for _, access, changes in found.methods:
        assert not changes["background"].told  # hidden from every method
        assert changes["color"].told == (access in ("val_groups", "train_groups"))


def test_only_a_method_that_sees_groups_is_said_to_be_given_a_channel(many):
    board = many.board.tasks["pair-image"]
    seen = {}
    for access in ACCESS:
        rows = [replace(row, access=access) for row in board.rows]
        shown = replace(many.board, tasks={**many.board.tasks, "pair-image": replace(board, rows=rows)})
        (found,) = moles(replace(many, board=shown))
        seen[access] = {(name, mole.told) for *_, changes in found.methods for name, mole in changes.items()}
    told = {access: ("color", True) in pairs for access, pairs in seen.items()}
    assert told == {"none": False, "envs": False, "val_groups": True, "train_groups": True, "twins": False}
    assert not any(("background", True) in pairs for pairs in seen.values())  # hidden from every method


def test_the_page_marks_the_same_changes_as_the_validity_report():
    (found,) = [each for each in moles(gather(load_suite("v2"), SHIPPED)) if each.task == "hidden-mole"]
    methods = json.loads(REPORT.read_text())["whac_a_mole"]["tasks"]["hidden-mole"]["methods"]
    marked = {
        name: [
            {channel for channel, mole in changes.items() if mole.sure and mole.value * sign > 0} for sign in (1, -1)
        ]
        for name, _, changes in found.methods
    }
    assert marked == {name: [set(each["rises"]), set(each["falls"])] for name, each in methods.items()}
    assert any(rises for rises, _ in marked.values())


def test_rows_with_few_worlds_are_among_the_moles(many):
    names = {"group_dro", "dfr"}
    board = many.board.tasks["pair-image"]
    rows = [row for row in board.rows if row.submission not in names]
    few = replace(board, rows=rows, few=[*board.few, *(row for row in board.rows if row.submission in names)])
    (found,) = moles(replace(many, board=replace(many.board, tasks={"pair-image": few})))
    assert {name for name, *_ in found.methods} == names


def test_methods_that_rely_more_on_hidden_channels_are_named_together():
    up, unsure, down = Mole(0.1, True, False), Mole(0.1, False, False), Mole(-0.1, True, False)
    changes = {"a": (up, up), "b": (up, up), "c": (up, down), "d": (unsure, down)}
    methods = [(name, "none", {"color": up, "x": x, "y": y}) for name, (x, y) in changes.items()]
    assert fed(Moles("task", ["color", "x", "y"], ["x", "y"], {}, methods)) == [
        "Rely significantly more than ERM on x and y, which are hidden: a, b.",
        "Relies significantly more than ERM on x, which is hidden: c.",
    ]


def test_a_task_page_says_who_relies_more_on_hidden_channels():
    material = gather(load_suite("v2"), SHIPPED)
    said = task_page(material, Pictures(), Figures(), "hidden-mole")["fed"]
    assert any("on color and lighting, which are hidden: " in each for each in said)
    assert task_page(material, Pictures(), Figures(), "composite-image")["fed"] == []


def test_a_suite_of_two_channels_has_no_moles(tiny):
    assert moles(tiny) == []


def test_colour_shows_direction_and_size_of_a_sure_change_only():
    assert Mole(-0.0123, True, False).text == "\N{MINUS SIGN}0.012"
    shades = [Mole(value, sure, False).shade for value, sure in ((0.01, True), (-0.5, True), (0.5, False))]
    assert shades == ["up-0", "down-2", "unsure"]
