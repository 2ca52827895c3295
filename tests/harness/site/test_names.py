import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spurgen.harness.site.names import file_name


@given(st.text())
def test_a_file_name_is_safe_on_every_system_and_needs_no_escape_in_an_address(label):
    assert re.fullmatch(r"[a-z0-9_][a-z0-9_-]{0,80}", file_name(label))


def test_plain_labels_keep_their_name():
    assert file_name("group_dro") == "group_dro"


@pytest.mark.parametrize("pair", [("a b", "a-b"), ("A", "a"), ("x/../y", "x-y"), ("", " ")])
def test_labels_that_look_alike_have_different_files(pair):
    assert len({file_name(label).lower() for label in pair}) == 2


@pytest.mark.parametrize("label", ["A", "a b", "con", "", "../x"])
def test_no_label_has_the_name_that_another_gets_by_its_digest(label):
    assert file_name(file_name(label)) != file_name(label)


def test_names_of_devices_are_avoided():
    assert file_name("con") != "con"
