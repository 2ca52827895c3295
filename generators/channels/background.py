"""The texture of the wall behind the plate."""

from dataclasses import replace

from spurgen.generators.pen import REACH, Pen, by_name, inked
from spurgen.generators.scene import Canvas, Draw, Int64, Layer
from spurgen.generators.streams import signed, uniform_int

CARRIERS = frozenset({"image", "caption"})
UNLISTED = "uniform"
SPAN = 440  # side of a tile, in thousandths of the canvas's side
EDGE = REACH


def _striped(pen: Pen) -> None:
    for x in (-EDGE, -50, 50):
        pen.polygon((x, -EDGE), (x + 50, -EDGE), (x + 50, EDGE), (x, EDGE))


def _dotted(pen: Pen) -> None:
    for x in (-75, 75):
        for y in (-75, 75):
            pen.ellipse(x, y, 46)


def _solid(_: Pen) -> None:
    """Leave the wall plain."""


def _checkered(pen: Pen) -> None:
    pen.polygon((-EDGE, -EDGE), (0, -EDGE), (0, 0), (-EDGE, 0)).polygon((0, 0), (EDGE, 0), (EDGE, EDGE), (0, EDGE))


def _bricked(pen: Pen) -> None:
    for row in range(-1, 4):
        y, x = -112 + 75 * row, -225 + 75 * (row % 2)
        pen.stroke((-200, y), (200, y), width=24)
        for joint in range(x, 301, 150):
            pen.stroke((joint, y), (joint, y + 75), width=24)


def _zigzag(pen: Pen) -> None:
    for y in range(-300, 301, 150):
        corners = [(x, y + 75 * (x // 75 % 2)) for x in range(-225, 226, 75)]
        pen.polygon(*corners, *[(x, y + 72) for x, y in reversed(corners)])


def _scaly(pen: Pen) -> None:
    for row in range(5, -4, -1):
        for x in range(-300 + 75 * (row % 2), 301, 150):
            pen.ellipse(x, 75 * row, 90).ellipse(x, 75 * row, 58, ink=False)


def _latticed(pen: Pen) -> None:
    for x in range(-450, 451, 150):
        pen.stroke((x - 200, -200), (x + 200, 200), width=32).stroke((x + 200, -200), (x - 200, 200), width=32)


def _hatched(pen: Pen) -> None:
    for x in range(-600, 301, 150):
        pen.polygon((x, -EDGE), (x + 75, -EDGE), (x + 375, EDGE), (x + 300, EDGE))


def _honeycombed(pen: Pen) -> None:
    for row in range(-1, 3):
        for x in range(-225 + 75 * (row % 2), 301, 150):
            y = -75 + 150 * row
            right, left = ((x + 62, y - 43), (x + 62, y + 43)), ((x - 62, y + 43), (x - 62, y - 43))
            pen.polygon((x, y - 86), *right, (x, y + 86), *left)


def _tiled(pen: Pen) -> None:
    for at in (-75, 75):
        pen.stroke((at, -200), (at, 200), width=30).stroke((-200, at), (200, at), width=30)


def _ringed(pen: Pen) -> None:
    for x in (-75, 75):
        for y in (-75, 75):
            pen.ellipse(x, y, 62).ellipse(x, y, 30, ink=False)


TILES = by_name(
    _striped, _dotted, _solid, _checkered, _bricked, _zigzag, _scaly, _latticed, _hatched, _honeycombed, _ringed,
    _tiled,
)  # fmt: skip
VALUES = tuple(TILES)
NEUTRAL = ""
PHRASES = tuple(f" before a {value} wall" for value in VALUES)
_WALLS = {
    "striped": "striped wall", "dotted": "dotted wall", "solid": "plain wall", "checkered": "checkered wall",
    "bricked": "brick wall", "zigzag": "wall with zigzag lines", "scaly": "scalloped wall",
    "latticed": "wall with a lattice", "hatched": "wall with diagonal lines",
    "honeycombed": "wall with a honeycomb pattern", "ringed": "wall covered in rings", "tiled": "tiled wall",
}  # fmt: skip
NATURAL_PHRASES = tuple(f" in front of a {_WALLS[value]}" for value in VALUES)
_TEXTURE = inked(SPAN, TILES.values())
FAMILIES = {"texture": _TEXTURE, "soft texture": replace(_TEXTURE, soft=True)}


def paint(scene: Canvas, values: Int64, magnitude: Int64, draw: Draw) -> None:
    """Cover the wall with a tile in a lighter or darker tone; magnitude is the tile's opacity."""
    words = draw(2)
    canvas = 1 << 16
    span = SPAN * canvas // 1000 * (1000 + signed(words[:, 0], 120)) // 1000
    step = 50 + uniform_int(words[:, 1], 25)
    tone = scene.wall + (step * (1 - 2 * (scene.wall[:, 0] > 150)))[:, None]
    x, y = uniform_int(words[:, 2], canvas), uniform_int(words[:, 3], canvas)
    turn = signed(words[:, 4], 70)
    scene.layers["texture"] = Layer("texture", values, x, y, span, turn, tone, tone, magnitude, tiled=True)
