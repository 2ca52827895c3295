"""Pictures: a thing, whole and in the middle, before a wall."""

import numpy as np
import pytest

from spurgen.generators import compositor
from spurgen.generators.things.nouns import THINGS, picture_atlas
from spurgen.generators.things.world import sample_part

TURN = 1 << 32


def masks(ladder, size, part="test/hue", count=12, **fields):
    """Return where things are in scenes: the pixels that two hues of the wall leave as they are, bool (n, S, S)."""
    world = ladder(shortcuts={"hue": "image"}, image_size=size, **fields)
    n = 3 * world.twins_per_class
    one, other = (sample_part(world, part, range(n * v, n * v + count), ("image",)).images for v in (0, 1))
    return (one == other).all(axis=3)


def test_things_lie_whole_within_the_frame(ladder):
    things = masks(ladder, 64, count=300, test_per_class=100, twins_per_class=100, seed=11)
    edge = np.concatenate([things[:, 0], things[:, -1], things[:, :, 0], things[:, :, -1]], axis=1)
    assert not edge.any()


def test_things_are_large_and_central(ladder):
    things = masks(ladder, 64, count=300, test_per_class=100, twins_per_class=100)
    n, row, column = np.nonzero(things)
    sizes = np.bincount(n)
    for at in (row, column):
        centres = np.bincount(n, at) / sizes / 63
        assert 0.2 < centres.min() < centres.max() < 0.8
        assert centres.mean() == pytest.approx(0.5, abs=0.02)
    assert sizes.min() > 0.04 * 64 * 64
    assert sizes.mean() > 0.15 * 64 * 64


@pytest.fixture
def stamps(monkeypatch):
    """The pictures that the kernel is given, one `StampStack` per call."""
    calls, render = [], compositor.render

    def record(out, wall, atlas, stack, stamps, *rest):
        render(out, wall, atlas, stack, stamps, *rest)
        calls.append(stamps)

    monkeypatch.setattr(compositor, "render", record)
    return calls


def test_half_of_the_pictures_are_mirrored_and_no_picture_is_sheared(ladder, stamps):
    sample_part(ladder(train=1000), "train", range(1000))
    _, _, ux, uy, vx, vy = (stamps[0].place / TURN).T
    turned = ux * vy - uy * vx
    assert np.mean(turned < 0) == pytest.approx(0.5, abs=0.05)
    np.testing.assert_allclose(ux * vx + uy * vy, 0, atol=1e-7)
    np.testing.assert_allclose(ux**2 + uy**2, vx**2 + vy**2, rtol=1e-6)


def test_pictures_are_turned_about_their_own_centre(ladder, stamps):
    """It lies within 4 % of the scene's side from the middle, mirrored or not."""
    sample_part(ladder(train=1000, image_size=40), "train", range(1000))
    u0, v0, ux, uy, vx, vy = (stamps[0].place / TURN).T
    turned = ux * vy - uy * vx
    x = (vy * (0.5 - u0) - uy * (0.5 - v0)) / turned
    y = (ux * (0.5 - v0) - vx * (0.5 - u0)) / turned
    for at in (x, y):
        assert abs((at + 0.5) / 40 - 0.5).max() < 0.041


def test_a_scene_shows_the_picture_of_its_thing(ladder, stamps):
    world = ladder(named=1.0, categories=("tool", "animal"), rungs=(0, 4))
    drawn = sample_part(world, "train", range(60))
    pictured = [thing for thing in THINGS if thing.pictured]
    for number, caption in zip(stamps[0].number.tolist(), drawn.captions, strict=True):
        noun = pictured[number].noun
        assert noun in caption or noun.capitalize() in caption
    assert len(picture_atlas()) == len(pictured)


def test_the_wall_is_grey_unless_its_hue_is_a_shortcut(ladder):
    plain = sample_part(ladder(shortcuts={"mark": "image"}), "train", range(12)).images
    middle = plain[:, :3, 12:36].reshape(12, -1, 3).mean(axis=1)
    assert np.ptp(middle, axis=1).max() < 3
    assert np.ptp(middle) > 20


@pytest.mark.parametrize("size", [32, 65, 128])
def test_a_scene_is_the_same_at_every_size(ladder, size):
    """Averaged over eighths of its side, up to grain and edges."""
    large = sample_part(ladder(image_size=256), "train", range(6)).images.astype(float)
    small = sample_part(ladder(image_size=size), "train", range(6)).images.astype(float)

    def blocks(scenes):
        edges = np.linspace(0, scenes.shape[1], 9).astype(int)[:-1]
        rows = np.add.reduceat(scenes, edges, axis=1)
        sums = np.add.reduceat(rows, edges, axis=2)
        counts = np.diff([*edges, scenes.shape[1]])
        return sums / (counts[:, None] * counts)[..., None]

    assert abs(blocks(large) - blocks(small)).mean() < 4
