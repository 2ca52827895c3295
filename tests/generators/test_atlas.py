"""Masks and pictures: what the pen draws, how both are averaged, sealed and packed."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spurgen.generators.atlas import MARGIN, RING, SMALLEST, SOLID, make_atlas, pack, resolution, seal, soften
from spurgen.generators.pen import MASTER, REACH, Pen, gradients, inked, regular, star
from spurgen.generators.pictograms.shapes import DRAWINGS
from spurgen.generators.things.nouns import SIDE, enlarged, picture_atlas, pictures

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


def neighbours(mask, y, x):
    """Return the texels within RING of (y, x); the mask repeats beyond its edges."""
    side = len(mask)
    reach = range(-RING, RING + 1)
    return [int(mask[(y + dy) % side, (x + dx) % side]) for dy in reach for dx in reach]


@SETTINGS
@given(seed=st.integers(0, 2**32), levels=st.sampled_from([(0, 255), (0, 1, 254, 255), (0, 128, 255)]))
def test_seal_preserves_0_and_255_only_where_all_neighbours_are_equal(seed, levels):
    coarse = np.random.Generator(np.random.Philox(seed)).choice(levels, (5, 5)).astype(np.uint8)
    mask = np.kron(coarse, np.ones((3, 3), np.uint8))
    original = mask.copy()
    sealed = seal(mask)
    np.testing.assert_array_equal(mask, original)
    for y, x in np.ndindex(mask.shape):
        around = neighbours(mask, y, x)
        if set(around) in ({0}, {255}):
            assert sealed[y, x] == mask[y, x]
        else:
            assert sealed[y, x] == min(max(mask[y, x], 1), 254)


@SETTINGS
@given(span=st.integers(100, 1500), size=st.integers(32, 512))
def test_resolution_is_the_smallest_power_of_two_with_1_4_texels_per_pixel(span, size):
    side, texels = 1 << resolution(span, size), 1.4 * span * size / 1000
    assert SMALLEST <= side <= MASTER
    assert side >= min(int(texels), MASTER)
    assert side == SMALLEST or side // 2 < texels


@pytest.fixture(scope="module")
def atlas():
    return make_atlas(64, frozenset({"pictogram", "plate", "soft texture"}))


def sheet_masks(atlas, name, plane):
    sheet = atlas.sheets[name]
    starts = [*sorted(s.start for s in atlas.sheets.values()), len(atlas.planes[0])]
    end = starts[starts.index(sheet.start) + 1]
    return atlas.planes[plane][sheet.start : end].reshape(-1, 1 << sheet.bits, 1 << sheet.bits)


def test_sheets_fill_the_planes_end_to_end_and_halos_cover_the_ink(atlas):
    total = sum(len(sheet_masks(atlas, name, 0)) << (2 * sheet.bits) for name, sheet in atlas.sheets.items())
    assert total == len(atlas.planes[0]) == len(atlas.planes[1])
    assert len(sheet_masks(atlas, "pictogram", 0)) == len(DRAWINGS)
    assert (atlas.planes[1] >= atlas.planes[0]).all()


def test_an_atlas_has_the_families_that_are_asked_for_and_their_masks_are_the_same_in_each(atlas):
    alone = make_atlas(64, frozenset({"plate"}))
    assert [*alone.sheets] == ["plate"]
    for plane in (0, 1):
        np.testing.assert_array_equal(sheet_masks(alone, "plate", plane), sheet_masks(atlas, "plate", plane))
    assert make_atlas(64, frozenset()).planes.shape == (2, 0)


def test_a_mask_is_the_mean_of_its_master_rounded_half_up(atlas):
    side = 1 << atlas.sheets["pictogram"].bits
    box = MASTER // side
    for k, make in enumerate(inked(600, list(DRAWINGS.values())[:3]).masks):
        exact = make()[0].astype(np.int64).reshape(side, box, side, box).mean(axis=(1, 3))
        rounded = np.floor(exact + 0.5)
        mask = sheet_masks(atlas, "pictogram", 0)[k].astype(int)
        assert np.abs(mask - rounded).max() <= 1  # sealing moves 0 and 255 by one
        inner = (exact > 1) & (exact < 254)
        np.testing.assert_array_equal(mask[inner], rounded[inner])


def test_pen_drawings_have_a_halo_of_their_own_and_gradients_do_not():
    ink, halo = inked(600, [DRAWINGS["key"]], grow=11).masks[0]()
    assert (halo >= ink).all()
    assert (halo > ink).any()
    ramp = np.zeros((MASTER, MASTER), np.uint8)
    family = gradients(1000, [lambda: ramp])
    assert family.smooth
    assert all(mask is ramp for mask in family.masks[0]())


def test_soften_spreads_each_texel_over_its_neighbours_around_the_edges_of_a_tile():
    mask = np.zeros((8, 8), np.uint8)
    mask[0, 3] = 168
    soft = soften(mask)
    assert soft[[7, 0, 1]][:, [2, 3, 4]].tolist() == [[11, 21, 11], [21, 42, 21], [11, 21, 11]]
    assert np.count_nonzero(soft) == 9
    assert (soften(np.full((4, 4), 255, np.uint8)) == 255).all()


def test_texels_are_premultiplied_and_surrounded_by_an_empty_margin():
    picture = np.zeros((1, 3, 3, 4), np.uint8)
    picture[0, 1, 2] = 200, 100, 7, 51  # alpha of a fifth
    texels, _ = pack(picture)
    (row,), (column,) = np.nonzero(texels[0])
    assert (row, column) == (MARGIN + 1, MARGIN + 2)
    assert texels[0, row, column].tobytes() == bytes([40, 20, 1, 51])
    assert texels.shape == (1, 3 + 2 * MARGIN, 3 + 2 * MARGIN)


def test_near_marks_the_texels_around_a_coloured_one():
    picture = np.zeros((1, 3, 3, 4), np.uint8)
    picture[0, 0, 0] = 255
    _, near = pack(picture)
    rows, columns = np.nonzero(near[0])
    assert {*rows.tolist()} == {*columns.tolist()} == {MARGIN - 1, MARGIN, MARGIN + 1}
    assert near.sum() == 9


def test_pictures_of_things_keep_their_colours_where_they_are_opaque():
    texels, near = pictures()
    inside = slice(MARGIN, MARGIN + SIDE)
    packed = np.ascontiguousarray(texels[:3, inside, inside]).view(np.uint8).reshape(3, SIDE, SIDE, 4)
    opaque = picture_atlas()[:3, ..., 3] >= SOLID
    np.testing.assert_array_equal(packed[opaque][:, :3], picture_atlas()[:3][opaque][:, :3])
    assert (packed[opaque][:, 3] == 255).all()
    assert opaque.mean() > 0.3
    assert near[texels > 0].all()


def test_a_packed_picture_spans_its_margin_too():
    assert enlarged(np.array([SIDE])) == SIDE + 2 * MARGIN
