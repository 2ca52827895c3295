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


@pytest.mark.parametrize("name", sorted(FAMILIES.keys() - {"word"}))  # test_word compares the words
def test_masks_of_a_family_differ_clearly(name):
    masks = [ink(FAMILIES[name], k)[::8, ::8].astype(int) for k in range(len(FAMILIES[name].masks))]
    for i, j in itertools.combinations(range(len(masks)), 2):
        if name != "glow" or NO_GLOW not in (i, j):
            assert np.abs(masks[i] - masks[j]).mean() > 255 * 0.015, f"{name} {i} and {j}"


@pytest.mark.parametrize("value", background.VALUES)
def test_tiles_are_seamless_and_cover_20_to_80_percent_of_the_wall(value):
    """A shift by the pattern's own period moves the seam inside the tile, where a fault would show."""
    pen = Pen()
    background.TILES[value](pen)
    half, quarter, third = MASTER // 2, MASTER // 4, MASTER // 3
    shifted = [np.roll(pen.mask, by, (0, 1)) for by in ((half, half), (half, quarter), (half, third))]
    assert min((pen.mask != mask).mean() for mask in shifted) < 0.005
    assert value == "solid" or 0.2 <= (pen.mask > 0).mean() <= 0.8


@pytest.mark.parametrize("value", shape.VALUES)
def test_plates_leave_room_for_the_pictogram_and_stay_inside_the_drawing_area(value):
    pen = Pen()
    shape.OUTLINES[value](pen)
    rows, columns = np.mgrid[:MASTER, :MASTER] - (MASTER - 1) / 2
    radius = np.hypot(rows, columns) * 2 * REACH / MASTER
    assert radius[pen.mask > 0].max() <= 97
    assert (pen.mask[radius < 43] > 0).all()


@pytest.mark.parametrize("pair", list(itertools.combinations(color.VALUES[:10], 2)))
def test_first_ten_colors_differ_clearly_even_in_the_shade(pair):
    a, b = (np.array(color.COLORS[name]) for name in pair)
    shades = [(i, j) for i in (0.6, 1.0) for j in (0.6, 1.0)]
    assert min(np.abs(a * i - b * j).max() for i, j in shades) > 30


@pytest.mark.parametrize("value", watermark.VALUES)
def test_tags_lie_within_their_backing(value):
    tag, backing = watermark.FAMILIES["tag"].masks[watermark.VALUES.index(value)]()
    assert (backing[tag > 0] == 255).all()
    assert 0.1 <= (tag > 0).sum() / (backing > 0).sum() <= 0.6


@pytest.mark.parametrize("value", lighting.VALUES[:8])
def test_light_is_strongest_on_the_side_that_names_it(value):
    shade = lighting.LIGHTS[value].shade().astype(int)
    glow = lighting.LIGHTS[value].shine().astype(int)
    ends = {"left": (1, 0), "right": (1, -1), "top": (0, 0), "bottom": (0, -1)}
    for side in value.split():
        axis, near = ends[side]
        far = -1 - near
        assert shade.take(near, axis).mean() < shade.take(far, axis).mean()
        assert glow.take(near, axis).mean() > glow.take(far, axis).mean()
