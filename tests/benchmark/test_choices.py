import pytest

from spurgen.benchmark.choices import one_of, suggestion
from spurgen.benchmark.errors import SpurgenError


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("ERM", "did you mean erm or irm?"),
        ("signs_Image", "did you mean signs-image or signs-text?"),
        ("zzz", "choose from erm, irm, signs-image, signs-text"),
    ],
)
def test_the_nearest_are_suggested_whatever_their_case_else_all(name, told):
    assert suggestion(name, ["erm", "irm", "signs-image", "signs-text"]) == told


def test_a_known_name_is_returned_and_no_other():
    assert one_of("row", "erm", {"irm": 1, "erm": 2}) == "erm"
    with pytest.raises(SpurgenError, match="there is no row 'emr'; did you mean erm"):
        one_of("row", "emr", ["erm", "zzz"])
    with pytest.raises(SpurgenError, match="no row 'erm', and no other: is this the right folder"):
        one_of("row", "erm", [])
