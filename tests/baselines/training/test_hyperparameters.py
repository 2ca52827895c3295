"""Hyper-parameters: what is refused, and the distributions that a sweep draws from."""

import dataclasses
from typing import get_args

import numpy as np
import pytest
from pydantic import ValidationError
from pydantic.dataclasses import dataclass

from spurgen.baselines import bsoftmax, erm
from spurgen.baselines.training.hyperparameters import Choice, LogUniform, Recipe, Uniform, within
from spurgen.baselines.training.method import Baseline
from spurgen.benchmark.checkpoint_rules import GROUPED
from spurgen.benchmark.errors import SubmissionError


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"momentum": 0.9}, " has no option 'momentum'; choose from epochs, batch_size, lr, "),
        ({"lr": -1.0}, r": lr = -1.0 must lie in \[1e-06, 1.0\]$"),
        ({"lr": 2}, r": lr = 2 must lie in \[1e-06, 1.0\]$"),
        ({"lr": float("nan")}, ": lr = nan must lie in"),
        ({"lr": float("inf")}, ": lr = inf must lie in"),
        ({"lr": "0.1"}, ": lr = '0.1': input should be a valid number$"),
        ({"lr": True}, ": lr = True: input should be a valid number$"),
        ({"epochs": 2.5}, ": epochs = 2.5: input should be a valid integer$"),
        ({"epochs": True}, ": epochs = True: input should be a valid integer$"),
        ({"epochs": 0, "lr": 2.0}, r": epochs = 0 must lie in \[1, 100000\]; lr = 2.0 must lie in \[1e-06, 1.0\]$"),
        ({"selection": "best"}, ": selection = 'best': input should be 'tier', 'last', .*, 'val_wga' or 'val_robust'$"),
        ({"selection": 1}, ": selection = 1: input should be 'tier', "),
        ({"sizes": "all"}, ": sizes = 'all': input should be 'groups' or 'classes'$"),
    ],
)
def test_bad_option_is_refused_with_method_value_and_expectation(options, message):
    with pytest.raises(SubmissionError, match=f"^bsoftmax{message}"):
        bsoftmax.submission.with_options(**options)


def test_whole_number_serves_as_a_float():
    before = erm.submission.HYPERPARAMETERS
    changed = erm.submission.with_options(lr=1).HYPERPARAMETERS
    assert changed == dataclasses.replace(before, lr=1.0)
    assert type(changed.lr) is float
    assert erm.submission.HYPERPARAMETERS is before


@pytest.mark.parametrize("values", [{"epochs": 0}, {"lr": "0.1"}, {"momentum": 0.9}])
def test_bad_value_in_a_method_file_is_refused(values):
    (name,) = values
    with pytest.raises(ValidationError, match=name):
        Recipe(**values)


def test_bad_default_is_refused():
    @dataclass(frozen=True)
    class Hyperparameters(Recipe):
        share: float = within(0.0, 1.0, "nobody", default=1.5)

    with pytest.raises(ValidationError, match="share"):
        Hyperparameters()


def test_class_that_does_not_validate_is_refused():
    @dataclasses.dataclass(frozen=True)
    class Unchecked(Recipe):
        pass

    with pytest.raises(SubmissionError, match="mine: Unchecked does not validate its values; decorate it with"):
        Baseline("some.mine", erm.fit, Unchecked(epochs=0), access="none")


def test_selection_offers_every_rule():
    assert get_args(Recipe.__annotations__["selection"]) == ("tier", "last", "val_accuracy", *sorted(GROUPED)[::-1])


def test_values_for_frozen_features_hold_there_alone_and_options_hold_everywhere():
    tuned = Baseline("x.tuned", erm.fit, Recipe(), access="none", frozen={"l2": 0.25})
    assert (tuned.hyper("features").l2, tuned.hyper("inputs").l2) == (0.25, Recipe().l2)
    assert tuned.with_options(l2=0.5).hyper("features").l2 == tuned.with_options(l2=0.5).hyper("inputs").l2 == 0.5
    assert tuned.with_options(lr=0.125).hyper("features").l2 == 0.25
    with pytest.raises(SubmissionError, match="tuned has no option 'l3'"):
        Baseline("x.tuned", erm.fit, Recipe(), access="none", frozen={"l3": 1}).hyper("features")


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
