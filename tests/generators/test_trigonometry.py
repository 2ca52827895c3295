import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spurgen.generators.trigonometry import TURN, UNIT_BITS, cosine, sine

UNIT = 1 << UNIT_BITS
ANGLES = np.arange(TURN)


@pytest.mark.parametrize(("integer", "real"), [(sine, math.sin), (cosine, math.cos)])
def test_tables_are_the_functions_rounded_to_int64(integer, real):
    exact = np.array([UNIT * real(2 * math.pi * k / TURN) for k in ANGLES])
    assert np.abs(integer(ANGLES) - exact).max() <= 0.5 + 1e-6
    assert integer(ANGLES).dtype == np.int64


@given(angle=st.integers(-(2**40), 2**40))
def test_symmetries_hold_exactly_for_any_sign(angle):
    at = np.array([angle])
    assert sine(-at) == -sine(at)
    assert cosine(-at) == cosine(at)
    assert sine(at + TURN) == sine(at)
    assert sine(at + TURN // 4) == cosine(at)
