"""What the kernel reads: stacks of layers and stamps, and the atlas of masks and pictures, each drawn once per size."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.plugins import discover
from spurgen.generators.pen import MASTER, Family, Mask
from spurgen.generators.pictograms import shapes

ONE = 1 << 16  # the canvas's side in fixed-point units
SMALLEST = 32  # pixels across the smallest mask
CHANNELS = "spurgen.generators.channels"
OPAQUE = 256
FULL = 4 * 255  # coverage of a full pixel: the sum over its subsamples
RING = 1  # texels around a texel of 0 or 255 that differ from it by at most one level
MARGIN = 4  # empty texels around a picture, so that no sample of a pixel that it touches lies beside it
SOLID = 248  # alpha from which a texel is opaque: palettes of pictures round most opaque ones to 254


class LayerStack(NamedTuple):
    """L layers, back to front, of n pictures; int64 arrays.

    `start` (L, n): offset of the mask in the atlas; `bits` (L,): log2 of its side; `samples` (L,):
    samples per pixel, 1 or 4, of a layer that covers the whole canvas (its halo is not drawn), or 0
    of a layer that is drawn inside its box only; `place` (L, n, 6): mask coordinates u, v of the first pixel's
    centre and their changes du/dx, du/dy, dv/dx, dv/dy per pixel, in 2**-32 of the mask's side;
    `box` (L, n, 4): first and last + 1 column, first and last + 1 row; `ink` and `halo` (L, n, 3):
    colours in 0..255; `opacity` (L, n) in 0..256.
    """

    start: NDArray[np.int64]
    bits: NDArray[np.int64]
    samples: NDArray[np.int64]
    place: NDArray[np.int64]
    box: NDArray[np.int64]
    ink: NDArray[np.int64]
    halo: NDArray[np.int64]
    opacity: NDArray[np.int64]


class Pictures(NamedTuple):
    """P pictures of `side` x `side` texels, of which the outermost `MARGIN` are empty.

    `texels` uint32 (P, side, side): from the lowest byte red, green and blue, each times alpha / 255, and alpha.
    `near` uint8 (P, side, side): 1 where a texel or one within `RING` of it is not empty, else 0.
    """

    texels: NDArray[np.uint32]
    near: NDArray[np.uint8]


class StampStack(NamedTuple):
    """A coloured picture on each of n scenes, after the first `behind` layers; -1: none.

    `texels` and `near` as `Pictures` has them; `number` int64 (n,); `place` and `box` as in `LayerStack`, but of
    one layer, so that coordinates outside [0, 2**32) lie beside the picture.
    """

    texels: NDArray[np.uint32]
    near: NDArray[np.uint8]
    number: NDArray[np.int64]
    place: NDArray[np.int64]
    box: NDArray[np.int64]
    behind: int


def no_stamps(count: int) -> StampStack:
    """Return the stack of scenes without coloured pictures."""
    rows = np.zeros((count, 6), np.int64)
    none = np.zeros((1, 1, 1), np.uint32)
    return StampStack(none, none.astype(np.uint8), rows[:, 0], rows, rows[:, :4], -1)


@dataclass(frozen=True)
class Sheet:
    """Location of a family in the atlas: mask k starts at `start + k * 4**bits` and has side 2**bits.

    `smooth`: one sample per pixel is enough.
    """

    start: int
    bits: int
    smooth: bool


@dataclass(frozen=True)
class Atlas:
    """The masks of some families for one image size; `planes`: ink and halo, uint8 (2, n), masks end to end."""

    planes: NDArray[np.uint8]
    sheets: Mapping[str, Sheet]


@cache
def _families() -> dict[str, Family]:
    families = dict(shapes.FAMILIES)
    for channel in discover(CHANNELS).values():
        families |= getattr(channel, "FAMILIES", {})
    return families


def _shrink(mask: Mask, bits: int) -> Mask:
    """Average a master mask down to side 2**bits, rounding half up."""
    side = 1 << bits
    box = MASTER // side
    rows = mask.reshape(side, box, MASTER).sum(axis=1, dtype=np.uint16)  # one axis at a time is faster
    sums = rows.reshape(side, side, box).sum(axis=2, dtype=np.int64)
    small: Mask = ((sums + box * box // 2) // (box * box)).astype(np.uint8)
    return small


def seal(mask: Mask) -> Mask:
    """Return the mask with 0 and 255 only where all texels within `RING` are equal; elsewhere they become 1 and 254."""
    low = high = mask
    for axis in (0, 1):
        moved = [np.roll(low, shift, axis) for shift in range(-RING, RING + 1)]
        low = np.min(moved, axis=0)
        moved = [np.roll(high, shift, axis) for shift in range(-RING, RING + 1)]
        high = np.max(moved, axis=0)
    sealed = np.clip(mask, 1, 254)
    sealed[high == 0] = 0
    sealed[low == 255] = 255
    return sealed


def soften(mask: Mask) -> Mask:
    """Return the mask of a tile, blurred by weights of 1, 2, 1 in both directions, about a pixel wide."""
    total = mask.astype(np.int64)
    for axis in (0, 1):
        total = np.roll(total, 1, axis) + 2 * total + np.roll(total, -1, axis)
    soft: Mask = ((total + 8) >> 4).astype(np.uint8)
    return soft


def resolution(span: int, image_size: int) -> int:
    """Return log2 of a mask's side: the smallest power of two with 1.4 texels per pixel, in [SMALLEST, MASTER]."""
    texels = 14 * span * image_size // 10_000
    return min(max(texels - 1, SMALLEST - 1).bit_length(), MASTER.bit_length() - 1)


@cache
def make_atlas(image_size: int, names: frozenset[str]) -> Atlas:
    """Return the masks of these families at the resolution that suits the image size."""
    families = {name: _drawn(name, image_size) for name in sorted(names)}
    sheets: dict[str, Sheet] = {}
    start = 0
    for name, (bits, smooth, planes) in families.items():
        sheets[name] = Sheet(start, bits, smooth)
        start += planes.shape[1]
    none = np.empty((2, 0), np.uint8)
    whole = np.concatenate([none, *(planes for _, _, planes in families.values())], axis=1)
    return Atlas(whole, sheets)


@cache
def _drawn(name: str, image_size: int) -> tuple[int, bool, NDArray[np.uint8]]:
    """Draw a family: log2 of its masks' side, whether they are smooth, and its planes, uint8 (2, n)."""
    family = _families()[name]
    bits = resolution(family.span, image_size)
    masks = []
    for make in family.masks:
        ink, halo = make()
        finished = _finish(family, ink, bits)
        masks.append([finished, finished if halo is ink else _finish(family, halo, bits)])
    return bits, family.smooth or family.soft, np.concatenate(masks, axis=1)


def _finish(family: Family, mask: Mask, bits: int) -> NDArray[np.uint8]:
    """Return a mask of a family at side 2**bits, flat."""
    small = _shrink(mask, bits)
    if not family.smooth:
        small = soften(small) if family.soft else seal(small)
    return small.reshape(-1)


def pack(pictures: NDArray[np.uint8]) -> Pictures:
    """Pack pictures, RGBA, uint8 (P, side, side, 4), whose colours are not premultiplied."""
    side = pictures.shape[1] + 2 * MARGIN
    texels = np.zeros((len(pictures), side, side), np.uint32)
    near = np.zeros(texels.shape, np.uint8)
    inside = slice(MARGIN, side - MARGIN)
    for picture, packed, reached in zip(pictures, texels, near, strict=True):
        alpha = picture[..., 3].astype(np.uint32)
        alpha[alpha >= SOLID] = 255
        packed[inside, inside] = alpha << 24
        for channel in range(3):
            packed[inside, inside] |= (picture[..., channel] * alpha + 127) // 255 << (8 * channel)
        for down in range(-RING, RING + 1):
            for across in range(-RING, RING + 1):
                reached |= np.roll(packed != 0, (down, across), (0, 1))
    return Pictures(texels, near)
