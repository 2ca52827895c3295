from dataclasses import replace

import numpy as np

from spurgen.generators import aligned_values, class_names, sample
from spurgen.harness.board.by_unit import groups_on_test
from spurgen.harness.results.predicted import columns_of
from spurgen.harness.site.families import SHOWN, changed_words, failures
from spurgen.harness.site.pictures import Pictures


def test_a_family_shows_a_base_answered_right_and_a_twin_answered_as_its_value_asks(tiny):
    pictures, task = Pictures(), tiny.suite.tasks["small-both"]
    found = failures(pictures, task, tiny.rows["group_dro"]["small-both"]).shown
    assert [family.unit for family in found] == [0, 0, 0]  # of the first result
    assert {family.channel for family in found} == {"color"}  # the rows lean on it
    for family in found:
        assert family.base.label == family.twin.label
        different = {name for name in family.base.values if family.base.values[name] != family.twin.values[name]}
        assert different == {"color"}
        assert family.answer in family.goes_with.split(" or ")
        assert family.answer != family.base.label
        assert family.base.picture != family.twin.picture
        assert {family.base.picture, family.twin.picture} <= pictures.files.keys()
        assert any(new for _, new in family.words)


def test_only_families_with_a_right_base_and_a_wrong_twin_are_shown(tiny):
    task, row = tiny.suite.tasks["small-text"], tiny.rows["jtt"]["small-text"]
    labels = groups_on_test(task)[: row.predicted.shape[1]] >> len(task.channels)
    right = np.broadcast_to(labels[None, :, None], row.predicted.shape).astype(np.uint8)
    assert failures(Pictures(), task, replace(row, predicted=right)).shown == []  # all answered right
    wrong = right.copy()
    wrong[:, :, 0] = (wrong[:, :, 0] + 1) % 3
    assert failures(Pictures(), task, replace(row, predicted=wrong)).shown == []  # all bases answered wrong
    one = right.copy()
    own = sample(task.scenario, "test", [7], images=False, captions=False).channel_values["background"][0]
    value = (own + 1) % 3
    column = columns_of(task)["background"].start + value
    one[1, 7, column] = (one[1, 7, column] + 1) % 3
    (family,) = failures(Pictures(), task, replace(row, predicted=one)).shown
    assert (family.unit, family.channel) == (1, "background")
    assert family.twin.values["background"] == value
    assert family.answer == class_names(task.scenario)[one[1, 7, column]]


def test_channels_take_turns_and_no_base_sample_is_shown_twice(tiny):
    task, row = tiny.suite.tasks["small-text"], tiny.rows["jtt"]["small-text"]
    labels = groups_on_test(task)[: row.predicted.shape[1]] >> len(task.channels)
    answers = np.broadcast_to(labels[None, :, None], row.predicted.shape).astype(np.uint8)
    other = (answers + 1) % 3
    columns = columns_of(task)
    answers[:, :2, columns["color"]] = other[:, :2, columns["color"]]
    answers[:, 0, columns["background"]] = other[:, 0, columns["background"]]
    counted = failures(Pictures(), task, replace(row, predicted=answers))
    found = counted.shown
    assert counted.by_channel == {"color": 10, "background": 5}
    assert (counted.total, counted.right, counted.lost) == (5 * 24, 5 * 24, 10)
    assert len(found) == 2 < SHOWN  # two base samples, although color has ten losses
    assert len(failures(Pictures(), task, replace(row, predicted=answers), most=1).shown) == 1
    assert found[0].channel == "color"
    assert found[0].base != found[1].base


def test_answers_that_the_new_value_goes_with_come_first(tiny):
    task, row = tiny.suite.tasks["small-text"], tiny.rows["jtt"]["small-text"]
    labels = groups_on_test(task)[: row.predicted.shape[1]] >> len(task.channels)
    answers = np.broadcast_to(labels[None, :, None], row.predicted.shape).astype(np.uint8)
    table, columns = aligned_values(task.scenario, "color"), columns_of(task)["color"]
    own = sample(task.scenario, "test", range(24), images=False, captions=False).channel_values["color"]
    for place, asked in ((0, False), (5, True)):
        value = next(v for v in range(len(table)) if v != own[place] and not table[v, labels[place]])
        wrong = [c for c in range(3) if c != labels[place] and bool(table[value, c]) == asked]
        answers[0, place, columns.start + value] = wrong[0]
    (family,) = failures(Pictures(), task, replace(row, predicted=answers), most=1).shown
    assert family.answer in family.goes_with.split(" or ")


def test_with_several_worlds_a_family_is_of_a_world_that_has_its_base_right(many):
    task, row = many.suite.tasks["pair-image"], many.rows["erm"]["pair-image"]
    found = failures(Pictures(), task, row).shown
    assert found
    for family in found:
        assert family.base.label in class_names(task.scenario)
        assert family.answer in class_names(task.scenario)


def test_a_row_without_predicted_classes_has_no_families(tiny):
    row = tiny.rows["erm"]["small-text"]
    assert row.predicted.size
    bare = replace(row, predicted=np.empty((0, 0, 0), np.uint8))
    assert failures(Pictures(), tiny.suite.tasks["small-text"], bare) is None


def test_new_words_of_a_caption_are_marked():
    assert changed_words("a red plate", "a blue plate") == [("a", False), ("blue", True), ("plate", False)]
    assert changed_words("A wall, at noon", "a red wall at noon!") == [
        ("a", False), ("red", True), ("wall", False), ("at", False), ("noon!", False),
    ]  # fmt: skip
