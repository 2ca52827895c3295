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


def test_polygons_are_filled_by_the_even_odd_rule():
    outer, inner = ([(-r, -r), (r, -r), (r, r), (-r, r), (-r, -r)] for r in (90, 30))
    ring = Pen().polygon(*outer, *inner)
    assert area(ring) == pytest.approx(180**2 - 60**2, rel=0.01)
    assert ring.mask[MASTER // 2, MASTER // 2] == 0


@SETTINGS
@given(top=st.integers(-140, 130), left=st.integers(-140, 130), side=st.integers(1, 10))
def test_a_pixel_is_inked_if_its_centre_lies_inside(top, left, side):
    corners = [(left, top), (left + side, top), (left + side, top + side), (left, top + side)]
    rows, columns = np.nonzero(Pen().polygon(*corners).mask)
    for inked, low in ((rows, top), (columns, left)):
        # Grid coordinates are rounded down to a sixteenth of a pixel.
        first, last = inked.min() + 0.5, inked.max() + 0.5
        edges = ((low + REACH) * PER_UNIT, (low + side + REACH) * PER_UNIT)
        assert -1 / 16 <= first - edges[0] < 1
        assert -1 - 1 / 16 <= last - edges[1] < 0


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


def test_drawing_beyond_the_edge_is_clipped():
    pen = Pen().polygon((-400, -400), (400, -400), (400, 400), (-400, 400))
    assert (pen.mask == 255).all()
    assert area(Pen().ellipse(500, 500, 20).stroke((-900, 0), (-700, 0), width=50)) == 0
