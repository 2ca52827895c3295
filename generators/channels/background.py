"""The texture of the wall behind the plate."""

from spurgen.generators.masks import Drawing, inked
from spurgen.generators.pen import REACH, Pen
from spurgen.generators.scene import Draw, Int64, Layer, Scene
from spurgen.generators.streams import signed, uniform_int

CARRIERS = frozenset({"image", "caption"})
UNLISTED = "uniform"
SPAN = 380  # thousandths of the canvas that a tile repeats after
EDGE = REACH


def _stripes(pen: Pen) -> None:
    for x in (-EDGE, -50, 50):
        pen.polygon((x, -EDGE), (x + 50, -EDGE), (x + 50, EDGE), (x, EDGE))


def _dots(pen: Pen) -> None:
    for x in (-75, 75):
        for y in (-75, 75):
            pen.ellipse(x, y, 42)


def _solid(_: Pen) -> None:
    """Leaves the wall plain."""


def _checkered(pen: Pen) -> None:
    pen.polygon((-EDGE, -EDGE), (0, -EDGE), (0, 0), (-EDGE, 0)).polygon((0, 0), (EDGE, 0), (EDGE, EDGE), (0, EDGE))


TILES: dict[str, Drawing] = {"striped": _stripes, "dotted": _dots, "solid": _solid, "checkered": _checkered}
VALUES = tuple(TILES)
NEUTRAL = ""
PHRASES = tuple(f" before a {value} wall" for value in VALUES)
FAMILIES = {"texture": inked(SPAN, TILES.values())}


def paint(scene: Scene, values: Int64, magnitude: Int64, draw: Draw) -> None:
    """Covers the wall with a tile in a lighter or darker tone; magnitude is the tile's opacity."""
    words = draw(2)
    one = 1 << 16
    span = SPAN * one // 1000 * (1000 + signed(words[:, 0], 120)) // 1000
    step = 40 + uniform_int(words[:, 1], 25)
    tone = scene.wall + (step * (1 - 2 * (scene.wall[:, 0] > 150)))[:, None]
    x, y = uniform_int(words[:, 2], one), uniform_int(words[:, 3], one)
    turn = signed(words[:, 4], 70)
    scene.layers["texture"] = Layer("texture", values, x, y, span, turn, tone, magnitude, tiled=True)
