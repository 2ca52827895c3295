"""The atlas: families of masks, each drawn once per image size when a scene shows it, stored end to end."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.plugins import discover
from spurgen.generators.layers import RING
from spurgen.generators.masks import Family
from spurgen.generators.pen import MASTER, Mask
from spurgen.generators.pictograms import shapes

ONE = 1 << 16  # the canvas's side in fixed-point units
SMALLEST = 32  # pixels across the smallest mask
CHANNELS = "spurgen.generators.channels"


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
    return Atlas(whole, MappingProxyType(sheets))


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
