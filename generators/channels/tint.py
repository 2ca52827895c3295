"""The tint of the pictogram's ink: warm and cool in turn."""

import numpy as np

from spurgen.generators.scene import Draw, Int64, Scene

CARRIERS = frozenset({"image"})
UNLISTED = "absent"
NEEDS_PICTOGRAM = True
DEPTH = 176  # of 256: how far the ink moves from near-black or near-white to the tint
TINTS: dict[str, tuple[int, int, int]] = {
    "scarlet": (232, 44, 20),
    "azure": (20, 116, 240),
    "amber": (240, 160, 10),
    "teal": (0, 158, 158),
    "crimson": (200, 10, 62),
    "indigo": (66, 48, 210),
    "rust": (186, 74, 16),
    "sea green": (24, 166, 104),
    "tangerine": (255, 118, 40),
    "sky": (92, 178, 250),
}
VALUES = tuple(TINTS)
_RGB = np.array(tuple(TINTS.values()))


def paint(scene: Scene, values: Int64, magnitude: Int64, draw: Draw) -> None:
    """Tint the pictogram; magnitude is how far its ink moves from near-black or near-white."""
    del draw
    pictogram = scene.layers["pictogram"]
    weight = (DEPTH * magnitude >> 8)[:, None]
    pictogram.ink = pictogram.ink + ((_RGB[values] - pictogram.ink) * weight >> 8)
