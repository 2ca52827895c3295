import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spurgen.harness.evaluation.margins import Part, margin, of_difference, of_runs, p_value

ERRORS = st.floats(1e-4, 1.0)
PARTS = st.lists(st.builds(Part, ERRORS, st.sampled_from([1, 2, 9, math.inf])), min_size=1, max_size=3)


def test_one_part_has_the_quantile_of_its_own_degrees_of_freedom():
    assert margin([Part(0.1)]) == pytest.approx(0.1959964)
    assert margin([Part(0.1, 1)]) == pytest.approx(1.2706205)
    assert margin([Part(0.3), Part(0.1, 1)]) == pytest.approx(math.hypot(0.3 * 1.959964, 1.2706205))


def test_one_run_has_no_part_and_several_have_one():
    assert of_runs(np.array([0.5])) == []
    ((error, degrees),) = of_runs(np.array([0.4, 0.6]))
    assert (error, degrees) == (pytest.approx(0.1), 1)


def test_a_single_run_is_taken_to_vary_as_the_runs_of_the_other_model():
    one, three, two = np.array([0.9]), np.array([0.4, 0.5, 0.6]), np.array([0.1, 0.3])
    ((error, degrees),) = of_difference(one, three)
    assert (error, degrees) == (pytest.approx(0.1 * (1 + 1 / 3) ** 0.5), 2)
    assert of_difference(three, one) == [(error, degrees)]
    assert of_difference(one, one) == []
    assert of_difference(three, two) == [*of_runs(three), *of_runs(two)]


@given(PARTS, st.floats(1e-3, 10.0))
def test_the_margin_at_the_p_value_is_the_difference(parts, difference):
    p = p_value(difference, parts)
    assert p == p_value(-difference, parts)
    if p > 0:
        assert margin(parts, p) == pytest.approx(difference)
    assert (p < 0.05) == (margin(parts) < difference) or p == pytest.approx(0.05)


def test_p_values_of_known_tests():
    assert p_value(1.959964, [Part(1)]) == pytest.approx(0.05)
    assert p_value(1.0, [Part(1, 1)]) == pytest.approx(0.5)


@pytest.mark.parametrize("degrees", range(1, 12))
def test_runs_that_agree_exactly_leave_the_error_of_the_samples(degrees):
    assert p_value(0.05, [Part(0.02), Part(0.0, degrees)]) == pytest.approx(p_value(0.05, [Part(0.02)]))
    assert p_value(0.05, [Part(0.02), Part(1e-12, degrees)]) == pytest.approx(p_value(0.05, [Part(0.02)]))


def test_certain_differences():
    assert p_value(0.0, [Part(0.1)]) == 1
    assert p_value(0.0, [Part(0.0)]) == 1
    assert p_value(0.1, [Part(0.0), Part(0.0, 1)]) == 0
    assert p_value(1.0, [Part(1e-9)]) == 0
