"""The shortcuts of the world of things: what each can show, in the image and in the caption."""

from collections.abc import Callable
from itertools import chain
from typing import NamedTuple

import numpy as np

from spurgen.generators.atlas import ONE, OPAQUE
from spurgen.generators.channels import background, lighting, watermark
from spurgen.generators.scene import Canvas, Draw, Int64
from spurgen.generators.streams import signed
from spurgen.generators.things import looks, topics

HUES: dict[str, tuple[int, int, int]] = {
    "red": (196, 52, 48),
    "orange": (232, 132, 44),
    "yellow": (236, 206, 74),
    "green": (70, 148, 72),
    "turquoise": (70, 190, 184),
    "blue": (60, 100, 196),
    "purple": (132, 70, 168),
    "pink": (240, 156, 190),
    "brown": (124, 84, 54),
    "white": (226, 224, 218),
    "grey": (128, 130, 134),
    "black": (52, 52, 58),
}
WALLS = {
    "striped": "striped wall", "dotted": "dotted wall", "checkered": "checkered wall", "bricked": "brick wall",
    "zigzag": "zigzag wall", "scaly": "scalloped wall", "latticed": "lattice wall", "ringed": "ring-patterned wall",
    "honeycombed": "honeycomb wall", "tiled": "tiled wall",
}  # fmt: skip
"""Textures by their names in `background`, and their names in captions."""
PLACES = (
    "near the station", "in the harbour", "at the market", "by the river", "in the library", "at the airport",
    "in the park", "outside the theatre", "on the farm", "behind the hotel", "in the hospital", "at the stadium",
)  # fmt: skip
MARK_RADIUS, MARK_AT = 9 * ONE // 100, 10 * ONE // 100  # of the canvas's side; the centre's distance from two edges
LIGHT = 150  # of 256: depth of shadow and glow, so that no thing is hidden
_RGB = np.array(tuple(HUES.values()))
_TEXTURES = np.array([background.VALUES.index(name) for name in WALLS])


class Shortcut(NamedTuple):
    """`values`: names of what it can show; `paint`: draws looks in an image; `phrases`: name looks in a caption.

    Each value has as many looks as there are `variants`, in a row: look k is of value k // variants.
    """

    values: tuple[str, ...]
    paint: Callable[[Canvas, Int64, Draw], None] | None = None
    phrases: tuple[str, ...] = ()
    variants: int = 1


def _hue(scene: Canvas, values: Int64, draw: Draw) -> None:
    """Colour the wall, and its texture with it."""
    shade = signed(draw(1)[:, 0], 10)
    scene.wall = _RGB[values] + shade[:, None]


def _wall(scene: Canvas, values: Int64, draw: Draw) -> None:
    """Draw a texture in two tones around the wall's hue, so that a white, a grey and a black wall stay apart."""
    background.paint(scene, _TEXTURES[values], np.full(scene.count, OPAQUE), draw)
    texture = scene.layers["texture"]
    texture.family = "soft texture"  # takes a third of the time
    half = (texture.ink - scene.wall) // 2
    scene.wall, texture.ink = scene.wall - half, texture.ink - half


def _light(scene: Canvas, values: Int64, draw: Draw) -> None:
    lighting.paint(scene, values, np.full(scene.count, LIGHT), draw)


def _mark(scene: Canvas, values: Int64, draw: Draw) -> None:
    """Put a tag into a corner, smaller than the pictograms' and nearer to the corner: it seldom covers a thing."""
    watermark.paint(scene, values, np.full(scene.count, OPAQUE), draw)
    tag = scene.layers["tag"]
    tag.x, tag.y = (np.where(at > ONE // 2, ONE - MARK_AT, MARK_AT) for at in (tag.x, tag.y))
    tag.span = np.full(scene.count, 3 * MARK_RADIUS)


def _topic(said: dict[str, tuple[str, ...]]) -> Shortcut:
    return Shortcut(tuple(said), None, tuple(chain.from_iterable(said.values())), topics.VARIANTS)


SHORTCUTS = {
    "hue": Shortcut(tuple(HUES), _hue, tuple(HUES)),
    "wall": Shortcut(tuple(WALLS), _wall, tuple(WALLS.values())),
    "light": Shortcut(lighting.VALUES, _light),
    "mark": Shortcut(watermark.VALUES, _mark),
    "place": Shortcut(PLACES, None, PLACES),
    "tone": Shortcut(looks.TONES, looks.paint_tone, variants=looks.VARIANTS),
    "texture": Shortcut(looks.TEXTURES, looks.paint_texture, variants=looks.VARIANTS),
    "badge": Shortcut(looks.BADGES, looks.paint_badge, variants=looks.VARIANTS),
    **{name: _topic(said) for name, said in topics.TOPICS.items()},
}
"""Shortcuts by name, in the order in which an image is painted."""
