"""The pixel kernel of `kernels` in NumPy: the same pictures, bit for bit, where numba is not installed.

It takes about ten times as long. Arithmetic is that of `kernels`, on all pixels of a layer at once; pixels that a
layer does not change are left out early.
"""

import numpy as np
from numpy.typing import NDArray

from spurgen.generators.atlas import FULL, OPAQUE, RING, LayerStack, StampStack

Bytes = NDArray[np.uint8]
Words = NDArray[np.uint32]
Int64 = NDArray[np.int64]
LARGEST = 2**32 - 1
HALF = np.uint32(1 << 17)
GOLDEN, FIRST, SECOND = (np.uint64(n) for n in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))


def _inside(picture: Bytes, box: Int64) -> tuple[Bytes, Int64, Int64]:
    """Return the view of a picture within a box, and the columns (1, w) and rows (h, 1) that it shows."""
    left, right = max(int(box[0]), 0), min(int(box[1]), picture.shape[1])
    top, bottom = max(int(box[2]), 0), min(int(box[3]), picture.shape[0])
    view = picture[top : max(top, bottom), left : max(left, right)]
    return view, left + np.arange(view.shape[1])[None], top + np.arange(view.shape[0])[:, None]


def _grid(place: Int64, x: Int64, y: Int64) -> tuple[Words, Words]:
    """Return a mask's coordinates of pixels, which wrap round, in 2**-32 of its side: uint32 (h, w) each."""
    first, u_by_x, u_by_y, v_by_x, v_by_y = place[:2], *place[2:]
    u = (first[0] + u_by_y * y).astype(np.uint32) + (u_by_x * x).astype(np.uint32)
    return u, (first[1] + v_by_y * y).astype(np.uint32) + (v_by_x * x).astype(np.uint32)


def _texels(u: Words, v: Words, bits: int) -> Words:
    """Return which texels of a mask lie at coordinates."""
    low, shift = np.uint32(bits), np.uint32(32 - bits)
    texels: Words = ((v >> shift) << low) | (u >> shift)
    return texels


def _wash(picture: Bytes, inks: Bytes, bits: int, place: Int64, ink: Int64, opacity: int, samples: int) -> None:
    """Blend a mask over a whole picture, with 1 or 4 samples per pixel."""
    x, y = np.arange(picture.shape[1])[None], np.arange(picture.shape[0])[:, None]
    (ux, uy, vx, vy), cover = place[2:], np.zeros(picture.shape[:2], np.uint32)
    for k in range(samples):
        side, tilt = 0 if samples == 1 else 1 - 2 * (k & 1), 1 - (k & 2)
        off = np.array([side * ((ux + tilt * uy) // 4), side * ((vx + tilt * vy) // 4), 0, 0, 0, 0])
        cover += inks[_texels(*_grid(place + off, x, y), bits)]
    weight = (cover * np.uint32(opacity * 257 * 4 // samples) + HALF) >> np.uint32(18)
    weights = weight.astype(np.uint16).repeat(3, axis=1)  # of bytes: NumPy is slow on axes of length 3
    flat = picture.reshape(len(picture), -1)
    mixed = flat * (np.uint16(256) - weights)
    mixed += np.tile(ink.astype(np.uint16), picture.shape[1]) * weights + np.uint16(128)
    flat[...] = mixed >> np.uint16(8)


def _paint(
    picture: Bytes, planes: Bytes, bits: int, place: Int64, box: Int64, ink: Int64, halo: Int64, opacity: int
) -> None:
    """Blend one layer, ink over halo, onto one picture; `planes`: ink and halo of its mask, uint8 (2, m)."""
    view, x, y = _inside(picture, box)
    (ux, uy, vx, vy) = place[2:]
    u, v = _grid(place, x, y)
    offsets = [((ux + uy) // 4, (vx + vy) // 4), ((ux - uy) // 4, (vx - vy) // 4)]
    sealed = (max(abs(int(each)) for pair in offsets for each in pair) >> (32 - bits)) + 1 <= RING
    centre = planes[:, _texels(u, v, bits)]
    ends = centre + np.uint8(1) < 2  # 0 or 255
    plain = ends[0] & ends[1] & sealed  # the centre stands for all four subsamples
    at = np.nonzero(~plain | (centre[1] > 0))
    u, v, plain = u[at], v[at], plain[at]
    each = [
        _texels(u + np.uint32(side * du & LARGEST), v + np.uint32(side * dv & LARGEST), bits)
        for du, dv in offsets
        for side in (1, -1)
    ]
    four = sum(planes[:, texels].astype(np.uint32) for texels in each)
    over, under = np.where(plain, centre[:, at[0], at[1]].astype(np.uint32) << np.uint32(2), four)
    scale = np.uint32(opacity * 257)
    of_ink = (over * scale + HALF) >> np.uint32(18)
    of_halo = ((under * scale + HALF) >> np.uint32(18)) - of_ink
    rest = np.uint32(256) - of_ink - of_halo
    colours = [part[:, None] * colour.astype(np.uint32) for part, colour in ((of_halo, halo), (of_ink, ink))]
    behind = view[at]
    mixed = (behind * rest[:, None] + sum(colours) + np.uint32(128)) >> np.uint32(8)
    new = np.where((under > 0)[:, None], mixed, behind)
    if opacity == OPAQUE:
        flat = np.where((over > 0)[:, None], ink, halo)
        new = np.where(((over == FULL) | ((over == 0) & (under == FULL)))[:, None], flat, new)
    view[at] = new


def _stamp(picture: Bytes, stamps: StampStack, i: int) -> None:
    """Blend a coloured picture onto a scene, with 2 x 2 samples per pixel, where all four lie in the picture."""
    side = stamps.texels.shape[1]
    texels, near = (each[stamps.number[i]].reshape(-1) for each in (stamps.texels, stamps.near))
    view, x, y = _inside(picture, stamps.box[i])
    (ux, uy, vx, vy), whole = stamps.place[i, 2:] * side, side << 32
    u, v = stamps.place[i, 0] * side + uy * y + ux * x, stamps.place[i, 1] * side + vy * y + vx * x
    steps = [
        [(first + sign * second) // 4 * side for sign in (1, -1)] for first, second in stamps.place[i, 2:].reshape(2, 2)
    ]
    out_u, out_v = (max(map(abs, step)) for step in steps)
    at = np.nonzero((u >= out_u) & (v >= out_v) & (u < whole - out_u) & (v < whole - out_v))
    u, v = u[at], v[at]
    if max(out_u, out_v) <= RING << 32:
        seen = near[(v >> 32) * side + (u >> 32)] > 0
        at, u, v = (at[0][seen], at[1][seen]), u[seen], v[seen]
    sums = np.zeros((len(u), 4), np.uint32)
    for k in range(2):
        for sign in (1, -1):
            four = texels[((v + sign * steps[1][k]) >> 32) * side + ((u + sign * steps[0][k]) >> 32)]
            sums += four.astype("<u4").view(np.uint8).reshape(-1, 4)
    rest = np.uint32(256) - ((sums[:, 3:] * np.uint32(257) + np.uint32(1023)) >> np.uint32(10))
    view[at] = (view[at] * rest + sums[:, :3] * np.uint32(64) + np.uint32(128)) >> np.uint32(8)


def _grain(picture: Bytes, key: np.uint64, amplitude: int) -> None:
    """Add noise in [-amplitude, amplitude] to every byte, eight bytes from each mixed counter."""
    z = key + np.arange((picture.size + 7) // 8, dtype=np.uint64) * GOLDEN
    z = (z ^ (z >> np.uint64(30))) * FIRST
    z = (z ^ (z >> np.uint64(27))) * SECOND
    lots = (z ^ (z >> np.uint64(31))).astype("<u8").view(np.uint8)[: picture.size].reshape(picture.shape)
    shift = (np.arange(256) * (2 * amplitude + 1) >> 8) - amplitude
    picture[...] = (picture + shift.astype(np.int16)[lots]).clip(0, 255)


def render(
    out: Bytes, wall: Bytes, atlas: Bytes, stack: LayerStack, stamps: StampStack, noise: NDArray[np.uint64],
    amplitude: int,
) -> None:  # fmt: skip
    """Draw n pictures into `out`, uint8 (n, S, S, 3); arguments as of `kernels.render`."""
    for i, picture in enumerate(out):
        picture[...] = wall[i]
        for k, (bits, samples) in enumerate(zip(stack.bits.tolist(), stack.samples.tolist(), strict=True)):
            if k == stamps.behind:
                _stamp(picture, stamps, i)
            start, place, opacity = int(stack.start[k, i]), stack.place[k, i], int(stack.opacity[k, i])
            planes = atlas[:, start : start + (1 << 2 * bits)]
            if opacity and samples:
                _wash(picture, planes[0], bits, place, stack.ink[k, i], opacity, samples)
            elif opacity:
                _paint(picture, planes, bits, place, stack.box[k, i], stack.ink[k, i], stack.halo[k, i], opacity)
        if stamps.behind == len(stack.bits):
            _stamp(picture, stamps, i)
        _grain(picture, noise[i], amplitude)
