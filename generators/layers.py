"""The layers that the compositor draws, apart from it: Numba takes a quarter of a second to import."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

OPAQUE = 256
FULL = 4 * 255  # coverage of a full pixel: the sum over its subsamples
RING = 1  # texels around a texel of 0 or 255 that differ from it by at most one level


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


class StampStack(NamedTuple):
    """A coloured picture on each of n scenes, after the first `behind` layers; -1: none.

    `texels` and `near` as `stamps.Pictures` has them; `number` int64 (n,); `place` and `box` as in `LayerStack`, but of
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
