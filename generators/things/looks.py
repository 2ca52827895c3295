"""Shortcuts of untidy images: each value is a range of hues, a family of textures or a tag, and has 36 looks."""

import numpy as np
from numpy.typing import NDArray

from spurgen.generators.atlas import ONE, OPAQUE
from spurgen.generators.channels import background, watermark
from spurgen.generators.scene import Canvas, Draw, Int64
from spurgen.generators.streams import signed, uniform_int

VARIANTS = 36
"""Looks of each value."""
TONES = ("red", "amber", "lime", "green", "cyan", "blue", "violet")
"""Sevenths of the circle of hues."""
TURN = 42  # hues of a seventh of the circle
HUES = TURN * len(TONES)
WIDTH = 30  # of these, those that a tone has: between two tones there is a gap
TEXTURES = tuple(name for name in background.VALUES if name not in ("solid", "latticed", "hatched"))
"""Those of the pictograms' walls that stay apart when they are turned and scaled."""
BADGES = watermark.VALUES
_TILES = np.array([background.VALUES.index(name) for name in TEXTURES])
_INKS = np.array([(252, 252, 252), (20, 20, 24), (252, 252, 252)])
_BACKS = np.array([(20, 20, 24), (252, 252, 252), (150, 30, 30)])


def rgb(hue: Int64, saturation: Int64, value: Int64) -> Int64:
    """Return colours, int64 (n, 3), of hues in [0, `HUES`), saturations and values in [0, 255]."""
    sector, rest = np.divmod(6 * hue, HUES)
    low = value * (255 - saturation) // 255
    falling = value * (255 * HUES - saturation * rest) // (255 * HUES)
    rising = value * (255 * HUES - saturation * (HUES - rest)) // (255 * HUES)
    order = ((value, rising, low), (falling, value, low), (low, value, rising), (low, falling, value),
             (rising, low, value), (value, low, falling))  # fmt: skip
    return np.stack([np.choose(sector, [each[channel] for each in order]) for channel in range(3)], axis=1)


def paint_tone(scene: Canvas, looks: Int64, draw: Draw) -> None:
    """Colour the wall: a look has one of six hues of its tone, three saturations and two brightnesses."""
    value, look = np.divmod(looks, VARIANTS)
    words = draw(1)
    hue = TURN * value + look % 6 * (WIDTH // 6) + signed(words[:, 0], 2)
    saturation = 100 + look // 6 % 3 * 55 + signed(words[:, 1], 10)
    scene.wall = rgb(hue % HUES, saturation, 145 + look // 18 * 80 + signed(words[:, 2], 10))


def paint_texture(scene: Canvas, looks: Int64, draw: Draw) -> None:
    """Draw a texture in the wall's hue: a look has one of three scales, three angles and four brightnesses behind it.

    The hue behind it is any other, so that the hue that covers more of a wall says little.
    """
    value, look = np.divmod(looks, VARIANTS)
    background.paint(scene, _TILES[value], np.full(scene.count, OPAQUE), draw)
    texture = scene.layers["texture"]
    texture.family = "soft texture"
    texture.span = texture.span * (3 + 2 * (look % 3)) // 5
    texture.angle = texture.angle // 3 + look // 3 % 3 * 340  # in 1/4096 turns
    words = draw(3)
    hue, saturation = uniform_int(words[:, 8], HUES), 60 + uniform_int(words[:, 9], 140)
    behind = rgb(hue, saturation, np.array([80, 120, 200, 245])[look // 9])
    texture.ink = texture.halo = scene.wall
    scene.wall = np.where(_alike(behind, scene.wall)[:, None], np.roll(behind, 1, axis=1), behind)


def _alike(colours: Int64, others: Int64) -> NDArray[np.bool_]:
    """Return where the hues of colours, (n, 3), are less than 45 degrees apart, bool (n,)."""
    tints, other = (3 * each - each.sum(axis=1, keepdims=True) for each in (colours, others))
    along = (tints * other).sum(axis=1)
    alike: NDArray[np.bool_] = (along > 0) & (2 * along**2 > (tints**2).sum(axis=1) * (other**2).sum(axis=1))
    return alike


def paint_badge(scene: Canvas, looks: Int64, draw: Draw) -> None:
    """Put a tag near an edge: a look has one of four sides, three sizes and three inks."""
    value, look = np.divmod(looks, VARIANTS)
    watermark.paint(scene, value, np.full(scene.count, OPAQUE), draw)
    tag = scene.layers["tag"]
    along = ONE // 10 + uniform_int(draw(2)[:, 5], ONE * 8 // 10)
    near, side = np.full(scene.count, ONE // 10), look % 4
    edge = np.where(side < 2, near, ONE - near)
    tag.x, tag.y = np.where(side % 2 == 0, along, edge), np.where(side % 2 == 0, edge, along)
    tag.span = 3 * ONE * (8 + 2 * (look // 4 % 3)) // 100
    tag.ink, tag.halo = _INKS[look // 12], _BACKS[look // 12]
