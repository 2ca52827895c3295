"""The contract of every shortcut: its values can be told apart, and it shows in nothing but its own place."""

import re

import numpy as np
import pytest

from spurgen.generators.things.shortcuts import MARK_AT, MARK_RADIUS, SHORTCUTS
from spurgen.generators.world import world_of

ONE = 1 << 16
IMAGE = [name for name, kind in SHORTCUTS.items() if kind.paint is not None]
CAPTION = [name for name, kind in SHORTCUTS.items() if kind.phrases]
EVERY = {"categories": ("animal", "vehicle", "food", "clothing", "tool"), "train": 100, "rungs": (0, 5)}


def twins_by_value(ladder, name, carrier, fields=None):
    """Map every value of a shortcut to its twin of one sample, over as many worlds as it takes to see all."""
    seen, seed = {}, 0
    while len(seen) < len(SHORTCUTS[name].values):
        world = ladder(**EVERY, shortcuts={name: carrier}, seed=seed, **(fields or {}))
        looks = world_of(world).meanings[name].tolist()
        count = 5 * world.twins_per_class
        twins = world_of(world).draw(
            f"test/{name}",
            [count * v for v in range(7)],
            ("caption", "image") if carrier == "image" else ("caption",),
        )
        seen |= {value: (twins, at) for at, value in enumerate(looks)}
        seed += 1
    return {SHORTCUTS[name].values[value]: seen[value] for value in sorted(seen)}


@pytest.mark.parametrize("name", SHORTCUTS)
def test_a_shortcut_is_complete(name):
    kind = SHORTCUTS[name]
    assert len(set(kind.values)) == len(kind.values) >= 7  # five categories and two values that go with none
    assert kind.paint or kind.phrases
    assert len(set(kind.phrases)) == len(kind.phrases) in (0, len(kind.values) * kind.variants)


@pytest.mark.parametrize("name", IMAGE)
def test_values_look_different(ladder, name):
    """Any two twins of one scene differ in more levels than the grain has, in more pixels than a small mark's edge."""
    world = ladder(**EVERY, shortcuts={name: "image"}, image_size=96)
    count = 5 * world.twins_per_class
    scenes = world_of(world).draw(f"test/{name}", [count * v + 7 for v in range(7)], ("image",)).images.astype(int)
    for v in range(7):
        for w in range(v):
            different = (abs(scenes[v] - scenes[w]).max(axis=2) > 12).mean()
            assert different > 0.004, (v, w)


@pytest.mark.parametrize("name", IMAGE)
def test_every_value_has_a_look_of_its_own(ladder, name):
    pictures = {
        value: twins.images[at].tobytes() for value, (twins, at) in twins_by_value(ladder, name, "image").items()
    }
    assert len(set(pictures.values())) == len(SHORTCUTS[name].values)


@pytest.mark.parametrize("name", CAPTION)
def test_every_value_has_words_of_its_own(ladder, name):
    """One of the value's phrases stands in its caption, and no phrase of another value."""
    kind = SHORTCUTS[name]
    captions = {value: twins.captions[at] for value, (twins, at) in twins_by_value(ladder, name, "caption").items()}
    for k, value in enumerate(kind.values):
        own = "|".join(map(re.escape, kind.phrases[k * kind.variants : (k + 1) * kind.variants]))
        said = re.compile(rf"\b({own})\b", re.IGNORECASE)
        assert [v for v, caption in captions.items() if said.search(caption)] == [value]


@pytest.mark.parametrize("name", SHORTCUTS)
def test_a_shortcut_of_one_half_leaves_the_other_half_as_it_is(ladder, name):
    for carrier, shown in (("image", SHORTCUTS[name].paint), ("caption", SHORTCUTS[name].phrases)):
        other = "light" if carrier == "caption" else "place"
        if not shown or other == name:
            continue
        world = ladder(shortcuts={name: carrier, other: "image" if carrier == "caption" else "caption"})
        twins = world_of(world).draw(f"test/{name}", range(0, 60, 12))
        if carrier == "image":
            assert len(set(twins.captions)) == 1
        else:
            assert (twins.images == twins.images[0]).all()
            assert len(set(twins.captions)) == 5


@pytest.mark.parametrize("name", ["hue", "wall"])
def test_a_wall_shows_behind_the_thing_alone(ladder, name):
    """Twins are equal where their thing is opaque, and differ at the frame."""
    world = ladder(shortcuts={name: "image"}, image_size=96)
    scenes = world_of(world).draw(f"test/{name}", range(60), ("image",)).images.reshape(5, 12, 96, 96, 3)
    same = (scenes == scenes[0]).all(axis=(0, 4))
    assert same[:, 36:60, 36:60].mean() > 0.6
    assert same[:, :3].mean() < 0.02
    assert same[:, -3:].mean() < 0.02


def test_a_mark_changes_its_corner_alone(ladder):
    world = ladder(shortcuts={"mark": "image"}, image_size=100, twins_per_class=10)
    scenes = world_of(world).draw("test/mark", range(150)).images.reshape(5, 30, 100, 100, 3)
    changed = (scenes != scenes[0]).any(axis=(0, 4))
    reach = (MARK_AT + MARK_RADIUS) * 100 // ONE + 1
    corners = np.zeros((100, 100), bool)
    corners[:reach, :reach] = corners[:reach, -reach:] = corners[-reach:, :reach] = corners[-reach:, -reach:] = True
    assert not (changed & ~corners).any()
    halves = changed.reshape(30, 2, 50, 2, 50).any(axis=(2, 4))  # which quarters of a scene change
    assert (halves.sum(axis=(1, 2)) == 1).all()
    assert halves.any(axis=0).all()  # each corner has the mark of some scene
