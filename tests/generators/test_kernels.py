"""What numba compiles: random words, and the pixel kernel against a slow reference, bit for bit; its machine code."""

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import config

from spurgen import generators
from spurgen.benchmark.plugins import discover
from spurgen.generators import kernels, plain, sample, scene, streams
from spurgen.generators.atlas import CHANNELS as PLUGINS
from spurgen.generators.atlas import FULL, OPAQUE, RING, LayerStack, StampStack, no_stamps, pack, seal
from spurgen.generators.kernels import compiled, scattered_words
from spurgen.generators.kernels import render as compiled_render
from spurgen.generators.streams import SCATTERED, words

CHANNELS = {k: {"carrier": "image", "variance": 0.5} for k, m in discover(PLUGINS).items() if "image" in m.CARRIERS}
TURN = 1 << 32
WORD = (1 << 64) - 1


def render(out, wall, atlas, *arguments):
    """Draw by the compiled kernel, and see that NumPy's draws the same."""
    again = out.copy()
    compiled_render(out, wall, atlas, *arguments)
    plain.render(again, wall, np.stack(atlas), *arguments)
    np.testing.assert_array_equal(again, out)


def splitmix64(counter):
    z = counter & WORD
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & WORD
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & WORD
    return z ^ (z >> 31)


def grain(count, key, amplitude):
    """Return noise level k, made from byte k % 8 of the mixed counter key + k // 8 golden ratios."""
    words = [splitmix64(key + k * 0x9E3779B97F4A7C15) for k in range((count + 7) // 8)]
    drawn = np.array([(word >> (8 * byte)) & 255 for word in words for byte in range(8)][:count])
    return (drawn * (2 * amplitude + 1) >> 8) - amplitude


def coverage(mask, place, size, samples, shortcut):
    """Return the sum of a mask over every pixel's subsamples, 0 to 4 * 255: int64 (S, S).

    Where `shortcut` is True the centre's texel counts for all four.
    """
    bits = len(mask).bit_length() - 1
    u0, v0, ux, uy, vx, vy = (int(p) for p in place)
    y, x = np.mgrid[:size, :size]

    def look(off_u, off_v):
        u, v = u0 + ux * x + uy * y + off_u, v0 + vx * x + vy * y + off_v
        return mask[(v % TURN) >> (32 - bits), (u % TURN) >> (32 - bits)].astype(np.int64)

    if samples == 1:
        return 4 * look(0, 0)
    # Each diagonal offset, a quarter of a pixel, is rounded down before it is negated.
    diagonals = ((ux + uy) // 4, (vx + vy) // 4), ((ux - uy) // 4, (vx - vy) // 4)
    whole = sum(look(side * du, side * dv) for du, dv in diagonals for side in (1, -1))
    return np.where(shortcut, 4 * look(0, 0), whole)


def weight(covered, opacity):
    """Return the blending weight, 0..256, rounded."""
    return (covered * opacity * 257 + (1 << 17)) >> 18


def settled(masks, place, size):
    """Return where the centre stands for its subsamples: all within RING of it, ink and halo 0 or 255."""
    ux, uy, vx, vy = (int(p) for p in place[2:])
    texel = TURN // len(masks[0])
    steps = [abs((a + s * b) // 4) for a, b in ((ux, uy), (vx, vy)) for s in (1, -1)]
    near = max(steps) < RING * texel
    centres = [coverage(mask, place, size, 1, False) for mask in masks]
    return near & np.all([(c == 0) | (c == FULL) for c in centres], axis=0)


def paint(picture, masks, place, box, ink, halo, opacity, samples):
    """Blend one layer onto one picture, int64 (S, S, 3)."""
    size = len(picture)
    shortcut = settled(masks, place, size) if samples == 0 else False
    of_ink = weight(coverage(masks[0], place, size, samples or 4, shortcut), opacity)[..., None]
    if samples:
        return (picture * (OPAQUE - of_ink) + ink * of_ink + 128) >> 8
    of_both = weight(coverage(masks[1], place, size, 4, shortcut), opacity)[..., None]
    mixed = (picture * (OPAQUE - of_both) + halo * (of_both - of_ink) + ink * of_ink + 128) >> 8
    y, x = np.mgrid[:size, :size]
    inside = (x >= box[0]) & (x < box[1]) & (y >= box[2]) & (y < box[3])
    return np.where(inside[..., None], mixed, picture)


def stamped(picture, texels, place, box):
    """Blend a packed picture, uint32 (side, side), onto one scene, int64 (S, S, 3), where all samples lie in it."""
    size, side = len(picture), len(texels)
    u0, v0, ux, uy, vx, vy = (int(p) for p in place)
    y, x = np.mgrid[:size, :size].astype(object)
    total, inside = np.zeros((size, size, 4), np.int64), np.ones((size, size), bool)
    bytes_of = texels.view(np.uint8).reshape(side, side, 4).astype(np.int64)
    reach = [max(abs((a + s * b) // 4) for s in (1, -1)) for a, b in ((ux, uy), (vx, vy))]
    for at, beyond in zip((u0 + ux * x + uy * y, v0 + vx * x + vy * y), reach, strict=True):
        inside &= ((at >= beyond) & (at < TURN - beyond)).astype(bool)
    for du, dv in ((ux + uy) // 4, (vx + vy) // 4), ((ux - uy) // 4, (vx - vy) // 4):
        for sign in (1, -1):
            u, v = u0 + ux * x + uy * y + sign * du, v0 + vx * x + vy * y + sign * dv
            row, column = (np.where(inside, at * side // TURN, 0).astype(int) for at in (v, u))
            total += bytes_of[row, column] * inside[..., None]
    rest = 256 - (total[..., 3:] * 257 + 1023) // 1024
    mixed = (picture * rest + total[..., :3] * 64 + 128) // 256
    y, x = np.mgrid[:size, :size]
    drawn = inside & (x >= box[0]) & (x < box[1]) & (y >= box[2]) & (y < box[3])
    return np.where(drawn[..., None], mixed, picture)


def reference(size, wall, planes, stack, stamps, noise, amplitude):
    pictures = []
    for i in range(len(wall)):
        picture = np.broadcast_to(wall[i].astype(np.int64), (size, size, 3))
        for k, bits in enumerate([*stack.bits.tolist(), None]):
            if k == stamps.behind:
                picture = stamped(picture, stamps.texels[stamps.number[i]], stamps.place[i], stamps.box[i])
            if bits is None:
                break
            part = slice(stack.start[k, i], stack.start[k, i] + (1 << 2 * bits))
            masks = [plane[part].reshape(1 << bits, -1) for plane in planes]
            layer = (stack.place[k, i], stack.box[k, i], stack.ink[k, i], stack.halo[k, i])
            picture = paint(picture, masks, *layer, int(stack.opacity[k, i]), int(stack.samples[k]))
        levels = picture + grain(picture.size, int(noise[i]), amplitude).reshape(picture.shape)
        pictures.append(np.clip(levels, 0, 255).astype(np.uint8))
    return np.stack(pictures)


def draw(size, *arguments):
    out = np.zeros((len(arguments[0]), size, size, 3), np.uint8)
    render(out, *arguments)
    return out


def random_scene(seed, size, steps, samples, opacity, behind=-1):
    """Return arguments of `render` for two pictures of one layer, whose four steps per pixel are `steps`.

    A coloured picture lies behind the layer (`behind` 0) or before it (1).
    """
    rng = np.random.Generator(np.random.Philox(seed))
    bits = 5
    blots = np.kron(rng.integers(0, 2, (3, 8, 8)), np.ones((4, 4), int))  # three masks
    ink = [seal((255 * blot).astype(np.uint8)) for blot in blots]
    halo = [np.maximum(mask, np.roll(mask, 2, 0)) for mask in ink]
    planes = tuple(np.concatenate([m.reshape(-1) for m in plane]) for plane in (ink, halo))
    place = np.concatenate([rng.integers(0, TURN, (1, 2, 2)), np.full((1, 2, 4), steps)], axis=2)
    box = np.sort(rng.integers(-size, 2 * size, (1, 2, 2, 2)), axis=3).reshape(1, 2, 4)
    colours = rng.integers(0, 256, (2, 1, 2, 3))
    start = rng.integers(0, 3, (1, 2)) << 2 * bits
    stack = LayerStack(start, np.array([bits]), np.array([samples]), place, box, *colours, np.full((1, 2), opacity))
    wall, noise = rng.integers(0, 256, (2, 3)).astype(np.uint8), rng.integers(0, 2**63, 2, np.uint64)
    stamps = no_stamps(2)
    if behind >= 0:
        pictures = rng.integers(0, 256, (3, 9, 9, 4)).astype(np.uint8)
        pictures[..., 3] = rng.choice([0, 0, 0, 77, 255], (3, 9, 9))
        pictures[0, :6] = 0  # more than one texel away from any colour
        at = np.concatenate([rng.integers(-TURN, TURN, (2, 2)), np.full((2, 4), steps)], axis=1)
        stamps = StampStack(*pack(pictures), rng.integers(0, 3, 2), at, box[0], behind)
    return wall, planes, stack, stamps, noise


step = st.one_of(st.integers(-(2**26), 2**26), st.integers(-(2**29), 2**29), st.integers(-(2**35), 2**35))


@settings(max_examples=150)
@given(
    seed=st.integers(0, 2**32),
    size=st.integers(1, 21),
    steps=st.tuples(step, step, step, step),
    samples=st.sampled_from([0, 0, 1, 4]),
    opacity=st.sampled_from([0, 1, 77, 255, 256]),
    amplitude=st.sampled_from([0, 6]),
    behind=st.sampled_from([-1, 0, 1]),
)
def test_kernel_equals_the_reference_on_any_layer(seed, size, steps, samples, opacity, amplitude, behind):
    arguments = (*random_scene(seed, size, steps, samples, opacity, behind), amplitude)
    np.testing.assert_array_equal(draw(size, *arguments), reference(size, *arguments))


def test_no_pixel_is_skipped_whose_samples_lie_far_from_its_centre():
    """A picture of one texel, in whose column every second pixel's samples lie, but not its centre."""
    picture = np.zeros((1, 23, 23, 4), np.uint8)
    picture[0, :, 11] = 255
    texel = TURN // 31
    wall, planes, stack, _, noise = random_scene(0, 9, (0, 0, 0, 0), 1, 0)
    place = np.array([[31 * texel // 2 - 8 * texel // 3, 15 * texel, 8 * texel // 3, 8 * texel, 0, 8]] * 2)
    stamps = StampStack(*pack(picture), np.zeros(2, np.int64), place, np.array([[0, 9, 0, 9]] * 2), 1)
    arguments = (wall, planes, stack, stamps, noise, 0)
    np.testing.assert_array_equal(draw(9, *arguments), reference(9, *arguments))


@pytest.fixture
def rendered(monkeypatch):
    """The kernel's output and arguments, one tuple per call."""
    calls = []

    def record(out, *arguments):
        render(out, *arguments)
        calls.append((out, *arguments))

    monkeypatch.setattr(kernels, "render", record)
    return calls


@pytest.fixture
def render_samples(rendered, world):
    """Return a function that samples every image channel, and returns the kernel's output and arguments."""

    def make(split, count, size, core):
        spec = world(channels=CHANNELS, image_size=size, core_size=core, num_classes=20)
        images = sample(spec, split, range(count), captions=False).images
        np.testing.assert_array_equal(images, rendered[0][0])
        return rendered[0]

    return make


def test_samples_are_the_same_without_numba(monkeypatch, world):
    spec = world(channels=CHANNELS, num_classes=20)
    order = np.random.default_rng(0).permutation(24)
    expected = sample(spec, "train", order)
    for module in (scene, streams):
        monkeypatch.setattr(module, "has_numba", lambda: False)
    monkeypatch.setitem(sys.modules, "spurgen.generators.kernels", None)
    found = sample(spec, "train", order)
    np.testing.assert_array_equal(found.images, expected.images)
    assert found.captions == expected.captions


@pytest.mark.parametrize(
    ("size", "core", "count"),
    [(32, 1.0, 12), (32, 0.25, 8), (32, 1.5, 8), (64, 1.0, 3), (96, 0.7, 1), (512, 0.25, 1), (512, 1.5, 1)],
)
def test_kernel_equals_the_reference_on_full_scenes_of_extreme_sizes(render_samples, size, core, count):
    out, *arguments = render_samples("train", count, size, core)
    np.testing.assert_array_equal(out, reference(size, *arguments))


@pytest.mark.parametrize(("size", "core"), [(32, 0.25), (32, 1.5), (33, 1.0), (512, 0.25), (512, 1.5)])
def test_lookups_stay_inside_the_atlas_and_layers_inside_the_canvas(render_samples, size, core):
    _, _, planes, stack, *_ = render_samples("test", 24, size, core)
    assert stack.start.min() >= 0
    assert (stack.start + (1 << 2 * stack.bits)[:, None]).max() <= len(planes[0]) == len(planes[1])
    assert 0 <= stack.box.min() <= stack.box.max() <= size
    for paints in (stack.ink, stack.halo):
        assert 0 <= paints.min() <= paints.max() <= 255
    assert 0 <= stack.opacity.min() <= stack.opacity.max() <= OPAQUE


@pytest.mark.parametrize("box", [(-9, 40, -9, 40), (3, 90, 5, 6), (-4, -1, 0, 16), (12, 12, 2, 9), (20, 5, 0, 16)])
def test_a_box_beyond_the_canvas_changes_no_memory_outside_it(box):
    arguments = [*random_scene(1, 16, (2**27, 0, 0, 2**27), 0, 256), 0]
    arguments[2] = arguments[2]._replace(box=np.broadcast_to(np.array(box), (1, 2, 4)).copy())
    guarded = np.full((4, 16, 16, 3), 99, np.uint8)
    render(guarded[1:3], *arguments)
    assert (guarded[[0, 3]] == 99).all()
    np.testing.assert_array_equal(guarded[1:3], reference(16, *arguments))


@pytest.mark.parametrize(("size", "core"), [(32, 0.25), (32, 1.0), (40, 1.5), (64, 1.0)])
def test_a_layer_that_is_not_tiled_shows_once_and_whole(render_samples, size, core):
    """Inside its box but outside its own square a mask wraps around to empty texels; the box cuts nothing off."""
    _, _, planes, stack, *_ = render_samples("test", 40, size, core)
    y, x = np.mgrid[:size, :size]
    for k in np.flatnonzero(stack.samples == 0):
        for i in range(40):
            bits, (u0, v0, ux, uy, vx, vy), box = stack.bits[k], stack.place[k, i], stack.box[k, i]
            halo = planes[1][stack.start[k, i] :][: 1 << 2 * bits].reshape(1 << bits, -1)
            u, v = u0 + ux * x + uy * y, v0 + vx * x + vy * y
            inside = (x >= box[0]) & (x < box[1]) & (y >= box[2]) & (y < box[3])
            own = (u >= 0) & (u < TURN) & (v >= 0) & (v < TURN)
            covered = coverage(halo, stack.place[k, i], size, 4, False)
            assert not covered[inside & ~own].any()
            assert covered[own & ~inside].max(initial=0) < FULL // 100


def test_a_layer_maps_pixel_centres_to_mask_coordinates_turned_about_its_centre(rendered):
    numbers = [np.array([number]) for number in (0, 20_000, 40_000, 30_000, 512)]
    layer = scene.Layer("plate", *numbers, *[np.zeros((1, 3), int)] * 2, np.array([OPAQUE]))
    picture = scene.Scene(
        64, np.array([0]), 20_000, np.array([OPAQUE]), lambda blocks: np.zeros((1, 4 * blocks), np.uint64)
    )
    picture.layers = {"plate": layer}
    picture.draw()
    u0, v0, ux, uy, vx, vy = (rendered[0][3].place[0, 0] / TURN).tolist()
    turn = 2 * np.pi * 512 / 4096
    for px, py in ((0, 0), (63, 10), (20, 50)):
        dx, dy = ((p + 0.5) / 64 * (1 << 16) - at for p, at in ((px, 20_000), (py, 40_000)))
        along = (np.cos(turn) * dx + np.sin(turn) * dy) / 30_000
        across = (np.cos(turn) * dy - np.sin(turn) * dx) / 30_000
        assert u0 + ux * px + uy * py == pytest.approx(0.5 + along, abs=1e-6)
        assert v0 + vx * px + vy * py == pytest.approx(0.5 + across, abs=1e-6)


PACKAGE = Path(generators.__file__).parent


@pytest.mark.parametrize("function", [kernels._render, kernels._paint, kernels._fill])
def test_machine_code_is_kept_outside_the_package_where_an_uninstall_would_leave_it(function):
    assert config.CACHE_LOCATOR_CLASSES == ""
    assert not Path(function.stats.cache_path).is_relative_to(PACKAGE)


def test_the_users_own_place_for_machine_code_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path))
    assert Path(compiled(one_more).stats.cache_path).is_relative_to(tmp_path)
    monkeypatch.setattr(config, "CACHE_DIR", "")
    monkeypatch.setattr(config, "CACHE_LOCATOR_CLASSES", "InTreeCacheLocator")
    assert Path(compiled(one_more).stats.cache_path) == Path(__file__).parent / "__pycache__"
    assert config.CACHE_LOCATOR_CLASSES == "InTreeCacheLocator"


def one_more(number):
    return number + 1


KEYS = st.integers(0, 2**128 - 1)
INDICES = st.lists(st.integers(0, 2**40), min_size=1, max_size=20)


def numpys(key, indices, blocks):
    """Return NumPy's words, made anew for every index."""
    rows = [np.random.Philox(key=key).advance(index * blocks).random_raw(4 * blocks) for index in indices]
    return np.stack(rows)


@given(KEYS, INDICES, st.integers(1, 5))
def test_our_words_are_numpys(key, indices, blocks):
    np.testing.assert_array_equal(scattered_words(key, np.array(indices), blocks), numpys(key, indices, blocks))


@given(KEYS, st.permutations(range(3 * SCATTERED)), st.integers(1, 3))
def test_scattered_samples_own_the_same_words_as_in_a_row(key, order, blocks):
    whole = words(key, np.arange(3 * SCATTERED), blocks)
    np.testing.assert_array_equal(words(key, np.array(order), blocks), whole[list(order)])
