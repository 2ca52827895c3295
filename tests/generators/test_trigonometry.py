import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spurgen.generators.trigonometry import TURN, UNIT_BITS, cosine, sine

UNIT = 1 << UNIT_BITS
ANGLES = np.arange(TURN)


@pytest.mark.parametrize(("integer", "real"), [(sine, math.sin), (cosine, math.cos)])
def test_table_is_the_function_rounded(integer, real):
    exact = np.array([UNIT * real(2 * math.pi * k / TURN) for k in ANGLES])
    assert np.abs(integer(ANGLES) - exact).max() <= 0.5 + 1e-6


def test_quarter_turns_are_exact():
    quarters = np.arange(4) * (TURN // 4)
    assert sine(quarters).tolist() == [0, UNIT, 0, -UNIT]
    assert cosine(quarters).tolist() == [UNIT, 0, -UNIT, 0]
    assert sine(np.array([TURN // 8])).item() == (math.isqrt(2 * UNIT**2) + 1) // 2


def test_values_are_integers_of_64_bits():
    assert sine(ANGLES).dtype == cosine(ANGLES).dtype == np.int64


@given(angle=st.integers(-(2**40), 2**40))
def test_symmetries_hold_exactly_for_any_sign(angle):
    at = np.array([angle])
    assert sine(-at) == -sine(at)
    assert cosine(-at) == cosine(at)
    assert sine(at + TURN) == sine(at)
    assert sine(at + TURN // 4) == cosine(at)


def test_sine_and_cosine_lie_on_the_circle():
    error = sine(ANGLES).astype(object) ** 2 + cosine(ANGLES).astype(object) ** 2 - UNIT**2
    assert np.abs(error).max() <= 2 * UNIT
