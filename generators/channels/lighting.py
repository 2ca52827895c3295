"""Where the light comes from."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from spurgen.generators.pen import MASTER, Mask, gradients
from spurgen.generators.scene import Canvas, Draw, Int64, Layer
from spurgen.generators.streams import signed

CARRIERS = frozenset({"image"})
UNLISTED = "absent"
SHADE, GLOW = 165, 72  # opacity of 256: of the shadow on the far side, of the glow on the near side
DARK, BRIGHT = (8, 8, 20), (255, 250, 232)
_AXIS = np.arange(MASTER, dtype=np.int64) * 2 + 1 - MASTER


@dataclass(frozen=True)
class Lamp:
    """A light at (x, y), in hundredths of the half side from the centre.

    `near`, `far` and `glow` are squared distances from the lamp, in hundredths of the half side
    squared. Shade rises from none at `near` to full at `far`; the glow falls from full at the lamp
    to none at `glow` (0: no glow). If `near` > `far`, the shade lies at the lamp, and the glow rises
    from none at `near` to full at `glow`.
    """

    x: int
    y: int
    near: int
    far: int
    glow: int

    def ramp(self, start: int, end: int) -> Mask:
        """Return a mask that rises from 0 to 255 between two squared distances."""
        x, y = (_AXIS * 100 - at * MASTER for at in (self.x, self.y))
        distance2 = (x[None, :] ** 2 + y[:, None] ** 2) // (100 * MASTER * MASTER)
        levels: Mask = np.clip((distance2 - start) * 255 // (end - start), 0, 255).astype(np.uint8)
        return levels

    def shade(self) -> Mask:
        """Return the shadow, darkest away from the lamp."""
        return self.ramp(self.near, self.far)

    def shine(self) -> Mask:
        """Return the glow, brightest at the lamp."""
        if self.glow == 0:
            return np.zeros((MASTER, MASTER), np.uint8)
        return self.ramp(self.glow, 0) if self.near < self.far else self.ramp(self.near, self.glow)


def _side(x: int, y: int) -> Lamp:
    return Lamp(90 * x, 90 * y, 120, 400, 140) if x and y else Lamp(110 * x, 110 * y, 110, 310, 110)


LIGHTS: dict[str, Lamp] = {
    "left": _side(-1, 0),
    "right": _side(1, 0),
    "top": _side(0, -1),
    "bottom": _side(0, 1),
    "top left": _side(-1, -1),
    "top right": _side(1, -1),
    "bottom left": _side(-1, 1),
    "bottom right": _side(1, 1),
    "spotlight": Lamp(0, 0, 40, 75, 0),
    "backlight": Lamp(0, 0, 75, -30, 190),
}
VALUES = tuple(LIGHTS)
_MASKS: dict[str, list[Callable[[], Mask]]] = {
    "light": [lamp.shade for lamp in LIGHTS.values()],
    "glow": [lamp.shine for lamp in LIGHTS.values()],
}
FAMILIES = {name: gradients(1000, makers) for name, makers in _MASKS.items()}
FAMILIES["veil"] = gradients(1000, [lambda: np.full((MASTER, MASTER), 255, np.uint8)])  # covers the whole scene


def paint(scene: Canvas, values: Int64, magnitude: Int64, draw: Draw) -> None:
    """Shade and light the picture; magnitude is the depth of shadow and glow."""
    vary = signed(draw(1)[:, 0], 20)
    centre, whole = np.full(scene.count, 1 << 15), np.full(scene.count, 1 << 16)
    upright = np.zeros(scene.count, np.int64)
    for name, tone, depth in (("light", DARK, SHADE), ("glow", BRIGHT, GLOW)):
        ink = scene.plain(tone)
        opacity = (depth + vary) * magnitude >> 8
        scene.layers[name] = Layer(name, values, centre, centre, whole, upright, ink, ink, opacity, tiled=True)
