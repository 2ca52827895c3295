"""A printed word, the name of a class, on a strip at the lower edge."""

from functools import partial

import numpy as np

from spurgen.generators.atlas import ONE
from spurgen.generators.pen import Pen, inked
from spurgen.generators.pictograms.shapes import DRAWINGS
from spurgen.generators.scene import Draw, Int64, Layer, Scene
from spurgen.generators.streams import signed

CARRIERS = frozenset({"image"})
UNLISTED = "absent"
VALUES = tuple(DRAWINGS)
NATURAL_VALUES = {name: name for name in DRAWINGS}

# Capitals as lines through points "xy", x in 0..4 to the right and y in 0..6 down; a comma lifts the pen.
GLYPHS = {
    "a": "06 20 46, 14 34",
    "b": "03 33 42 41 30 00 06 36 45 44 33",
    "c": "41 30 10 01 05 16 36 45",
    "d": "00 20 42 44 26 06 00",
    "e": "40 00 06 46, 03 33",
    "f": "40 00 06, 03 33",
    "g": "41 30 10 01 05 16 36 45 43 23",
    "h": "00 06, 40 46, 03 43",
    "i": "10 30, 20 26, 16 36",
    "k": "00 06, 40 03 46",
    "l": "00 06 46",
    "m": "06 00 23 40 46",
    "n": "06 00 46 40",
    "o": "10 30 41 45 36 16 05 01 10",
    "p": "06 00 30 41 42 33 03",
    "r": "06 00 30 41 42 33 03, 23 46",
    "s": "41 30 10 01 02 13 33 44 45 36 16 05",
    "t": "00 40, 20 26",
    "u": "00 05 16 36 45 40",
    "w": "00 06 23 46 40",
    "y": "00 23 40, 23 26",
}
STEP = 3, 4  # grid units between neighbouring points of a glyph, across and down
ADVANCE, LINE = 21, 5  # grid units from letter to letter; width of a line
WIDTH, HEIGHT = 196, 35  # of the strip, in grid units
SPAN = 1410  # of the mask, in thousandths of the canvas's side
EDGE = 903 * ONE // 1000  # height of the centre of the strip, which begins below the pictogram
DARK, LIGHT = (20, 20, 24), (244, 242, 236)


def _spell(text: str, pen: Pen) -> None:
    """Write a text in capitals around the centre."""
    left = -((len(text) - 1) * ADVANCE + 4 * STEP[0]) // 2
    for k, letter in enumerate(text):
        for line in GLYPHS[letter].split(","):
            points = [(int(point[0]), int(point[1]) - 3) for point in line.split()]
            pen.stroke(*((left + k * ADVANCE + x * STEP[0], y * STEP[1]) for x, y in points), width=LINE)


def _strip(pen: Pen) -> None:
    x, y = WIDTH // 2, HEIGHT // 2
    pen.polygon((-x, -y), (x, -y), (x, y), (-x, y))


FAMILIES = {"word": inked(SPAN, [partial(_spell, text) for text in VALUES], backing=_strip)}


def paint(scene: Scene, values: Int64, magnitude: Int64, draw: Draw) -> None:
    """Print the word in dark letters on a light strip at the bottom, or at the top if a tag is at the bottom.

    Magnitude is the opacity of strip and letters.
    """
    words = draw(1)
    x, y = ONE // 2 + signed(words[:, 0], ONE // 100), EDGE + signed(words[:, 1], ONE // 100)
    if "tag" in scene.layers:
        y = np.where(scene.layers["tag"].y > ONE // 2, ONE - y, y)
    span = np.full(scene.count, SPAN * ONE // 1000)
    dark, light = scene.plain(DARK), scene.plain(LIGHT)
    scene.layers["word"] = Layer("word", values, x, y, span, signed(words[:, 2], 16), dark, light, magnitude)
