import numpy as np
import pytest

from spurgen.harness.running.plain_encoders import PLAIN

HALVES = np.zeros((1, 64, 64, 3), np.uint8)
HALVES[:, :, 32:] = 255


@pytest.mark.parametrize("name", ["pixels", "colour-histogram", "cnn-random"])
def test_images_have_features_of_the_width_that_is_told(name):
    features = PLAIN[name].encoder.load()(np.repeat(HALVES, 3, axis=0))
    assert (features.shape, features.dtype) == ((3, PLAIN[name].encoder.width), np.float32)


def test_pixels_are_means_of_cells_and_the_histogram_counts_colours():
    cells = PLAIN["pixels"].encoder.load()(HALVES).reshape(16, 16, 3)
    assert (cells[:, :8] == 0).all()
    assert (cells[:, 8:] == 255).all()
    counts = PLAIN["colour-histogram"].encoder.load()(HALVES)[0]
    assert counts[[0, 63]].tolist() == [0.5, 0.5]


def test_words_are_counted_without_their_order():
    count = PLAIN["bag-of-words"].encoder.load()
    assert (count(["A fox, a wall"]) == count(["wall a fox a"])).all()
    assert count(["a fox a"]).sum() == 3
    assert PLAIN["bag-of-words"].encoder.width == count(["x"]).shape[1]


def test_random_networks_have_the_shape_of_trained_ones_and_other_features():
    random, images = (
        PLAIN["efficientnet-lite0-random"].encoder,
        np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3)),
    )
    pytest.importorskip("efficientnet_lite_pytorch")
    features = random.load()(images.astype(np.uint8))
    assert features.shape == (2, random.width)
    assert np.isfinite(features).all()
    assert features.std() > 1e-6
