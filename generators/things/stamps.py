"""Coloured pictures as the compositor reads them."""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spurgen.generators.layers import RING
from spurgen.generators.things.nouns import SIDE, picture_atlas

MARGIN = 4  # empty texels around a picture, so that no sample of a pixel that it touches lies beside it
SOLID = 248  # alpha from which a texel is opaque: palettes of pictures round most opaque ones to 254


class Pictures(NamedTuple):
    """P pictures of `side` x `side` texels, of which the outermost `MARGIN` are empty.

    `texels` uint32 (P, side, side): from the lowest byte red, green and blue, each times alpha / 255, and alpha.
    `near` uint8 (P, side, side): 1 where a texel or one within `RING` of it is not empty, else 0.
    """

    texels: NDArray[np.uint32]
    near: NDArray[np.uint8]


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


@cache
def things() -> Pictures:
    """Return the pictures of the things, in the order of `picture_atlas`."""
    return pack(picture_atlas())


def enlarged(span: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the span of a packed picture of a thing whose picture without margin spans `span`."""
    wide: NDArray[np.int64] = span * (SIDE + 2 * MARGIN) // SIDE
    return wide
