"""The small tag in a corner."""

import numpy as np

from spurgen.generators.masks import Drawing, inked
from spurgen.generators.pen import Pen
from spurgen.generators.scene import Draw, Int64, Layer, Scene
from spurgen.generators.streams import uniform_int

CARRIERS = frozenset({"image"})
UNLISTED = "absent"
RADIUS = 10 * (1 << 16) // 100
MARGIN = 13 * (1 << 16) // 100


def _frame(pen: Pen) -> Pen:
    return pen.polygon((-72, -72), (72, -72), (72, 72), (-72, 72))


def _cross(pen: Pen) -> None:
    _frame(pen).stroke((-36, -36), (36, 36), width=26, ink=False).stroke((36, -36), (-36, 36), width=26, ink=False)


def _ring(pen: Pen) -> None:
    _frame(pen).ellipse(0, 0, 50, ink=False).ellipse(0, 0, 24)


TAGS: dict[str, Drawing] = {"cross": _cross, "ring": _ring}
VALUES = tuple(TAGS)
FAMILIES = {"tag": inked(300, TAGS.values())}


def paint(scene: Scene, values: Int64, magnitude: Int64, draw: Draw) -> None:
    """Puts the tag in one of the four corners; magnitude is its opacity."""
    words = draw(1)
    corner = uniform_int(words[:, 0], 4)
    x, y = (np.where(corner >> k & 1, (1 << 16) - MARGIN, MARGIN) for k in (0, 1))
    white = np.broadcast_to(np.array((250, 250, 250)), (scene.count, 3))
    span, none = np.full(scene.count, 3 * RADIUS), np.zeros(scene.count, np.int64)
    scene.layers["tag"] = Layer("tag", values, x, y, span, none, white, magnitude)
