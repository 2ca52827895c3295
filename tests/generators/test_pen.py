import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spurgen.generators.pen import MASTER, REACH, Pen, arc, polar, regular, star

SETTINGS = settings(max_examples=30)
PER_UNIT = MASTER / (2 * REACH)  # master pixels per grid unit
coordinate = st.integers(-140, 140)
point = st.tuples(coordinate, coordinate)
inner_point = st.tuples(st.integers(-90, 90), st.integers(-90, 90))


def area(pen):
    """Return the inked area in squared grid units."""
    return (pen.mask == 255).sum() / PER_UNIT**2


def shoelace(points):
    edges = zip(points, [*points[1:], points[0]], strict=True)
    return abs(sum(xa * yb - xb * ya for (xa, ya), (xb, yb) in edges)) / 2


@SETTINGS
@given(corners=st.tuples(point, point, point))
def test_triangles_have_the_area_of_the_shoelace_formula(corners):
    outline = sum(math.dist(corners[k - 1], corners[k]) for k in range(3))
    assert area(Pen().polygon(*corners)) == pytest.approx(shoelace(corners), abs=1 + 0.6 * outline / PER_UNIT)


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


def test_polygons_with_a_common_edge_neither_overlap_nor_leave_a_gap():
    left = Pen().polygon((-100, -100), (13, -100), (-37, 100), (-100, 100)).mask > 0
    right = Pen().polygon((13, -100), (100, -100), (100, 100), (-37, 100)).mask > 0
    both = Pen().polygon((-100, -100), (100, -100), (100, 100), (-100, 100)).mask > 0
    assert not (left & right).any()
    assert ((left | right) == both).all()


@SETTINGS
@given(x=st.integers(-30, 30), y=st.integers(-30, 30), rx=st.integers(5, 110), ry=st.integers(5, 110))
def test_ellipses_have_the_area_pi_a_b_and_the_right_centre(x, y, rx, ry):
    pen = Pen().ellipse(x, y, rx, ry)
    assert area(pen) == pytest.approx(math.pi * rx * ry, rel=0.03)
    rows, columns = np.nonzero(pen.mask)
    assert columns.mean() == pytest.approx((x + REACH) * PER_UNIT, abs=1.5)
    assert rows.mean() == pytest.approx((y + REACH) * PER_UNIT, abs=1.5)


@SETTINGS
@given(a=inner_point, b=inner_point, width=st.integers(4, 60))
def test_a_stroke_is_a_rectangle_with_two_half_discs(a, b, width):
    expected = width * math.dist(a, b) + math.pi * width**2 / 4
    assert area(Pen().stroke(a, b, width=width)) == pytest.approx(expected, rel=0.08)


def test_joints_of_a_stroke_are_round():
    bent = Pen().stroke((-60, 0), (0, 0), (0, 60), width=40)
    rectangles, discs = 2 * 40 * 60 - 20 * 20, (1 / 2 + 1 / 2 + 1 / 4) * math.pi * 20**2
    assert area(bent) == pytest.approx(rectangles + discs, rel=0.01)


def test_erasing_removes_ink():
    pen = Pen().ellipse(0, 0, 80).ellipse(0, 0, 40, ink=False)
    assert area(pen) == pytest.approx(math.pi * (80**2 - 40**2), rel=0.01)
    assert area(pen.polygon((-100, -100), (100, -100), (100, 100), (-100, 100), ink=False)) == 0
    assert area(Pen().stroke((-50, 0), (50, 0), width=20).stroke((-50, 0), (50, 0), width=20, ink=False)) == 0


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


@pytest.mark.parametrize(("angle", "expected"), [(0, (80, 0)), (90, (0, 80)), (180, (-80, 0)), (-90, (0, -80))])
def test_polar_turns_clockwise_from_the_right(angle, expected):
    assert polar(80, angle) == expected


def test_an_arc_runs_between_its_angles_in_either_direction():
    there, back = arc(10, -5, 60, 0, 90), arc(10, -5, 60, 90, 0)
    assert (there[0], there[-1]) == ((70, -5), (10, 55))
    assert list(reversed(back)) == list(there)
    assert all(abs(math.dist(p, (10, -5)) - 60) < 1 for p in there)
