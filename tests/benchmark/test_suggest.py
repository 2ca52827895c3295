import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.suggest import is_word, one_of, suggestion


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ERM", "did you mean erm or irm?"),
        ("signs_Image", "did you mean signs-image or signs-text?"),
        ("zzz", "choose from erm, irm, signs-image, signs-text"),
    ],
)
def test_similar_names_are_suggested_ignoring_case_else_all(name, text):
    assert suggestion(name, ["erm", "irm", "signs-image", "signs-text"]) == text


def test_one_of_returns_a_known_name_and_refuses_others():
    assert one_of("row", "erm", {"irm": 1, "erm": 2}) == "erm"
    with pytest.raises(SpurgenError, match="there is no row 'emr'; did you mean erm"):
        one_of("row", "emr", ["erm", "zzz"])
    with pytest.raises(SpurgenError, match="no row 'erm', and no other: is this the right folder"):
        one_of("row", "erm", [])


def test_words_are_not_paths_modules_or_attributes():
    assert [name for name in ("erm", "group-dro", "a.py", "a/b", "a:b", "a.b") if is_word(name)] == ["erm", "group-dro"]
