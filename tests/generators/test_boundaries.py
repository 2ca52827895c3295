"""What the generator is asked for, and what it refuses by name."""

import re

import numpy as np
import pytest

from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.scenario import make_scenario
from spurgen.generators import sample, twins

WORLD = make_scenario(
    "test", suite="t", name="w", seed=1, image_size=32, channels={"color": {}, "shape": {}, "background": {}},
    splits={"train": 90},
)  # fmt: skip
REFUSED = [
    (lambda s: sample(s, "dev", [0]), r"unknown split 'dev'; choose one of train, val, test"),
    (lambda s: sample(s, "train", [3, -2]), r"negative sample index -2; indices start at 0"),
    (lambda s: twins(s, "test", [0], "mirror"), r"unknown kind of twin 'mirror'; choose channel, placebo"),
    (lambda s: twins(s, "test", [0], "channel"), r"needs channel \(one of color, shape, background\) and value"),
    (lambda s: twins(s, "test", [0], "channel", "hue", 0), r"not 'hue' and 0"),
    (lambda s: twins(s, "test", [0], "channel", "color", 10), r"channel color has the values 0 to 9, not 10"),
    (lambda s: twins(s, "test", [0], "channel", "color", np.array([-1])), r"channel color has the values 0 to 9"),
    (lambda s: twins(s, "test", [0, 1], "channel", "color", np.zeros(3, int)), r"one for each of the 2 samples"),
]


@pytest.mark.parametrize(("ask", "message"), REFUSED)
def test_what_cannot_be_made_is_refused_by_name(ask, message):
    with pytest.raises(ScenarioError, match=message):
        ask(WORLD)


def paint(value):
    return lambda s: twins(s, "test", [0, 1], "channel", "color", value)


MASK = "; np.flatnonzero turns a mask into indices"
NO_INTEGERS = [
    (lambda s: sample(s, "train", [1.7]), "sample indices must be whole numbers below 2**63, not float64 such as 1.7"),
    (lambda s: sample(s, "train", np.array([1.0])), "sample indices must be whole numbers below 2**63, not float64"),
    (lambda s: sample(s, "train", ["1"]), "sample indices must be whole numbers below 2**63, not <U1"),
    (lambda s: sample(s, "train", [2**63]), "sample indices must be whole numbers below 2**63, not uint64"),
    (lambda s: sample(s, "train", [2**70]), "sample indices must be whole numbers below 2**63, not object"),
    (lambda s: sample(s, "train", [True, False]), f"not bool such as True{MASK}"),
    (
        lambda s: sample(s, "train", np.zeros((2, 2), int)),
        "sample indices have 2 dimensions, expected 1: give a list or",
    ),
    (
        lambda s: sample(s, "train", 3),
        "sample indices have 0 dimensions, expected 1: give a list or range of whole numbers",
    ),
    (lambda s: sample(s, "train", [[1], [2, 3]]), "sample indices must be whole numbers in equal rows, not [[1], [2"),
    (lambda s: twins(s, "train", [1.7], "core"), "sample indices must be whole numbers"),
    (paint(1.9), "values of channel color must be whole numbers below 2**63, not float64 such as 1.9"),
    (paint(np.array([1.0, 2.0])), "values of channel color must be whole numbers below 2**63, not float64"),
    (paint(True), "values of channel color must be whole numbers below 2**63, not bool"),
    (paint(np.zeros((2, 1), int)), "a channel twin needs one value, or one for each of the 2 samples"),
]


@pytest.mark.parametrize(("ask", "message"), NO_INTEGERS)
def test_what_is_no_whole_number_is_never_rounded(ask, message):
    with pytest.raises(ScenarioError, match=re.escape(message)):
        ask(WORLD)


@pytest.mark.parametrize("indices", [[3, 5], range(3, 6, 2), np.array([3, 5], np.uint8), np.array([3, 5], np.int32)])
def test_any_whole_numbers_will_do(indices):
    made, expected = sample(WORLD, "train", indices), sample(WORLD, "train", np.array([3, 5]))
    np.testing.assert_array_equal(made.images, expected.images)
    assert made.captions == expected.captions
    assert sample(WORLD, "train", []).images.shape == (0, 32, 32, 3)


def test_a_split_goes_on_past_its_size():
    more, own = (sample(WORLD, "train", where, images=False).captions for where in (range(5000, 5300), range(90)))
    assert len(set(more) - set(own)) > 200
