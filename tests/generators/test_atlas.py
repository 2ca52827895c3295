import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spurgen.generators.atlas import SMALLEST, make_atlas, resolution, seal, soften
from spurgen.generators.layers import RING
from spurgen.generators.masks import gradients, inked
from spurgen.generators.pen import MASTER
from spurgen.generators.pictograms.shapes import DRAWINGS

SETTINGS = settings(max_examples=40)


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
