"""The colour of the plate."""

import numpy as np

from spurgen.generators.scene import GREY, Draw, Int64, Scene
from spurgen.generators.streams import signed

CARRIERS = frozenset({"image", "caption"})
UNLISTED = "uniform"
COLORS: dict[str, tuple[int, int, int]] = {
    "red": (208, 30, 36),
    "blue": (28, 70, 200),
    "green": (28, 136, 56),
    "yellow": (250, 216, 30),
    "orange": (246, 124, 22),
    "purple": (122, 40, 168),
    "pink": (250, 146, 196),
    "cyan": (62, 208, 226),
    "white": (230, 230, 226),
    "black": (36, 36, 40),
    "brown": (122, 72, 34),
    "lime": (160, 226, 50),
}
VALUES = tuple(COLORS)
# The colour that people expect a thing to have: of what it is made, or how it is usually drawn.
NATURAL_VALUES = {
    "heart": "red", "arrow": "blue", "moon": "yellow", "house": "orange", "tree": "green", "fish": "cyan",
    "key": "yellow", "bolt": "yellow", "cup": "white", "umbrella": "black", "anchor": "blue", "crown": "yellow",
    "car": "red", "bell": "yellow", "scissors": "black", "boat": "white", "ladder": "orange", "hammer": "black",
    "flag": "red", "butterfly": "orange",
}  # fmt: skip
NEUTRAL = ""
PHRASES = VALUES
_RGB = np.array(tuple(COLORS.values()))


def paint(scene: Scene, values: Int64, magnitude: Int64, draw: Draw) -> None:
    """Colour the plate; magnitude blends from grey (0) to the full colour (256)."""
    shade = signed(draw(1)[:, 0], 10)
    full = _RGB[values] + shade[:, None]
    scene.layers["plate"].ink = np.array(GREY) + ((full - np.array(GREY)) * magnitude[:, None] >> 8)
