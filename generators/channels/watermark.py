"""The small tag in a corner."""

import numpy as np

from spurgen.generators.pen import Pen, by_name, inked
from spurgen.generators.scene import Canvas, Draw, Int64, Layer
from spurgen.generators.streams import uniform_int

CARRIERS = frozenset({"image"})
UNLISTED = "absent"
RADIUS = 11 * (1 << 16) // 100
MARGIN = 13 * (1 << 16) // 100
DARK, LIGHT = (20, 20, 24), (252, 252, 252)


def _crossed(pen: Pen) -> None:
    pen.stroke((-44, -44), (44, 44), width=32).stroke((44, -44), (-44, 44), width=32)


def _ring(pen: Pen) -> None:
    pen.ellipse(0, 0, 60).ellipse(0, 0, 28, ink=False)


def _bars(pen: Pen) -> None:
    for y in (-42, 0, 42):
        pen.polygon((-60, y - 13), (60, y - 13), (60, y + 13), (-60, y + 13))


def _play(pen: Pen) -> None:
    pen.polygon((-40, -62), (64, 0), (-40, 62))


def _dots(pen: Pen) -> None:
    for x in (-32, 32):
        for y in (-32, 32):
            pen.ellipse(x, y, 23)


def _tick(pen: Pen) -> None:
    pen.stroke((-46, 4), (-14, 38), (48, -38), width=32)


def _plus(pen: Pen) -> None:
    pen.stroke((-48, 0), (48, 0), width=36).stroke((0, -48), (0, 48), width=36)


def _pause(pen: Pen) -> None:
    for x in (-34, 34):
        pen.polygon((x - 20, -58), (x + 20, -58), (x + 20, 58), (x - 20, 58))


def _slash(pen: Pen) -> None:
    pen.stroke((-46, 46), (46, -46), width=36)


def _block(pen: Pen) -> None:
    pen.polygon((-62, -62), (62, -62), (62, 62), (-62, 62))


def _corner(pen: Pen) -> None:
    pen.polygon((-58, -58), (-22, -58), (-22, 22), (58, 22), (58, 58), (-58, 58))


def _tee(pen: Pen) -> None:
    pen.polygon((-58, -58), (58, -58), (58, -22), (18, -22), (18, 60), (-18, 60), (-18, -22), (-58, -22))


def _backing(pen: Pen) -> None:
    pen.polygon((-88, -88), (88, -88), (88, 88), (-88, 88))


TAGS = by_name(
    _crossed, _ring, _bars, _play, _dots, _tick, _plus, _pause, _slash, _block, _corner, _tee,
)  # fmt: skip
VALUES = tuple(TAGS)
FAMILIES = {"tag": inked(330, TAGS.values(), backing=_backing)}


def paint(scene: Canvas, values: Int64, magnitude: Int64, draw: Draw) -> None:
    """Put a light tag on a dark backing in one of the four corners; magnitude is its opacity."""
    words = draw(1)
    corner = uniform_int(words[:, 0], 4)
    x, y = (np.where(corner >> k & 1, (1 << 16) - MARGIN, MARGIN) for k in (0, 1))
    light, dark = scene.plain(LIGHT), scene.plain(DARK)
    span, upright = np.full(scene.count, 3 * RADIUS), np.zeros(scene.count, np.int64)
    scene.layers["tag"] = Layer("tag", values, x, y, span, upright, light, dark, magnitude)
