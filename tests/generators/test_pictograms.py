import itertools

import numpy as np
import pytest

from spurgen.generators.pen import MASTER, REACH, Pen
from spurgen.generators.pictograms import DRAWINGS, HALO

SIDE = 64
MAX_OVERLAP = 0.72  # intersection over union


def drawn(name, grow=0):
    pen = Pen(grow)
    DRAWINGS[name](pen)
    return pen.mask


@pytest.fixture(scope="module")
def masks():
    return {name: drawn(name) for name in DRAWINGS}


def farthest(mask):
    """Return the largest distance of ink from the centre, in grid units."""
    rows, columns = np.nonzero(mask)
    radius = np.hypot(rows - (MASTER - 1) / 2, columns - (MASTER - 1) / 2).max()
    return radius * 2 * REACH / MASTER


def small(mask):
    """Return the drawing area at 64 x 64, bool."""
    half = MASTER // 3
    middle = slice(MASTER // 2 - half, MASTER // 2 + half)
    picked = np.linspace(0, 2 * half - 1, SIDE).round().astype(int)
    return mask[middle, middle][np.ix_(picked, picked)] > 0


def turned(mask, degrees):
    """Return a 64 x 64 mask turned about its centre, by nearest neighbour."""
    rows, columns = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    y, x = (
        np.clip((f + (SIDE - 1) / 2).round().astype(int), 0, SIDE - 1)
        for f in (c * rows - s * columns, s * rows + c * columns)
    )
    return mask[y, x]


def overlap(a, b):
    return (a & b).sum() / (a | b).sum()


def test_ink_and_halo_stay_inside_the_drawing_area(masks):
    for name, mask in masks.items():
        assert farthest(mask) <= 91, name
        assert farthest(drawn(name, HALO)) <= 103, name


def test_pictograms_are_centred_and_of_similar_area(masks):
    for name, mask in masks.items():
        area = (mask > 0).sum() / (np.pi * (90 * MASTER / (2 * REACH)) ** 2)
        assert 0.28 <= area <= 0.65, name
        for axis in (0, 1):
            (where,) = np.nonzero((mask > 0).any(axis=axis))
            middle = (where[0] + where[-1] + 1 - MASTER) / 2 * 2 * REACH / MASTER
            assert abs(middle) <= 13, name


def test_pictograms_differ_at_every_tilt(masks):
    tilts = {name: [turned(small(mask), degrees) for degrees in range(-24, 25, 6)] for name, mask in masks.items()}
    for first, second in itertools.combinations(DRAWINGS, 2):
        assert max(overlap(small(masks[first]), tilted) for tilted in tilts[second]) < MAX_OVERLAP, (first, second)
