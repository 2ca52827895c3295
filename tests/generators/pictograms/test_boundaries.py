"""Arguments that the generator accepts, and those that it refuses with a message."""

import re

import numpy as np
import pytest

from spurgen.benchmark.errors import ScenarioError
from spurgen.generators import sample, twins


def train(indices):
    return lambda spec: sample(spec, "train", indices)


def twin(*arguments):
    return lambda spec: twins(spec, "test", [0, 1], *arguments)


NOT_WHOLE = "sample indices must be whole numbers below 2**63, not "
NOT_WHOLE_VALUES = "values of channel color must be whole numbers below 2**63, not "
REFUSED = [
    (lambda spec: sample(spec, "dev", [0]), "unknown split 'dev'; choose one of train, val, calibration, test"),
    (train([3, -2]), "negative sample index -2; indices start at 0"),
    (train([2**48]), "sample index 281474976710656 is too large"),
    (train([1.7]), f"{NOT_WHOLE}float64 such as 1.7"),
    (train(np.array([1.0])), f"{NOT_WHOLE}float64"),
    (train(["1"]), f"{NOT_WHOLE}<U1"),
    (train([2**63]), f"{NOT_WHOLE}uint64"),
    (train([2**70]), f"{NOT_WHOLE}object"),
    (train([True, False]), f"{NOT_WHOLE}bool such as True; np.flatnonzero turns a mask into indices"),
    (train(np.zeros((2, 2), int)), "sample indices have 2 dimensions, expected 1: give a list or range"),
    (train(3), "sample indices have 0 dimensions, expected 1: give a list or range of whole numbers"),
    (train([[1], [2, 3]]), "sample indices must be whole numbers in equal rows, not [[1], [2"),
    (lambda spec: twins(spec, "train", [1.7], "core"), f"{NOT_WHOLE}float64"),
    (twin("mirror"), "unknown kind of twin 'mirror'; choose channel, placebo"),
    (twin("channel"), "needs channel (one of background, color, shape) and value"),
    (twin("channel", "hue", 0), "not 'hue' and 0"),
    (twin("channel", "color", 10), "channel color has the values 0 to 9, not 10"),
    (twin("channel", "color", np.array([3, -1])), "channel color has the values 0 to 9"),
    (twin("channel", "color", np.zeros(3, int)), "needs one value, or one for each of the 2 samples"),
    (twin("channel", "color", np.zeros((2, 1), int)), "needs one value, or one for each of the 2 samples"),
    (twin("channel", "color", 1.9), f"{NOT_WHOLE_VALUES}float64 such as 1.9"),
    (twin("channel", "color", np.array([1.0, 2.0])), f"{NOT_WHOLE_VALUES}float64"),
    (twin("channel", "color", True), f"{NOT_WHOLE_VALUES}bool"),
]  # fmt: skip


@pytest.mark.parametrize(("ask", "message"), REFUSED)
def test_invalid_arguments_are_refused(ask, message, world):
    with pytest.raises(ScenarioError, match=re.escape(message)):
        ask(world())


@pytest.mark.parametrize("indices", [[3, 5], range(3, 6, 2), np.array([3, 5], np.uint8), np.array([3, 5], np.int32)])
def test_whole_numbers_of_any_type_are_accepted(indices, world):
    spec = world(image_size=32)
    made, expected = sample(spec, "train", indices), sample(spec, "train", np.array([3, 5]))
    np.testing.assert_array_equal(made.images, expected.images)
    assert made.captions == expected.captions


def test_no_indices_make_no_samples(world):
    spec = world(image_size=32)
    for made in (sample(spec, "train", []), twins(spec, "test", [], "placebo")):
        assert made.images.shape == (0, 32, 32, 3)
        assert made.captions == []


def test_indices_past_the_size_of_a_split_give_fresh_samples(world):
    spec = world(splits={"train": 90})
    fresh, frozen = (sample(spec, "train", part, images=False).captions for part in (range(5000, 5300), range(90)))
    assert len(set(fresh) - set(frozen)) > 200
