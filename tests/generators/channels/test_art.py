import itertools

import numpy as np
import pytest

from spurgen.benchmark.plugins import discover
from spurgen.generators.channels import background, color, lighting, shape, watermark
from spurgen.generators.pen import MASTER, REACH, Pen
from spurgen.generators.world import CHANNELS

KINDS = discover(CHANNELS)
FAMILIES = {name: family for kind in KINDS.values() for name, family in getattr(kind, "FAMILIES", {}).items()}
NO_GLOW = list(lighting.LIGHTS).index("spotlight")


def ink(family, k):
    return family.masks[k]()[0]


@pytest.mark.parametrize("kind", KINDS)
def test_channel_has_ten_values_of_different_names(kind):
    values = KINDS[kind].VALUES
    assert len(set(values)) == len(values) >= 10
    assert all(value == value.lower() for value in values)


@pytest.mark.parametrize("kind", KINDS)
def test_every_value_has_its_phrase(kind):
    if "caption" in KINDS[kind].CARRIERS:
        phrases = KINDS[kind].PHRASES
        assert len(set(phrases)) == len(phrases) == len(KINDS[kind].VALUES)


@pytest.mark.parametrize("name", FAMILIES)
def test_masks_of_a_family_differ_in_many_pixels(name):
    masks = [ink(FAMILIES[name], k)[::8, ::8].astype(int) for k in range(len(FAMILIES[name].masks))]
    for one, other in itertools.combinations(range(len(masks)), 2):
        if name != "glow" or NO_GLOW not in (one, other):
            assert np.abs(masks[one] - masks[other]).mean() > 255 * 0.015, f"{name} {one} and {other}"


@pytest.mark.parametrize("value", background.VALUES)
def test_tile_continues_across_its_edges(value):
    """Moving a tile along its own pattern brings the seam inside, where a fault would show."""
    pen = Pen()
    background.TILES[value](pen)
    half, quarter, third = MASTER // 2, MASTER // 4, MASTER // 3
    moved = [np.roll(pen.mask, by, (0, 1)) for by in ((half, half), (half, quarter), (half, third))]
    assert min((pen.mask != other).mean() for other in moved) < 0.005


@pytest.mark.parametrize("value", [v for v in background.VALUES if v != "solid"])
def test_tile_covers_a_fair_share_of_the_wall(value):
    pen = Pen()
    background.TILES[value](pen)
    assert 0.2 <= (pen.mask > 0).mean() <= 0.8


@pytest.mark.parametrize("value", shape.VALUES)
def test_plate_leaves_room_for_the_pictogram_and_stays_in_the_drawing_area(value):
    pen = Pen()
    shape.OUTLINES[value](pen)
    rows, columns = np.mgrid[:MASTER, :MASTER] - (MASTER - 1) / 2
    radius = np.hypot(rows, columns) * 2 * REACH / MASTER
    assert radius[pen.mask > 0].max() <= 97
    assert (pen.mask[radius < 43] > 0).all()


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(color.VALUES[:10], 2)))
def test_first_ten_colors_are_far_apart_even_in_the_shade(one, other):
    a, b = (np.array(color.COLORS[name]) for name in (one, other))
    shades = [(i, j) for i in (0.6, 1.0) for j in (0.6, 1.0)]
    assert min(np.abs(a * i - b * j).max() for i, j in shades) > 30


@pytest.mark.parametrize("value", watermark.VALUES)
def test_mark_lies_within_its_backing(value):
    mark, backing = watermark.FAMILIES["tag"].masks[watermark.VALUES.index(value)]()
    assert (backing[mark > 0] == 255).all()
    assert 0.1 <= (mark > 0).sum() / (backing > 0).sum() <= 0.6


@pytest.mark.parametrize("value", lighting.VALUES[:8])
def test_light_is_strongest_on_its_own_side(value):
    shade = lighting.LIGHTS[value].shade().astype(int)
    glow = lighting.LIGHTS[value].shine().astype(int)
    ends = {"left": (1, 0), "right": (1, -1), "top": (0, 0), "bottom": (0, -1)}
    for side in value.split():
        axis, near = ends[side]
        far = -1 - near
        assert shade.take(near, axis).mean() < shade.take(far, axis).mean()
        assert glow.take(near, axis).mean() > glow.take(far, axis).mean()
