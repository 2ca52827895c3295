import numpy as np
import pytest

from spurgen.generators import Samples, sample


def assert_equal(first, second):
    for name, column in {**vars(first), "inputs": vars(first.inputs)}.items():
        found = getattr(second, name)
        np.testing.assert_equal(vars(found) if name == "inputs" else found, column)


@pytest.mark.parametrize("images", [True, False])
def test_samples_are_the_same_after_cutting_and_joining(images, world):
    spec = world(image_size=32)
    whole = sample(spec, "train", range(20), images=images)
    parts = [whole.take(slice(start, start + 8)) for start in range(0, 20, 8)]
    assert [len(part.labels) for part in parts] == [8, 8, 4]
    assert_equal(parts[1], sample(spec, "train", range(8, 16), images=images))
    assert_equal(Samples.join(parts), whole)


def test_without_inputs_keeps_the_factors_and_releases_the_images(world):
    whole = sample(world(image_size=32), "val", range(5))
    factors = whole.without_inputs()
    assert not factors.inputs.given
    assert_equal(factors, sample(world(image_size=32), "val", range(5), images=False, captions=False))
