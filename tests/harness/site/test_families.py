import numpy as np
import pytest

from spurgen.harness.site.families import changed_words, families
from spurgen.harness.site.pictures import Pictures


def test_families_that_move_furthest_come_first_with_base_and_twin(tiny):
    pictures, task = Pictures(), tiny.suite.tasks["small-both"]
    row = tiny.rows["group_dro"]["small-both"]
    found = families(pictures, task, row)
    assert found
    assert {family.channel for family in found} == {"color"}  # the rows lean on it
    assert [family.moved for family in found] == sorted((family.moved for family in found), reverse=True)
    for family in found:
        assert (family.right, family.units, family.world) == (5, 5, None)
        assert family.base.label == family.twin.label
        different = {name for name in family.base.values if family.base.values[name] != family.twin.values[name]}
        assert different == {"color"}
        assert family.goes_with != family.base.label
        assert family.base.picture != family.twin.picture
        assert {family.base.picture, family.twin.picture} <= pictures.files.keys()
        assert any(new for _, new in family.words)


def test_bases_that_are_wrong_or_whose_family_is_right_are_left_out(tiny):
    task, row = tiny.suite.tasks["small-text"], tiny.rows["jtt"]["small-text"]
    bases = len(row.sums["cra"])
    fitting = np.flatnonzero((row.sums["cra"] == 0) & row.correct[:, :bases].all(axis=0))
    from spurgen.harness.site.families import _worst

    assert {candidate.place for candidate in _worst(task, row)} <= set(fitting.tolist())


def test_with_several_worlds_a_family_is_of_a_world_that_has_its_base_right(many):
    task, row = many.suite.tasks["pair-image"], many.rows["erm"]["pair-image"]
    found = families(Pictures(), task, row)
    assert found
    for family in found:
        assert family.units == 1
        assert family.base.label.startswith("class ")  # a composite core cue has no noun for a class


@pytest.mark.parametrize("lacking", ["cra", "sss/color"])
def test_a_row_without_sample_arrays_has_no_families(tiny, lacking):
    from dataclasses import replace

    row = tiny.rows["erm"]["small-text"]
    sums = {name: total for name, total in row.sums.items() if not name.startswith(lacking[:3])}
    assert families(Pictures(), tiny.suite.tasks["small-text"], replace(row, sums=sums)) == []


def test_new_words_of_a_caption_are_marked():
    assert changed_words("a red plate", "a blue plate") == [("a", False), ("blue", True), ("plate", False)]
