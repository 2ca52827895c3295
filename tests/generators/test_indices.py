import numpy as np
import pytest

from spurgen.benchmark.errors import ScenarioError
from spurgen.generators.indices import LAST_INDEX, checked_indices, integers


@pytest.mark.parametrize("given", [range(3), [0, 1, 2], np.arange(3, dtype=np.uint8)])
def test_whole_numbers_become_int64(given):
    assert checked_indices(given).dtype == np.int64
    assert checked_indices(given).tolist() == [0, 1, 2]


def test_no_indices_are_allowed():
    assert checked_indices([]).shape == (0,)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([-2, 1], r"negative sample index -2; indices start at 0"),
        ([LAST_INDEX], r"sample index 281474976710656 is too large; give one below 2\*\*48"),
        ([[1, 2]], r"sample indices have 2 dimensions, expected 1"),
        ([1.0], r"sample indices must be whole numbers below 2\*\*63, not float64 such as 1\.0"),
        ([True], r"not bool such as True; np\.flatnonzero turns a mask into indices"),
        ([[1], [1, 2]], r"sample indices must be whole numbers in equal rows"),
        ([2**63], r"not uint64 such as 9223372036854775808"),
    ],
)
def test_other_numbers_are_refused_with_the_reason(given, message):
    with pytest.raises(ScenarioError, match=message):
        checked_indices(given)


def test_integers_of_any_shape_are_allowed_elsewhere():
    assert integers("values", 3).shape == ()
