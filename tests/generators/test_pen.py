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


def area(pen):
    """Measures the ink in squared grid units."""
    return (pen.mask == 255).sum() / PER_UNIT**2


def shoelace(points):
    following = [*points[1:], points[0]]
    return abs(sum(xa * yb - xb * ya for (xa, ya), (xb, yb) in zip(points, following, strict=True))) / 2


def outline(points):
    return sum(math.dist(a, b) for a, b in zip(points, [*points[1:], points[0]], strict=True))


def test_a_new_mask_is_empty_and_of_the_master_size():
    mask = Pen().mask
    assert (mask.shape, mask.dtype, mask.any()) == ((MASTER, MASTER), np.uint8, False)


@SETTINGS
@given(corners=st.tuples(point, point, point))
def test_triangle_has_the_area_of_the_shoelace_formula(corners):
    slack = 1 + 0.6 * outline(corners) / PER_UNIT
    assert area(Pen().polygon(*corners)) == pytest.approx(shoelace(corners), abs=slack)


@pytest.mark.parametrize(
    "points",
    [regular(5, 90), regular(6, 91), star(5, 96, 56), star(8, 120, 40), [(-60, -60), (60, -60), (60, 20), (-60, 20)]],
)
def test_simple_polygons_have_the_area_of_the_shoelace_formula(points):
    assert area(Pen().polygon(*points)) == pytest.approx(shoelace(points), rel=0.004)


def test_polygon_is_filled_by_the_even_odd_rule():
    once, twice = [(-90, -90), (90, -90), (90, 90), (-90, 90)], [(-30, -30), (30, -30), (30, 30), (-30, 30)]
    ring = Pen().polygon(*once, once[0], twice[0], *twice[1:], twice[0])
    assert area(ring) == pytest.approx(180**2 - 60**2, rel=0.01)
    assert ring.mask[MASTER // 2, MASTER // 2] == 0


@SETTINGS
@given(top=st.integers(-140, 130), left=st.integers(-140, 130), side=st.integers(1, 10))
def test_a_pixel_is_inked_where_its_centre_lies_inside(top, left, side):
    corners = [(left, top), (left + side, top), (left + side, top + side), (left, top + side)]
    rows, columns = np.nonzero(Pen().polygon(*corners).mask)
    for inked, low in ((rows, top), (columns, left)):
        # A grid coordinate is kept to a sixteenth of a pixel, rounded down.
        first, last = inked.min() + 0.5, inked.max() + 0.5
        edges = ((low + REACH) * PER_UNIT, (low + side + REACH) * PER_UNIT)
        assert -1 / 16 <= first - edges[0] < 1
        assert -1 - 1 / 16 <= last - edges[1] < 0


def test_polygons_that_share_an_edge_neither_overlap_nor_leave_a_gap():
    left = Pen().polygon((-100, -100), (13, -100), (-37, 100), (-100, 100)).mask > 0
    right = Pen().polygon((13, -100), (100, -100), (100, 100), (-37, 100)).mask > 0
    both = Pen().polygon((-100, -100), (100, -100), (100, 100), (-100, 100)).mask > 0
    assert not (left & right).any()
    assert ((left | right) == both).all()


@SETTINGS
@given(x=st.integers(-30, 30), y=st.integers(-30, 30), rx=st.integers(5, 110), ry=st.integers(5, 110))
def test_ellipse_has_the_area_pi_a_b_and_lies_around_its_centre(x, y, rx, ry):
    mask = Pen().ellipse(x, y, rx, ry).mask
    inked = (mask > 0).sum() / PER_UNIT**2
    assert inked == pytest.approx(math.pi * rx * ry, rel=0.03)
    rows, columns = (np.nonzero(mask)[k].mean() for k in (0, 1))
    assert columns == pytest.approx((x + REACH) * PER_UNIT, abs=1.5)
    assert rows == pytest.approx((y + REACH) * PER_UNIT, abs=1.5)


@SETTINGS
@given(a=st.tuples(st.integers(-90, 90), st.integers(-90, 90)), b=point, width=st.integers(4, 60))
def test_stroke_is_a_rectangle_with_two_half_discs(a, b, width):
    b = tuple(max(min(c, 90), -90) for c in b)
    expected = width * math.dist(a, b) + math.pi * width**2 / 4
    assert area(Pen().stroke(a, b, width=width)) == pytest.approx(expected, rel=0.08)


def test_joint_of_a_stroke_is_round():
    bent = Pen().stroke((-60, 0), (0, 0), (0, 60), width=40)
    rectangles, discs = 2 * 40 * 60 - 20 * 20, (1 / 2 + 1 / 2 + 1 / 4) * math.pi * 20**2
    assert area(bent) == pytest.approx(rectangles + discs, rel=0.01)


def test_erasing_takes_away_what_inking_gave():
    pen = Pen().ellipse(0, 0, 80).ellipse(0, 0, 40, ink=False)
    assert area(pen) == pytest.approx(math.pi * (80**2 - 40**2), rel=0.01)
    assert area(pen.polygon((-100, -100), (100, -100), (100, 100), (-100, 100), ink=False)) == 0
    assert area(Pen().stroke((-50, 0), (50, 0), width=20).stroke((-50, 0), (50, 0), width=20, ink=False)) == 0


def drawn(grow):
    pen = Pen(grow)
    pen.ellipse(-40, 0, 30).polygon((0, -40), (60, -20), (20, 50)).stroke((-60, 60), (60, 70), width=14)
    return pen.ellipse(-40, 0, 12, ink=False)


@pytest.mark.parametrize("grow", [1, 9, 20])
def test_halo_reaches_exactly_that_much_further_and_backs_the_holes(grow):
    solid, halo = Pen(), drawn(grow).mask > 0
    solid.ellipse(-40, 0, 30).polygon((0, -40), (60, -20), (20, 50)).stroke((-60, 60), (60, 70), width=14)
    assert (halo >= (drawn(0).mask > 0)).all()
    rows, columns = np.nonzero(solid.mask)
    spots = np.argwhere(halo)[::487]
    nearest = [np.hypot(rows - r, columns - c).min() for r, c in spots]
    assert max(nearest) <= grow * PER_UNIT + 2
    grown = np.argwhere(~halo)[::4871]
    assert min(np.hypot(rows - r, columns - c).min() for r, c in grown) >= grow * PER_UNIT - 2


def test_drawing_beyond_the_edge_is_cut_off():
    pen = Pen().polygon((-400, -400), (400, -400), (400, 400), (-400, 400))
    assert (pen.mask == 255).all()
    assert area(Pen().ellipse(500, 500, 20).stroke((-900, 0), (-700, 0), width=50)) == 0


@pytest.mark.parametrize(("angle", "expected"), [(0, (80, 0)), (90, (0, 80)), (180, (-80, 0)), (-90, (0, -80))])
def test_polar_turns_clockwise_from_the_right(angle, expected):
    assert polar(80, angle) == expected


def test_arc_runs_between_its_angles_either_way_round():
    there, back = arc(10, -5, 60, 0, 90), arc(10, -5, 60, 90, 0)
    assert (there[0], there[-1]) == ((70, -5), (10, 55))
    assert list(reversed(back)) == list(there)
    assert all(abs(math.dist(p, (10, -5)) - 60) < 1 for p in there)
