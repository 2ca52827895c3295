import re

import pytest
from extension import mathml, written


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


@pytest.mark.parametrize("display", ["inline", "block"])
def test_a_formula_becomes_mathml(display):
    text = mathml(r" \frac{a_i}{2} ", display=display)
    assert text.startswith("<math ")
    assert f'display="{display}"' in text
    assert "<mfrac>" in text
    assert re.sub(r"<[^>]+>", "", text) == "ai2"


def test_a_prime_stands_beside_its_letter():
    text = mathml(r"f_{y'}", display="inline")
    assert "<mi>y</mi><mo>&#x02032;</mo>" in text
    assert "msup" not in text
