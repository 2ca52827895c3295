import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spurgen.generators.pen import MASTER, REACH, Pen, regular, star

SETTINGS = settings(max_examples=30)
PER_UNIT = MASTER / (2 * REACH)  # master pixels per grid unit
inner_point = st.tuples(st.integers(-90, 90), st.integers(-90, 90))


def area(pen):
    """Return the inked area in squared grid units."""
    return (pen.mask == 255).sum() / PER_UNIT**2


def shoelace(points):
    edges = zip(points, [*points[1:], points[0]], strict=True)
    return abs(sum(xa * yb - xb * ya for (xa, ya), (xb, yb) in edges)) / 2


@pytest.mark.parametrize(
    "points",
    [regular(5, 90), regular(6, 91), star(5, 96, 56), star(8, 120, 40), [(-60, -60), (60, -60), (60, 20), (-60, 20)]],
)
def test_simple_polygons_have_the_area_of_the_shoelace_formula(points):
    assert area(Pen().polygon(*points)) == pytest.approx(shoelace(points), rel=0.004)


@SETTINGS
@given(a=inner_point, b=inner_point, width=st.integers(4, 60))
def test_a_stroke_is_a_rectangle_with_two_half_discs(a, b, width):
    expected = width * math.dist(a, b) + math.pi * width**2 / 4
    assert area(Pen().stroke(a, b, width=width)) == pytest.approx(expected, rel=0.08)


@pytest.mark.parametrize("grow", [1, 9, 20])
def test_a_halo_reaches_grow_units_further_and_covers_the_holes(grow):
    solid, halo = (
        pen.ellipse(-40, 0, 30).polygon((0, -40), (60, -20), (20, 50)).stroke((-60, 60), (60, 70), width=14)
        for pen in (Pen(), Pen(grow))
    )
    covered = halo.ellipse(-40, 0, 12, ink=False).mask > 0
    assert (covered >= (solid.mask > 0)).all()
    rows, columns = np.nonzero(solid.mask)
    inside, outside = (
        [np.hypot(rows - r, columns - c).min() for r, c in points]
        for points in (np.argwhere(covered)[::487], np.argwhere(~covered)[::4871])
    )
    assert max(inside) <= grow * PER_UNIT + 2
    assert min(outside) >= grow * PER_UNIT - 2
