"""The pixel kernel: blends layers of masks onto a canvas, in integers only.

A layer is a square mask whose side, whatever its resolution, is one full turn of a 32-bit
counter: coordinates overflow exactly where a tile repeats, so no lookup can leave the mask.
"""

from typing import NamedTuple

import numpy as np
from numba import njit, uint32
from numpy.typing import NDArray

FULL = 4 * 255  # coverage of a pixel: the sum over 2 x 2 subsamples
OPAQUE = 256


class LayerStack(NamedTuple):
    """Holds L layers, back to front, for n pictures; int64 arrays.

    `start` (L, n): where the mask begins in the atlas; `bits` (L,): log2 of its side; `place`
    (L, n, 6): mask coordinates u, v of the first pixel's centre and their changes du/dx, du/dy,
    dv/dx, dv/dy per pixel, in 2**-32 of the mask's side; `box` (L, n, 4): first and last + 1
    column, first and last + 1 row; `rgb` (L, n, 3) in 0..255; `opacity` (L, n) in 0..256.
    """

    start: NDArray[np.int64]
    bits: NDArray[np.int64]
    place: NDArray[np.int64]
    box: NDArray[np.int64]
    rgb: NDArray[np.int64]
    opacity: NDArray[np.int64]


@njit(nogil=True, cache=True, inline="always")
def _blend(old: int, new: int, weight: int) -> int:
    """Mixes two 8-bit levels; `weight` of the new one in 0..65535."""
    return (old * (65535 - weight) + new * weight + 32767) >> 16


@njit(nogil=True, cache=True)
def _paint(picture, atlas, start, bits, place, box, rgb, opacity):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Blends one layer onto one picture, uint8 (S, S, 3)."""
    shift = uint32(32 - bits)
    scale = opacity * 257
    red, green, blue = rgb[0], rgb[1], rgb[2]
    ux, uy, vx, vy = place[2], place[3], place[4], place[5]
    # Subsamples lie a quarter of a pixel off the centre, diagonally.
    au, av = uint32(ux // 4 + uy // 4), uint32(vx // 4 + vy // 4)
    bu, bv = uint32(ux // 4 - uy // 4), uint32(vx // 4 - vy // 4)
    for y in range(box[2], box[3]):
        u = uint32(place[0] + uy * y + ux * box[0])
        v = uint32(place[1] + vy * y + vx * box[0])
        for x in range(box[0], box[1]):
            cover = np.int64(atlas[start + ((uint32(v + av) >> shift) << bits) + (uint32(u + au) >> shift)])
            cover += np.int64(atlas[start + ((uint32(v - av) >> shift) << bits) + (uint32(u - au) >> shift)])
            cover += np.int64(atlas[start + ((uint32(v + bv) >> shift) << bits) + (uint32(u + bu) >> shift)])
            cover += np.int64(atlas[start + ((uint32(v - bv) >> shift) << bits) + (uint32(u - bu) >> shift)])
            u = uint32(u + uint32(ux))
            v = uint32(v + uint32(vx))
            if cover:
                weight = (cover * scale) >> 10
                picture[y, x, 0] = _blend(picture[y, x, 0], red, weight)
                picture[y, x, 1] = _blend(picture[y, x, 1], green, weight)
                picture[y, x, 2] = _blend(picture[y, x, 2], blue, weight)


@njit(nogil=True, cache=True)
def _grain(flat, key, amplitude):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Adds noise in [-amplitude, amplitude] to every byte, eight from each mixed counter.

    The mixer is the finaliser of SplitMix64 (Steele, Lea and Flood 2014).
    """
    span = 2 * amplitude + 1
    for start in range(0, flat.size, 8):
        z = key + np.uint64(start) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
        for k in range(min(8, flat.size - start)):
            byte = np.int64((z >> np.uint64(8 * k)) & np.uint64(255))
            level = np.int64(flat[start + k]) + ((byte * span) >> 8) - amplitude
            flat[start + k] = min(max(level, 0), 255)


@njit(nogil=True, cache=True)
def _render(out, wall, atlas, stack, noise, amplitude):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for i in range(out.shape[0]):
        picture = out[i]
        picture[:, :, 0] = wall[i, 0]
        picture[:, :, 1] = wall[i, 1]
        picture[:, :, 2] = wall[i, 2]
        for k in range(stack.start.shape[0]):
            if stack.opacity[k, i]:
                where = stack.place[k, i], stack.box[k, i]
                _paint(picture, atlas, stack.start[k, i], stack.bits[k], *where, stack.rgb[k, i], stack.opacity[k, i])
        _grain(picture.reshape(-1), noise[i], amplitude)


def render(
    out: NDArray[np.uint8],
    wall: NDArray[np.uint8],
    atlas: NDArray[np.uint8],
    stack: LayerStack,
    noise: NDArray[np.uint64],
    amplitude: int,
) -> None:
    """Draws n pictures into `out`, uint8 (n, S, S, 3), releasing the interpreter lock.

    `wall` uint8 (n, 3) fills the canvas; `atlas` uint8 holds all masks; `noise` uint64 (n,) keys
    the grain, whose levels lie in [-amplitude, amplitude].
    """
    _render(out, wall, atlas, stack, noise, amplitude)
