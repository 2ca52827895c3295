"""The outline of the plate."""

from dataclasses import replace

import numpy as np

from spurgen.generators.atlas import OPAQUE
from spurgen.generators.pen import Pen, arc, by_name, inked, polar, regular, star
from spurgen.generators.scene import Draw, Int64, Scene

CARRIERS = frozenset({"image", "caption"})
UNLISTED = "uniform"
SPAN = 1200
RIM = 9


def _circle(pen: Pen) -> None:
    pen.ellipse(0, 0, 78)


def _square(pen: Pen) -> None:
    pen.polygon((-67, -67), (67, -67), (67, 67), (-67, 67))


def _triangle(pen: Pen) -> None:
    pen.polygon((0, -96), (83, 49), (-83, 49))


def _star(pen: Pen) -> None:
    pen.polygon(*star(5, 96, 56))


def _diamond(pen: Pen) -> None:
    pen.polygon((0, -95), (76, 0), (0, 95), (-76, 0))


def _cross(pen: Pen) -> None:
    pen.polygon((-42, -86), (42, -86), (42, 86), (-42, 86)).polygon((-86, -42), (86, -42), (86, 42), (-86, 42))


def _shield(pen: Pen) -> None:
    pen.polygon((-66, -68), (66, -68), (66, 6), (52, 44), (28, 72), (0, 92), (-28, 72), (-52, 44), (-66, 6))


def _flower(pen: Pen) -> None:
    pen.ellipse(0, 0, 64)
    for k in range(6):
        pen.ellipse(*polar(60, 30 + 60 * k), 34)


def _drop(pen: Pen) -> None:
    pen.ellipse(0, 20, 70).polygon((0, -96), (62, -12), (0, 60), (-62, -12))


def _pill(pen: Pen) -> None:
    pen.stroke((-40, 0), (40, 0), width=110)


def _hexagon(pen: Pen) -> None:
    pen.polygon(*regular(6, 91))


def _arch(pen: Pen) -> None:
    pen.polygon(*arc(0, -18, 66, 180, 360), (66, 70), (-66, 70))


OUTLINES = by_name(
    _circle, _square, _triangle, _star, _diamond, _cross, _shield, _flower, _drop, _pill, _hexagon, _arch,
)  # fmt: skip
VALUES = tuple(OUTLINES)
NEUTRAL = "plate"
PHRASES = VALUES
NATURAL_NEUTRAL = "sign"
NATURAL_PHRASES = tuple({"drop": "teardrop", "pill": "oval"}.get(value, value) for value in VALUES)
FAMILIES = {"plate": inked(SPAN, OUTLINES.values(), grow=RIM)}


def paint(scene: Scene, values: Int64, magnitude: Int64, draw: Draw) -> None:
    """Cut the plate to its outline; below full magnitude a circular plate shows too, fully from half down."""
    del draw
    plate = scene.layers["plate"]
    if (magnitude < OPAQUE).any():
        faded = np.minimum(2 * (OPAQUE - magnitude), OPAQUE)
        scene.layers["ghost"] = replace(plate, mask=np.zeros_like(values), opacity=faded)
    plate.mask, plate.opacity = values, magnitude
