import pytest
from docstrings import escaped, written


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


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("the mean of |a - b|, times 2**C", r"the mean of \|a - b\|, times 2\*\*C"),
        ("`label * 2**C | x`, int64 (n,)", "`label * 2**C | x`, int64 (n,)"),
        ("nothing to do", "nothing to do"),
    ],
)
def test_characters_that_mean_nothing_in_a_docstring_are_escaped_outside_of_code(line, text):
    assert escaped(line) == text
