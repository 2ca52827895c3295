import pytest
from docstrings import written


class Thing:
    def method(self, values: "list[int]", *, images: bool = True) -> "str":
        return "".join(map(str, values)) * images

    @classmethod
    def make(cls, size: int) -> "Thing":
        raise NotImplementedError(size)


def plain(count: int = 3):
    return count


@pytest.mark.parametrize(
    ("function", "signature"),
    [
        (plain, ("(count: int=3)", "")),
        (Thing.method, ("(values: 'list[int]', *, images: bool=True)", "'str'")),
        (Thing.make, ("(size: int)", "'Thing'")),
        (Thing, None),
        (len, None),
    ],
)
def test_signatures_are_those_of_the_source(function, signature):
    assert written(function) == signature
