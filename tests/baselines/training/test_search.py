import numpy as np
import pytest

from spurgen.baselines.training.search import Choice, LogUniform, Uniform


def test_values_at_quantiles_are_those_of_the_distribution():
    assert [Uniform(1.0, 3.0).at(q) for q in (0.0, 0.25, 0.5)] == [1.0, 1.5, 2.0]
    assert [LogUniform(0.01, 100.0).at(q) for q in (0.0, 0.25, 0.5)] == [0.01, 0.1, 1.0]
    assert [Choice((5, 7, 9)).at(q) for q in (0.0, 0.33, 0.34, 0.99)] == [5, 5, 7, 9]


@pytest.mark.parametrize("distribution", [Uniform(0.05, 0.95), LogUniform(5e-4, 8e-3), LogUniform(1e-3, 1.0)])
def test_values_lie_in_the_range_and_have_two_digits(distribution):
    values = [distribution.at(q) for q in np.linspace(0, 1, 1000, endpoint=False)]
    assert distribution.low <= min(values) <= max(values) <= distribution.high
    assert all(value == float(f"{value:.1e}") for value in values)
    assert len(set(values)) > 80


def test_whole_numbers_stay_whole():
    assert type(Choice((1, 2, 3)).at(0.5)) is int


@pytest.mark.parametrize(
    ("search", "text"),
    [
        (Uniform(0.05, 0.2), "uniform, 0.05 to 0.2"),
        (LogUniform(1e-3, 0.1), "log-uniform, 0.001 to 0.1"),
        (Choice((1.0, 2.5)), "one of 1, 2.5"),
    ],
)
def test_distributions_are_described(search, text):
    assert str(search) == text
