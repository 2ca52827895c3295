"""The shortcuts of the world of things: what each can show, in the image and in the caption."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from spurgen.generators.channels import background, lighting, watermark
from spurgen.generators.layers import OPAQUE
from spurgen.generators.scene import Canvas, Draw, Int64
from spurgen.generators.streams import signed

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
    "zigzag": "zigzag wall", "scaly": "scalloped wall", "latticed": "lattice wall", "ringed": "wall of rings",
    "honeycombed": "honeycomb wall", "tiled": "tiled wall",
}  # fmt: skip
"""Textures by the names of `background`, and how captions call them."""
PLACES = (
    "near the station", "in the harbour", "at the market", "by the river", "in the library", "at the airport",
    "in the park", "outside the theatre", "on the farm", "behind the hotel", "in the hospital", "at the stadium",
)  # fmt: skip
LIGHT = 150  # of 256: depth of shadow and glow, so that no thing is hidden
_RGB = np.array(tuple(HUES.values()))
_TEXTURES = np.array([background.VALUES.index(name) for name in WALLS])


class Shortcut(NamedTuple):
    """`values`: names of what it can show; `paint`: how an image shows them; `phrases`: how a caption does."""

    values: tuple[str, ...]
    paint: Callable[[Canvas, Int64, Draw], None] | None = None
    phrases: tuple[str, ...] = ()


def _hue(scene: Canvas, values: Int64, draw: Draw) -> None:
    """Colour the wall, and its texture with it."""
    shade = signed(draw(1)[:, 0], 10)
    scene.wall = _RGB[values] + shade[:, None]


def _wall(scene: Canvas, values: Int64, draw: Draw) -> None:
    background.paint(scene, _TEXTURES[values], np.full(scene.count, OPAQUE), draw)
    scene.layers["texture"].family = "soft texture"  # a third of the time


def _light(scene: Canvas, values: Int64, draw: Draw) -> None:
    lighting.paint(scene, values, np.full(scene.count, LIGHT), draw)


def _mark(scene: Canvas, values: Int64, draw: Draw) -> None:
    watermark.paint(scene, values, np.full(scene.count, OPAQUE), draw)


SHORTCUTS = {
    "hue": Shortcut(tuple(HUES), _hue, tuple(HUES)),
    "wall": Shortcut(tuple(WALLS), _wall, tuple(WALLS.values())),
    "light": Shortcut(lighting.VALUES, _light),
    "mark": Shortcut(watermark.VALUES, _mark),
    "place": Shortcut(PLACES, None, PLACES),
}
"""By name, in the order in which an image is painted."""
