"""A scene: named layers of masks, one entry per sample, before rendering."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from spurgen.generators.atlas import ONE, OPAQUE, Atlas, LayerStack, Pictures, StampStack, make_atlas, no_stamps
from spurgen.generators.pen import UNIT_BITS, cosine, sine
from spurgen.generators.streams import Words, has_numba, signed, uniform_int

Int64 = NDArray[np.int64]

DEPTHS = ("texture", "ghost", "plate", "word", "pictogram", "veil", "light", "glow", "tag")
"""Layers from back to front."""
BEHIND = ("texture", "ghost", "plate")
"""Those behind a stamp."""
GRAIN = 6  # amplitude of the noise, in levels
LIGHT_INK = (250, 250, 248)
DARK_INK = (24, 24, 28)
GREY = (128, 128, 128)
_TINTS = np.array([(0, 0, 0), (10, 2, -10), (-8, 0, 10), (-4, 6, -6), (8, -4, 4), (4, 4, -8), (-8, 4, 4), (2, -2, 0)])


class Draw(Protocol):
    """Source of one factor's nuisance words: uint64 (n, 4 * blocks)."""

    def __call__(self, blocks: int) -> Words:
        """Draw `blocks` blocks of four words per sample."""
        ...


@dataclass
class Layer:
    """One mask per sample, with its place and paint; arrays int64 (n,) unless noted.

    `x`, `y` (centre), `span` (side of the whole mask) in 1/65536 of the canvas's side; `angle`
    in 1/4096 turns, clockwise; `ink` and `halo` (n, 3), 0..255, colour the two planes of the mask;
    `opacity` 0..256. A `tiled` mask repeats over the whole canvas; any other mask shows only the
    disc in which it was drawn.
    """

    family: str
    mask: Int64
    x: Int64
    y: Int64
    span: Int64
    angle: Int64
    ink: Int64
    halo: Int64
    opacity: Int64
    tiled: bool = False


@dataclass(frozen=True)
class Stamp:
    """One coloured picture per sample, in front of the wall and behind light and tag; arrays int64 (n,) unless noted.

    `number` says which of `pictures`. `x`, `y`, `span` and `angle` are those of a `Layer`, and `span` includes the
    picture's margin; `mirrored`, bool (n,).
    """

    pictures: Pictures
    number: Int64
    x: Int64
    y: Int64
    span: Int64
    angle: Int64
    mirrored: NDArray[np.bool_]


class Canvas:
    """Layers of n pictures before a wall.

    `layers` maps names in `DEPTHS`, ordered back to front, to layers. `wall`, int64 (n, 3), is the canvas's colour;
    `noise`, uint64 (n,), are the keys of the grain.
    """

    wall: Int64

    def __init__(self, image_size: int, count: int, noise: Words) -> None:
        self.size, self.count, self.noise = image_size, count, noise
        self.layers: dict[str, Layer] = {}
        self.stamp: Stamp | None = None

    def plain(self, rgb: tuple[int, int, int]) -> Int64:
        """Return one colour for every picture, int64 (n, 3)."""
        return np.broadcast_to(np.array(rgb), (self.count, 3))

    def draw(self) -> NDArray[np.uint8]:
        """Render the pictures, uint8 (n, S, S, 3)."""
        if has_numba():  # imported late: factors and captions need neither kernel, and numba is slow to import
            from spurgen.generators.kernels import render
        else:
            from spurgen.generators.plain import render
        out = np.empty((self.count, self.size, self.size, 3), np.uint8)
        wall = np.clip(self.wall, 0, 255).astype(np.uint8)
        atlas = make_atlas(self.size, frozenset(layer.family for layer in self.layers.values()))
        render(out, wall, atlas.planes, self._stack(atlas), self._stamped(), self.noise, GRAIN)
        return out

    def _stamped(self) -> StampStack:
        """Return the pictures to blend after the layers behind them."""
        stamp = self.stamp
        if stamp is None:
            return no_stamps(self.count)
        place = self._place(stamp)
        across = place[:, [0, 2, 3]]
        place[:, [0, 2, 3]] = np.where(stamp.mirrored[:, None], [1 << 32, 0, 0] - across, across)
        behind = sum(name in BEHIND for name in self.layers)
        reach = stamp.span * ((abs(sine(stamp.angle)) + abs(cosine(stamp.angle))) >> (UNIT_BITS - 16)) >> 17
        return StampStack(*stamp.pictures, stamp.number, place, self._box_of(stamp, reach), behind)

    def _stack(self, atlas: Atlas) -> LayerStack:
        layers = [self.layers[name] for name in DEPTHS if name in self.layers]
        sheets = [atlas.sheets[layer.family] for layer in layers]

        def stack(columns: list[Int64], *width: int) -> Int64:
            return np.array(columns, np.int64).reshape(len(layers), self.count, *width)

        return LayerStack(
            stack([s.start + (layer.mask << (2 * s.bits)) for s, layer in zip(sheets, layers, strict=True)]),
            np.array([s.bits for s in sheets], np.int64),
            np.array(
                [(1 if s.smooth else 4) if layer.tiled else 0 for s, layer in zip(sheets, layers, strict=True)],
                np.int64,
            ),
            stack([self._place(layer) for layer in layers], 6),
            stack([self._box(layer) for layer in layers], 4),
            stack([np.clip(layer.ink, 0, 255) for layer in layers], 3),
            stack([np.clip(layer.halo, 0, 255) for layer in layers], 3),
            stack([layer.opacity for layer in layers]),
        )

    def _place(self, layer: Layer | Stamp) -> Int64:
        """Return the map from pixel centres to mask coordinates, 2**32 per mask side: int64 (n, 6)."""
        pixels = layer.span * self.size  # sixteen fraction bits
        along = (cosine(layer.angle) << (48 - UNIT_BITS)) // pixels
        across = (sine(layer.angle) << (48 - UNIT_BITS)) // pixels
        dx = ONE // 2 - layer.x * self.size
        dy = ONE // 2 - layer.y * self.size
        u = (1 << 31) + ((along * dx + across * dy) >> 16)
        v = (1 << 31) + ((along * dy - across * dx) >> 16)
        return np.stack([u, v, along, across, -across, along], axis=1)

    def _box(self, layer: Layer) -> Int64:
        """Return first and last + 1 column, then row, that a layer may touch: int64 (n, 4)."""
        if layer.tiled:
            return np.broadcast_to(np.array([0, self.size, 0, self.size]), (self.count, 4))
        return self._box_of(layer, layer.span * 353 // 1000)  # the drawing area's radius, and the halo around it

    def _box_of(self, layer: Layer | Stamp, reach: Int64) -> Int64:
        beyond = reach + ONE // self.size
        sides = (layer.x - reach, layer.x + beyond, layer.y - reach, layer.y + beyond)
        return np.stack([np.clip((side * self.size) >> 16, 0, self.size) for side in sides], axis=1)


class Scene(Canvas):
    """A pictogram on a plate before a wall; channels paint by changing or adding layers.

    `size` is the pictogram's radius in 1/65536 of the canvas's side, `seen`, int64 (n,), its opacity in 0..256.
    `polarity`, bool (n,), is True where the pictogram is light.
    """

    def __init__(self, image_size: int, pictograms: Int64, size: int, seen: Int64, draw: Draw) -> None:
        words, n = draw(4), len(pictograms)
        super().__init__(image_size, n, words[:, 0])
        self.polarity: NDArray[np.bool_] = (words[:, 1] >> np.uint64(63)) == 1
        tint = _TINTS[uniform_int(words[:, 2], len(_TINTS))]
        self.wall: Int64 = (150 + signed(words[:, 3], 45))[:, None] + tint
        x = ONE // 2 + signed(words[:, 4], ONE * 5 // 100)
        y = ONE // 2 + signed(words[:, 5], ONE * 5 // 100)
        plate = 3 * (ONE * 40 // 100 + signed(words[:, 6], ONE * 25 // 1000))
        turn = signed(words[:, 7], 90)
        ink, back = self.ink(self.polarity), self.ink(~self.polarity)
        solid = np.full(n, OPAQUE)
        self.layers["plate"] = Layer("plate", np.zeros(n, np.int64), x, y, plate, turn, self.plain(GREY), back, solid)
        px = x + signed(words[:, 8], ONE * 12 // 1000)
        py = y + signed(words[:, 9], ONE * 12 // 1000)
        span = 3 * (size * (1000 + signed(words[:, 10], 80)) // 1000)
        lean = signed(words[:, 11], 140)
        self.layers["pictogram"] = Layer("pictogram", pictograms, px, py, span, lean, ink, back, seen)

    @staticmethod
    def ink(light: NDArray[np.bool_]) -> Int64:
        """Return near-white where `light`, else near-black, int64 (n, 3)."""
        return np.where(light[:, None], np.array(LIGHT_INK), np.array(DARK_INK))
