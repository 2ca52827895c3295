"""The direction of the light."""

from collections.abc import Callable

import numpy as np

from spurgen.generators.masks import Family
from spurgen.generators.pen import MASTER, Mask
from spurgen.generators.scene import Draw, Int64, Layer, Scene
from spurgen.generators.streams import signed

CARRIERS = frozenset({"image"})
UNLISTED = "absent"
SHADE = 150  # of 256: how dark the far side is
_AXIS = np.arange(MASTER, dtype=np.int64) * 2 + 1 - MASTER


def _from(x: int, y: int) -> Callable[[], Mask]:
    """Makes the shadow that a light at that side of the picture casts on the other."""

    def make() -> Mask:
        along = -(x * _AXIS[None, :] + y * _AXIS[:, None]) // (1 if x * y == 0 else 2)
        ramp = (along + MASTER // 2) * 255 // (3 * MASTER // 2)
        return np.clip(ramp, 0, 255).astype(np.uint8)

    return make


def _round(inside: int, outside: int) -> Callable[[], Mask]:
    """Makes a shadow that changes from the centre to the edge."""

    def make() -> Mask:
        radius2 = (_AXIS[None, :] ** 2 + _AXIS[:, None] ** 2) * 256 // (MASTER * MASTER)
        ramp = np.clip((radius2 - 70) * 256 // 110, 0, 256)
        return ((inside * (256 - ramp) + outside * ramp) >> 8).astype(np.uint8)

    return make


LIGHTS: dict[str, Callable[[], Mask]] = {
    "left": _from(-1, 0),
    "right": _from(1, 0),
    "top": _from(0, -1),
    "bottom": _from(0, 1),
    "top left": _from(-1, -1),
    "top right": _from(1, -1),
    "bottom left": _from(-1, 1),
    "bottom right": _from(1, 1),
    "spotlight": _round(0, 255),
    "backlight": _round(255, 0),
}
VALUES = tuple(LIGHTS)
FAMILIES = {"light": Family(1000, tuple(LIGHTS.values()))}


def paint(scene: Scene, values: Int64, magnitude: Int64, draw: Draw) -> None:
    """Shades the picture; magnitude is the depth of the shadow."""
    depth = (SHADE + signed(draw(1)[:, 0], 20)) * magnitude >> 8
    centre, whole = np.full(scene.count, 1 << 15), np.full(scene.count, 1 << 16)
    none, black = np.zeros(scene.count, np.int64), np.zeros((scene.count, 3), np.int64)
    scene.layers["light"] = Layer("light", values, centre, centre, whole, none, black, depth, tiled=True)
