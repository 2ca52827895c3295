import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.suggest import is_word, one_of


def test_a_known_name_is_returned_and_no_other():
    assert one_of("row", "erm", {"irm": 1, "erm": 2}) == "erm"
    with pytest.raises(SpurgenError, match="there is no row 'emr'; did you mean erm"):
        one_of("row", "emr", ["erm", "zzz"])
    with pytest.raises(SpurgenError, match="no row 'erm', and no other: is this the right folder"):
        one_of("row", "erm", [])


def test_words_are_no_paths_modules_or_attributes():
    assert [name for name in ("erm", "group-dro", "a.py", "a/b", "a:b", "a.b") if is_word(name)] == ["erm", "group-dro"]
