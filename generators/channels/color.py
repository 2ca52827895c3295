"""The colour of the plate."""

import numpy as np

from spurgen.generators.scene import GREY, Draw, Int64, Scene
from spurgen.generators.streams import signed

CARRIERS = frozenset({"image", "caption"})
UNLISTED = "uniform"
COLORS: dict[str, tuple[int, int, int]] = {
    "red": (205, 32, 38),
    "blue": (28, 72, 200),
    "green": (30, 140, 62),
    "yellow": (248, 212, 36),
    "orange": (245, 132, 28),
    "purple": (122, 46, 170),
    "pink": (248, 140, 190),
    "brown": (122, 74, 36),
    "cyan": (56, 205, 222),
    "white": (236, 236, 232),
    "black": (40, 40, 44),
    "olive": (150, 156, 44),
}
VALUES = tuple(COLORS)
NEUTRAL = ""
PHRASES = VALUES
_RGB = np.array(tuple(COLORS.values()))


def paint(scene: Scene, values: Int64, magnitude: Int64, draw: Draw) -> None:
    """Fills the plate; magnitude is the way from grey to the full colour."""
    shade = signed(draw(1)[:, 0], 10)
    full = _RGB[values] + shade[:, None]
    scene.layers["plate"].rgb = np.array(GREY) + ((full - np.array(GREY)) * magnitude[:, None] >> 8)
