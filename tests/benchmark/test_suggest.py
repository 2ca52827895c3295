import pytest

from spurgen.benchmark.suggest import suggestion


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
