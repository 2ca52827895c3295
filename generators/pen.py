"""A pen that draws masks in integer arithmetic: polygons, ellipses and strokes, inked or erased; and families of masks.

Coordinates are integers on a grid with its origin at the mask's centre, x to the right and y
down. A free-standing mask is drawn inside the disc of radius 100, so it can be turned without
leaving its tile; a tile that repeats uses the full square, +-150. Sine and cosine are integers too, without libm and
floats, so that every machine draws the same.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from spurgen.generators.streams import Int64

Mask = NDArray[np.uint8]
Point = tuple[int, int]

MASTER = 1024  # pixels across a master mask
REACH = 150  # grid units from the centre to the edge
_SUB = 16  # fixed-point units per master pixel
_ALL = slice(0, MASTER)
TURN = 4096  # angle units per full turn
UNIT_BITS = 30
_GUARD = 96
_PI_2 = 157079632679489661923132169163975144209858469968755291048747  # pi / 2 in 1e-59 units


@cache
def _sine_table() -> Int64:
    """Return round(2**30 sin) over a full turn, by Taylor series in big integers."""
    unit = 1 << _GUARD
    quarter = []
    for step in range(TURN // 4 + 1):
        x = (unit * _PI_2 * step) // (10**59 * (TURN // 4))
        term, total, k = x, 0, 1
        while abs(term) >= 4:
            total += term
            term = -(((term * x) >> _GUARD) * x >> _GUARD) // ((k + 1) * (k + 2))
            k += 2
        quarter.append((total + (1 << (_GUARD - UNIT_BITS - 1))) >> (_GUARD - UNIT_BITS))
    half = quarter + quarter[-2:0:-1]
    return np.array(half + [-v for v in half], np.int64)


def sine(angle: Int64) -> Int64:
    """Return 2**30 sin(angle) as int64; `angle` int64 in 1/4096 turns, any sign."""
    return _sine_table()[angle % TURN]


def cosine(angle: Int64) -> Int64:
    """Return 2**30 cos(angle) as int64; `angle` int64 in 1/4096 turns, any sign."""
    return _sine_table()[(angle + TURN // 4) % TURN]


def _fixed(grid: int) -> int:
    return (grid + REACH) * MASTER * _SUB // (2 * REACH)


def polar(radius: int, angle: int) -> Point:
    """Return the grid point at a radius and an angle in degrees, clockwise from the right."""
    turn = np.array([angle * 4096 // 360])
    half = 1 << (UNIT_BITS - 1)
    x, y = (int((radius * int(f(turn)[0]) + half) >> UNIT_BITS) for f in (cosine, sine))
    return x, y


class Pen:
    """A pen with its mask, uint8 (1024, 1024), 0 or 255.

    With `grow` > 0 the pen draws the halo of the same drawing: every inked shape is that many grid
    units larger on all sides, and nothing is erased, so the halo also backs the holes.
    """

    def __init__(self, grow: int = 0) -> None:
        self.mask: Mask = np.zeros((MASTER, MASTER), np.uint8)
        self.grow = grow

    def polygon(self, *points: Point, ink: bool = True) -> "Pen":
        """Fill the polygon through `points` by the even-odd rule, or erase it."""
        xs = [_fixed(x) for x, _ in points]
        ys = [_fixed(y) for _, y in points]
        high, wide = _window(min(ys), max(ys)), _window(min(xs), max(xs))
        toggles = np.zeros((MASTER, MASTER + 1), np.uint8)
        for i in range(len(points)):
            (xa, ya), (xb, yb) = sorted([(xs[i - 1], ys[i - 1]), (xs[i], ys[i])], key=lambda p: p[1])
            # Pixel centres lie at (k + 1/2); an edge owns the rows with ya <= centre < yb.
            first, last = ((2 * y + _SUB - 1) // (2 * _SUB) for y in (ya, yb))
            rows = np.arange(max(first, 0), min(last, MASTER))
            if not len(rows):
                continue
            crossing = xa + ((rows * _SUB + _SUB // 2 - ya) * (xb - xa)) // (yb - ya)
            columns = np.clip((2 * crossing + _SUB - 1) // (2 * _SUB), 0, MASTER)
            toggles[rows, columns] ^= 1
        if self.grow and ink:
            self.stroke(*points, points[0], width=0)
        return self._apply(np.bitwise_xor.accumulate(toggles[high, wide], axis=1) == 1, ink, high, wide)

    def ellipse(self, x: int, y: int, rx: int, ry: int | None = None, ink: bool = True) -> "Pen":
        """Fill the axis-aligned ellipse around (x, y), or erase it; `ry` defaults to `rx`."""
        a, b = ((r + self.grow) * _SUB * MASTER // (2 * REACH) for r in (rx, rx if ry is None else ry))
        rows, columns = _window(_fixed(y) - b, _fixed(y) + b), _window(_fixed(x) - a, _fixed(x) + a)
        dx, dy = _centres(columns)[None, :] - _fixed(x), _centres(rows)[:, None] - _fixed(y)
        return self._apply((dx * b) ** 2 + (dy * a) ** 2 <= (a * b) ** 2, ink, rows, columns)

    def stroke(self, *points: Point, width: int, ink: bool = True) -> "Pen":
        """Draw a line with round ends and joints through `points`, `width` grid units wide, or erase it."""
        for (xa, ya), (xb, yb) in pairwise(points):
            self._segment(xa, ya, xb, yb, width, ink)
        return self

    def _segment(self, xa: int, ya: int, xb: int, yb: int, width: int, ink: bool) -> None:
        """Ink or erase every pixel within width / 2 of a segment, by comparing squared distances."""
        radius = (width + 2 * self.grow) * _SUB * MASTER // (4 * REACH)
        (x0, x1), (y0, y1) = sorted((_fixed(xa), _fixed(xb))), sorted((_fixed(ya), _fixed(yb)))
        rows, columns = _window(y0 - radius, y1 + radius), _window(x0 - radius, x1 + radius)
        px, py = _centres(columns)[None, :] - _fixed(xa), _centres(rows)[:, None] - _fixed(ya)
        dx, dy = _fixed(xb) - _fixed(xa), _fixed(yb) - _fixed(ya)
        length2 = max(dx * dx + dy * dy, 1)
        along = np.clip(px * dx + py * dy, 0, length2)
        qx, qy = px - along * dx // length2, py - along * dy // length2
        self._apply(qx * qx + qy * qy <= radius * radius, ink, rows, columns)

    def _apply(self, inside: NDArray[np.bool_], ink: bool, rows: slice = _ALL, columns: slice = _ALL) -> "Pen":
        if ink or not self.grow:
            self.mask[rows, columns][inside] = 255 if ink else 0
        return self


def _window(low: int, high: int) -> slice:
    """Return the pixels whose centres may lie in [low, high], clipped to the mask."""
    return slice(min(max(low // _SUB, 0), MASTER), min(max(high // _SUB + 1, 0), MASTER))


def _centres(window: slice) -> NDArray[np.int64]:
    return np.arange(window.start, window.stop, dtype=np.int64) * _SUB + _SUB // 2


def arc(x: int, y: int, radius: int, first: int, last: int) -> Sequence[Point]:
    """Return points along a circle around (x, y) from one angle to another, in degrees, in either direction."""
    steps = max(abs(last - first) // 5, 1)
    around = (polar(radius, first + (last - first) * k // steps) for k in range(steps + 1))
    return [(x + dx, y + dy) for dx, dy in around]


def regular(sides: int, radius: int) -> Sequence[Point]:
    """Return the corners of a regular polygon, of which the first is at the top."""
    return [polar(radius, -90 + 360 * k // sides) for k in range(sides)]


def star(points: int, outer: int, inner: int) -> Sequence[Point]:
    """Return the corners of a star with `points` points, of which the first is at the top."""
    return [polar(inner if k % 2 else outer, -90 + 180 * k // points) for k in range(2 * points)]


Drawing = Callable[[Pen], object]


@dataclass(frozen=True)
class Family:
    """A set of masks with one use.

    `span` is the length that a tile usually covers, in thousandths of the canvas's side; it sets
    the resolution. Each function in `masks` makes an ink and a halo plane, uint8 (1024, 1024); the
    halo contains the ink, and equals it if there is no halo to show. `smooth` marks gradients; the atlas blurs the
    edges of masks that are `soft`. Of both, one sample per pixel is enough.
    """

    span: int
    masks: tuple[Callable[[], tuple[Mask, Mask]], ...]
    smooth: bool = False
    soft: bool = False


def by_name(*drawings: Drawing) -> dict[str, Drawing]:
    """Return drawings by the names of their functions, without the underscore."""
    return {drawing.__name__.removeprefix("_"): drawing for drawing in drawings}


def inked(span: int, drawings: Iterable[Drawing], grow: int = 0, backing: Drawing | None = None) -> Family:
    """Return the family of pen drawings; the halo is `backing` or else the drawing, enlarged by `grow` grid units."""
    return Family(span, tuple(partial(_drawn, drawing, grow, backing or drawing) for drawing in drawings))


def gradients(span: int, makers: Iterable[Callable[[], Mask]]) -> Family:
    """Return the family of smooth masks, without halos."""
    return Family(span, tuple(partial(_twice, make) for make in makers), smooth=True)


def _drawn(drawing: Drawing, grow: int, backing: Drawing) -> tuple[Mask, Mask]:
    ink, halo = Pen(), Pen(grow)
    drawing(ink)
    if backing is drawing and not grow:
        return ink.mask, ink.mask
    backing(halo)
    return ink.mask, halo.mask


def _twice(make: Callable[[], Mask]) -> tuple[Mask, Mask]:
    mask = make()
    return mask, mask
