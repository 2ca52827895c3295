import itertools

import numpy as np
import pytest

from spurgen.generators.pen import MASTER, REACH, Pen
from spurgen.generators.pictograms import DRAWINGS, FAMILIES, HALO

SIDE = 64
ALIKE = 0.72  # intersection over union


def drawn(name, grow=0):
    pen = Pen(grow)
    DRAWINGS[name](pen)
    return pen.mask


@pytest.fixture(scope="module")
def masks():
    return {name: drawn(name) for name in DRAWINGS}


def farthest(mask):
    """Measures how far the ink reaches from the centre, in grid units."""
    rows, columns = np.nonzero(mask)
    radius = np.hypot(rows - (MASTER - 1) / 2, columns - (MASTER - 1) / 2).max()
    return radius * 2 * REACH / MASTER


def small(mask):
    """Shrinks the drawing area to 64 x 64, bool."""
    half = MASTER // 3
    middle = slice(MASTER // 2 - half, MASTER // 2 + half)
    picked = np.linspace(0, 2 * half - 1, SIDE).round().astype(int)
    return mask[middle, middle][np.ix_(picked, picked)] > 0


def turned(mask, degrees):
    """Turns a 64 x 64 mask about its centre, nearest neighbour."""
    rows, columns = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    y, x = (
        np.clip((f + (SIDE - 1) / 2).round().astype(int), 0, SIDE - 1)
        for f in (c * rows - s * columns, s * rows + c * columns)
    )
    return mask[y, x]


def likeness(a, b):
    return (a & b).sum() / (a | b).sum()


def test_twenty_pictograms():
    assert len(DRAWINGS) == 20
    assert len(FAMILIES["pictogram"].masks) == 20


@pytest.mark.parametrize("name", DRAWINGS)
def test_ink_and_halo_stay_in_the_drawing_area(masks, name):
    assert farthest(masks[name]) <= 91
    assert farthest(drawn(name, HALO)) <= 103


@pytest.mark.parametrize("name", DRAWINGS)
def test_pictogram_is_centred_and_of_the_usual_weight(masks, name):
    ink = masks[name] > 0
    area = ink.sum() / (np.pi * (90 * MASTER / (2 * REACH)) ** 2)
    assert 0.28 <= area <= 0.65
    for axis in (0, 1):
        (where,) = np.nonzero(ink.any(axis=axis))
        middle = (where[0] + where[-1] + 1 - MASTER) / 2 * 2 * REACH / MASTER
        assert abs(middle) <= 13


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(DRAWINGS, 2)))
def test_pictograms_are_distinct_however_they_lean(masks, one, other):
    upright = small(masks[one])
    leaning = [turned(small(masks[other]), degrees) for degrees in range(-24, 25, 6)]
    assert max(likeness(upright, mask) for mask in leaning) < ALIKE
