import re

import pytest
from formulas import mathml


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
