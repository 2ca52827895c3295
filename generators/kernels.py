"""Functions compiled by numba, which takes a second to import: random words of scattered samples, and pixels.

The words are those of Philox4x64-10 (Salmon et al. 2011), as in NumPy, whose own generator is as fast for a run of
samples, but has to be made anew for every other one.

The pixel kernel blends layers of masks onto a canvas in integer arithmetic only.
A layer is a square mask. At every resolution its side is the full range of a 32-bit counter, so
coordinates overflow exactly where a tile repeats, and no lookup can leave the mask. Coverage is the
mean over 2 x 2 subsamples of a pixel. A texel of 0 or 255 guarantees that every texel within `RING`
differs from it by at most one level (`atlas.seal`). So if the subsamples lie within `RING` of the
pixel's centre, and ink and halo at the centre are each 0 or 255, the centre stands for all four.
"""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numba import uint16, uint32
from numpy.typing import NDArray

from spurgen.generators.atlas import FULL, OPAQUE, RING, LayerStack, StampStack

CONFIG: Any = numba.config
Words = NDArray[np.uint64]
ROUNDS = 10
MULTIPLIERS = (np.uint64(0xD2E7470EE14C6C93), np.uint64(0xCA5A826395121157))
WEYL = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBB67AE8584CAA73B))
_LOW, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)
HALF = uint32(1 << 17)  # rounds a weight: (257 * FULL * OPAQUE + HALF) >> 18 is 256


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function when it is first called; keep the machine code in the user's cache folder.

    numba's default is `__pycache__` beside the source. An uninstall leaves it there, as it did not come with the
    package, and Python takes the folder around it for a package, ahead of one that is installed as editable. The
    environment variables NUMBA_CACHE_DIR and NUMBA_CACHE_LOCATOR_CLASSES name other places.
    """
    before = CONFIG.CACHE_LOCATOR_CLASSES
    if not CONFIG.CACHE_DIR and not before:
        CONFIG.CACHE_LOCATOR_CLASSES = "UserWideCacheLocator,InTreeCacheLocator"
    try:
        made: Callable[..., Any] = numba.njit(nogil=True, cache=True)(function)
    finally:
        CONFIG.CACHE_LOCATOR_CLASSES = before
    return made


def scattered_words(key: int, indices: NDArray[np.int64], blocks: int) -> Words:
    """Return the words [4 blocks i, 4 blocks (i + 1)) of a stream for each index i: uint64 (n, 4 blocks)."""
    out = np.empty((len(indices), 4 * blocks), np.uint64)
    halves = np.array([key & (2**64 - 1), key >> 64], np.uint64)
    _fill(out, halves, indices.astype(np.uint64), np.uint64(blocks))
    return out


@compiled
def _product(a: np.uint64, b: np.uint64) -> tuple[np.uint64, np.uint64]:
    """Return the high and the low half of a 128-bit product."""
    low_a, high_a, low_b, high_b = a & _LOW, a >> _HALF, b & _LOW, b >> _HALF
    low = low_a * low_b
    middle = high_a * low_b + (low >> _HALF)
    carry = low_a * high_b + (middle & _LOW)
    return high_a * high_b + (middle >> _HALF) + (carry >> _HALF), a * b


@compiled
def _fill(out: Words, key: Words, indices: Words, blocks: np.uint64) -> None:
    for row in range(len(indices)):
        for block in range(blocks):
            # NumPy counts up before it makes a block, so the first has counter 1.
            c0 = indices[row] * blocks + np.uint64(block) + np.uint64(1)
            c1 = c2 = c3 = np.uint64(0)
            k0, k1 = key[0], key[1]
            for _ in range(ROUNDS):
                high_0, low_0 = _product(MULTIPLIERS[0], c0)
                high_1, low_1 = _product(MULTIPLIERS[1], c2)
                c0, c1, c2, c3 = high_1 ^ c1 ^ k0, low_1, high_0 ^ c3 ^ k1, low_0
                k0, k1 = k0 + WEYL[0], k1 + WEYL[1]
            place = 4 * block
            out[row, place], out[row, place + 1], out[row, place + 2], out[row, place + 3] = c0, c1, c2, c3


@compiled
def _wash(picture, inks, bits, place, ink, opacity, samples, texels, weights):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Blend a mask over a whole picture, with 1 or 4 samples per pixel.

    Each row takes three plain loops; the compiler vectorises the first and the last.
    """
    low, shift = uint32(bits), uint32(32 - bits)
    ux, uy, vx, vy = place[2], place[3], place[4], place[5]
    scale, step_u, step_v = uint32(opacity * 257 * 4 // samples), uint32(ux), uint32(vx)
    for y in range(picture.shape[0]):
        row = picture[y].reshape(-1)
        for k in range(samples):
            side = 0 if samples == 1 else 1 - 2 * (k & 1)
            tilt = 1 - (k & 2)
            u = uint32(place[0] + uy * y + side * ((ux + tilt * uy) // 4))
            v = uint32(place[1] + vy * y + side * ((vx + tilt * vy) // 4))
            for x in range(picture.shape[1]):
                across, down = uint32(u + uint32(step_u * uint32(x))), uint32(v + uint32(step_v * uint32(x)))
                texels[k, x] = uint32(uint32(down >> shift) << low) | uint32(across >> shift)
        for x in range(picture.shape[1]):
            cover = uint32(inks[texels[0, x]])
            if samples == 4:
                cover += uint32(inks[texels[1, x]]) + uint32(inks[texels[2, x]]) + uint32(inks[texels[3, x]])
            weight = uint16(uint32(cover * scale + HALF) >> uint32(18))
            for c in range(3):
                weights[3 * x + c] = weight
        for j in range(row.size):
            behind = uint16(uint16(row[j]) * uint16(uint16(256) - weights[j]))
            row[j] = uint16(behind + uint16(ink[j] * weights[j]) + uint16(128)) >> uint16(8)


@compiled
def _paint(picture, inks, halos, bits, place, box, ink, halo, opacity):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Blend one layer, ink over halo, onto one picture, uint8 (S, S, 3)."""
    low, shift = uint32(bits), uint32(32 - bits)
    scale, two, opaque = uint32(opacity * 257), uint32(2), opacity == OPAQUE
    ux, uy, vx, vy = place[2], place[3], place[4], place[5]
    # Subsamples lie diagonally off the centre, by a quarter of a pixel in x and in y.
    offsets = (ux + uy) // 4, (vx + vy) // 4, (ux - uy) // 4, (vx - vy) // 4
    au, av, bu, bv = uint32(offsets[0]), uint32(offsets[1]), uint32(offsets[2]), uint32(offsets[3])
    farthest = max(max(abs(offsets[0]), abs(offsets[1])), max(abs(offsets[2]), abs(offsets[3])))
    sealed = (farthest >> np.int64(32 - bits)) + 1 <= RING
    left, right = max(box[0], 0), min(box[1], picture.shape[1])
    for y in range(max(box[2], 0), min(box[3], picture.shape[0])):
        row = picture[y]
        u = uint32(place[0] + uy * y + ux * left)
        v = uint32(place[1] + vy * y + vx * left)
        for x in range(left, right):
            i = ((v >> shift) << low) | (u >> shift)
            over, under = uint32(inks[i]), uint32(halos[i])
            if sealed and (over == 0 or over == 255) and (under == 0 or under == 255):
                over, under = uint32(over << two), uint32(under << two)
            else:
                i = ((uint32(v + av) >> shift) << low) | (uint32(u + au) >> shift)
                j = ((uint32(v - av) >> shift) << low) | (uint32(u - au) >> shift)
                k = ((uint32(v + bv) >> shift) << low) | (uint32(u + bu) >> shift)
                m = ((uint32(v - bv) >> shift) << low) | (uint32(u - bu) >> shift)
                over = uint32(uint32(inks[i]) + uint32(inks[j]) + uint32(inks[k]) + uint32(inks[m]))
                under = uint32(uint32(halos[i]) + uint32(halos[j]) + uint32(halos[k]) + uint32(halos[m]))
            if opaque and (over == FULL or (over == 0 and under == FULL)):
                for c in range(3):
                    row[x, c] = ink[c] if over else halo[c]
            elif under:
                of_ink = uint32(over * scale + HALF) >> uint32(18)
                of_halo = uint32((uint32(under * scale + HALF) >> uint32(18)) - of_ink)
                rest = uint32(uint32(256) - of_ink - of_halo)
                for c in range(3):
                    mixed = uint32(row[x, c]) * rest + uint32(halo[c]) * of_halo + uint32(ink[c]) * of_ink
                    row[x, c] = uint32(mixed + uint32(128)) >> uint32(8)
            u, v = uint32(u + uint32(ux)), uint32(v + uint32(vx))


@compiled
def _texel(texels, side, u, v):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Return an entry of a flat table; `u` and `v` in 2**-32 texels, not negative."""
    return texels[np.uint64(v >> 32) * side + np.uint64(u >> 32)]


@compiled
def _stamp(picture, texels, near, side, place, box):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Blend a coloured picture onto a scene, with 2 x 2 samples per pixel, where all four lie in the picture.

    `texels`, uint32 (side * side,), has red in the lowest byte and alpha in the highest; two of the four are summed at
    once. Where the centre's texel is not `near` a coloured one and the samples lie within `RING` of it, none is read.
    """
    whole, lanes, eight, wide = np.int64(side) << 32, uint32(0xFF00FF), uint32(8), np.uint64(side)
    ux, uy, vx, vy = place[2] * side, place[3] * side, place[4] * side, place[5] * side
    au, av = (place[2] + place[3]) // 4 * side, (place[4] + place[5]) // 4 * side
    bu, bv = (place[2] - place[3]) // 4 * side, (place[4] - place[5]) // 4 * side
    out_u, out_v = max(abs(au), abs(bu)), max(abs(av), abs(bv))
    skips = max(out_u, out_v) <= RING << 32
    left, right = max(box[0], 0), min(box[1], picture.shape[1])
    for y in range(max(box[2], 0), min(box[3], picture.shape[0])):
        row = picture[y]
        u, v = place[0] * side + uy * y + ux * (left - 1), place[1] * side + vy * y + vx * (left - 1)
        for x in range(left, right):
            u, v = u + ux, v + vx
            if u < out_u or v < out_v or u >= whole - out_u or v >= whole - out_v:
                continue
            if skips and _texel(near, wide, u, v) == 0:
                continue
            first, second = _texel(texels, wide, u + au, v + av), _texel(texels, wide, u - au, v - av)
            third, fourth = _texel(texels, wide, u + bu, v + bv), _texel(texels, wide, u - bu, v - bv)
            even = uint32((first & lanes) + (second & lanes) + (third & lanes) + (fourth & lanes))
            odd = uint32(((first >> eight) & lanes) + ((second >> eight) & lanes))
            odd += uint32(((third >> eight) & lanes) + ((fourth >> eight) & lanes))
            rest = uint32(256) - ((uint32(odd >> uint32(16)) * uint32(257) + uint32(1023)) >> uint32(10))
            red, green, blue = even & uint32(0xFFFF), odd & uint32(0xFFFF), even >> uint32(16)
            row[x, 0] = (uint32(row[x, 0]) * rest + red * uint32(64) + uint32(128)) >> eight
            row[x, 1] = (uint32(row[x, 1]) * rest + green * uint32(64) + uint32(128)) >> eight
            row[x, 2] = (uint32(row[x, 2]) * rest + blue * uint32(64) + uint32(128)) >> eight


@compiled
def _stamp_one(picture, stamps, i):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    number, side = stamps.number[i], np.int64(stamps.texels.shape[1])
    texels, near = stamps.texels[number].reshape(-1), stamps.near[number].reshape(-1)
    _stamp(picture, texels, near, side, stamps.place[i], stamps.box[i])


@compiled
def _grain(flat, mixed, key, amplitude):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Add noise in [-amplitude, amplitude] to every byte, eight bytes from each mixed counter.

    The mixer is the finaliser of SplitMix64 (Steele, Lea and Flood 2014).
    """
    for k in range(mixed.size):
        z = key + np.uint64(k) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed[k] = z ^ (z >> np.uint64(31))
    lots = mixed.view(np.uint8)  # lowest byte first: Numba runs on little-endian machines only
    span, centre = np.int32(2 * amplitude + 1), np.int32(amplitude)
    for k in range(flat.size):
        level = np.int32(flat[k]) + ((np.int32(lots[k]) * span) >> np.int32(8)) - centre
        flat[k] = np.uint8(min(max(level, np.int32(0)), np.int32(255)))


@compiled
def _render(out, wall, inks, halos, stack, stamps, noise, amplitude):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    texels = np.empty((4, out.shape[2]), np.uint32)
    inks_row, weights = np.empty(3 * out.shape[2], np.uint16), np.empty(3 * out.shape[2], np.uint16)
    mixed = np.empty((out[0].size + 7) // 8, np.uint64)
    for i in range(out.shape[0]):
        picture = out[i]
        for y in range(out.shape[1]):
            for x in range(out.shape[2]):
                for c in range(3):
                    picture[y, x, c] = wall[i, c]
        for k in range(stack.start.shape[0]):
            if k == stamps.behind:
                _stamp_one(picture, stamps, i)
            bits, place, opacity = stack.bits[k], stack.place[k, i], stack.opacity[k, i]
            mask = slice(stack.start[k, i], stack.start[k, i] + (1 << (2 * bits)))
            ink, halo = stack.ink[k, i], stack.halo[k, i]
            if opacity == 0:
                continue
            if stack.samples[k]:
                for j in range(inks_row.size):
                    inks_row[j] = ink[j % 3]
                _wash(picture, inks[mask], bits, place, inks_row, opacity, stack.samples[k], texels, weights)
            else:
                _paint(picture, inks[mask], halos[mask], bits, place, stack.box[k, i], ink, halo, opacity)
        if stamps.behind == stack.start.shape[0]:
            _stamp_one(picture, stamps, i)
        _grain(picture.reshape(-1), mixed, noise[i], amplitude)


def render(
    out: NDArray[np.uint8],
    wall: NDArray[np.uint8],
    atlas: NDArray[np.uint8],
    stack: LayerStack,
    stamps: StampStack,
    noise: NDArray[np.uint64],
    amplitude: int,
) -> None:
    """Draw n pictures into `out`, uint8 (n, S, S, 3), without holding the interpreter lock.

    `wall`, uint8 (n, 3): colour of the canvas. `atlas`, uint8 (2, m): ink and halo planes of the masks.
    `stamps`: the coloured picture of each scene.
    `noise`, uint64 (n,): keys of the grain, whose levels lie in [-amplitude, amplitude].
    """
    _render(out, wall, *atlas, stack, stamps, noise, amplitude)
