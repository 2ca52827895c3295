"""The outline of the plate."""

from dataclasses import replace

import numpy as np

from spurgen.generators.compositor import OPAQUE
from spurgen.generators.masks import Drawing, inked
from spurgen.generators.pen import Pen, regular, star
from spurgen.generators.scene import Draw, Int64, Scene

CARRIERS = frozenset({"image", "caption"})
UNLISTED = "uniform"
SPAN = 1200
RIM = 9


def _circle(pen: Pen) -> None:
    pen.ellipse(0, 0, 76)


def _square(pen: Pen) -> None:
    pen.polygon((-68, -68), (68, -68), (68, 68), (-68, 68))


def _triangle(pen: Pen) -> None:
    pen.polygon((0, -95), (90, 66), (-90, 66))


def _star(pen: Pen) -> None:
    pen.polygon(*star(5, 95, 54))


OUTLINES: dict[str, Drawing] = {"circle": _circle, "square": _square, "triangle": _triangle, "star": _star}
VALUES = tuple(OUTLINES)
NEUTRAL = "plate"
PHRASES = VALUES
FAMILIES = {"plate": inked(SPAN, OUTLINES.values()), "rim": inked(SPAN, OUTLINES.values(), grow=RIM)}


def paint(scene: Scene, values: Int64, magnitude: Int64, draw: Draw) -> None:
    """Cuts the plate; below full magnitude a circular plate shows through."""
    del draw
    rim, plate = scene.layers["rim"], scene.layers["plate"]
    if (magnitude < OPAQUE).any():
        scene.layers["ghost"] = replace(plate, mask=np.zeros_like(values), rgb=rim.rgb)
    for layer in (rim, plate):
        layer.mask, layer.opacity = values, magnitude
