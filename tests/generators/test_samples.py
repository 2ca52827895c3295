import numpy as np
import pytest

from spurgen.benchmark.scenario import make_scenario
from spurgen.generators import Samples, sample

WORLD = make_scenario("test", suite="t", name="w", seed=3, image_size=32, channels={"color": {}, "shape": {}})


def same(one, other):
    for name, column in vars(one).items():
        np.testing.assert_equal(vars(other)[name], column)


@pytest.mark.parametrize("images", [True, False])
def test_cutting_and_joining_gives_the_samples_back(images):
    whole = sample(WORLD, "train", range(20), images=images)
    parts = [whole.take(slice(start, start + 8)) for start in range(0, 20, 8)]
    assert [len(part.labels) for part in parts] == [8, 8, 4]
    same(parts[1], sample(WORLD, "train", range(8, 16), images=images))
    same(Samples.join(parts), whole)


def test_without_inputs_the_factors_stay_and_the_pictures_are_let_go():
    whole = sample(WORLD, "val", range(5))
    bare = whole.without_inputs()
    assert bare.images.shape == (0, 32, 32, 3)
    assert bare.images.base is None
    assert bare.captions == []
    np.testing.assert_array_equal(bare.labels, whole.labels)
    np.testing.assert_array_equal(bare.channel_values["shape"], whole.channel_values["shape"])
