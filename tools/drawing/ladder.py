"""Sheets that show the world of things: the things, every value of its shortcuts, and the parts of a ladder."""

import itertools

import numpy as np
from numpy.typing import NDArray

from drawing.layout import GAP, Pixels, Strip, column, framed, grid, heading, panel, tile
from spurgen.benchmark.contract import CARRIERS_OF
from spurgen.benchmark.suite import DEFAULT_SUITE, load_suite
from spurgen.benchmark.worlds.things import Ladder
from spurgen.generators.things.nouns import CATEGORIES, SIDE, THINGS, picture_atlas
from spurgen.generators.things.shortcuts import SHORTCUTS
from spurgen.generators.things.world import make_world
from spurgen.generators.world import world_of

SHOWN = 9  # things of a category
SHORT = {"honeycombed": "honey- comb"}  # wider than a scene in one line
ACROSS = 8  # scenes of a row, that of the heading included
PARTS = {
    "test/agree": ("agree", "All shortcuts show the values of the thing's class."),
    "test/mislead": ("mislead", "All show those of one other class, as in a counterexample."),
    "test/neutral": ("neutral", "All show values that go with no class."),
    "test/thing": ("thing", "The first row with a thing of another class: a twin."),
}
LOOKS = {
    "tone": "Hue of the wall: a seventh of the circle. One look of each value.",
    "texture": "Texture of the wall, with any scale, angle and brightness.",
    "badge": "A tag at any place along an edge, in several sizes and inks.",
}


def things_ladder(image_size: int, seed: int, shortcut: str) -> Ladder:
    """Return a ladder whose only shortcut shows in images."""
    named = {"suite": "sheets", "name": "things", "seed": seed, "image_size": image_size}
    return Ladder.model_validate(named | {"categories": CATEGORIES, "shortcuts": {shortcut: "image"}})


def scenes_by_value(shortcut: str, image_size: int) -> list[Pixels]:
    """Show every value of a shortcut in turn, from as many worlds as it takes to see all."""
    scenes: dict[int, Pixels] = {}
    seeds = itertools.count()
    while len(scenes) < len(SHORTCUTS[shortcut].values):
        ladder = things_ladder(image_size, next(seeds), shortcut)
        looks = make_world(ladder).meanings[shortcut].tolist()
        new = [number for number, look in enumerate(looks) if look not in scenes]
        twins = ladder.num_classes * ladder.twins_per_class
        places = [twins * number + len(scenes) + k for k, number in enumerate(new)]
        images = world_of(ladder).draw(f"test/{shortcut}", places, CARRIERS_OF["image"]).images
        scenes |= {looks[number]: image for number, image in zip(new, images, strict=True)}
    return [scenes[value] for value in sorted(scenes)]


def shortcut_values_sheet(image_size: int) -> Strip:
    """Show a look of every value of every shortcut of untidy images."""
    strips = []
    for name, note in LOOKS.items():
        labels = [SHORT.get(value, value) for value in SHORTCUTS[name].values]
        tiles = [tile(*pair) for pair in zip(scenes_by_value(name, image_size), labels, strict=True)]
        strips.append(panel(heading(name, note, 2 * image_size), tiles, ACROSS))
    return framed(strips, 2 * GAP)


def _on_paper(picture: NDArray[np.uint8], scale: int) -> Pixels:
    """Reduce a picture to 1 / `scale` of its side, on white."""
    alpha = picture[..., 3:].astype(np.int64)
    white = (picture[..., :3] * alpha + 255 * (255 - alpha)) // 255
    sums = white.reshape(SIDE // scale, scale, SIDE // scale, scale, 3).sum(axis=(1, 3))
    small: Pixels = (sums // scale**2).astype(np.uint8)
    return small


def things_sheet(scale: int) -> Strip:
    """Show things of every category at 1 / `scale` of their pictures' size."""
    strips = []
    pictured = [thing for thing in THINGS if thing.pictured]
    for category in CATEGORIES:
        numbers = [k for k, thing in enumerate(pictured) if thing.category == category]
        chosen = numbers[:: len(numbers) // SHOWN][:SHOWN]
        tiles = [tile(_on_paper(picture_atlas()[k], scale), pictured[k].name) for k in chosen]
        count = sum(thing.category == category for thing in THINGS)
        note = f"{len(numbers)} things with a picture"
        note += f", and {count - len(numbers)} that only captions name" if count > len(numbers) else ""
        strips.append(column([heading(category, note, SHOWN * (SIDE // scale + GAP) - GAP), grid(tiles, SHOWN)], GAP))
    return framed(strips, 2 * GAP)


def ladder_sheet(image_size: int, across: int, note_width: int) -> Strip:
    """Show the same places in parts of a world of `things-image`."""
    ladder = (
        load_suite(DEFAULT_SUITE)
        .task("things-image-4")
        .in_world(0)
        .scenario.model_copy(update={"image_size": image_size})
    )
    strips = []
    for part, (title, note) in PARTS.items():
        images = world_of(ladder).draw(part, range(across), CARRIERS_OF["image"]).images
        strips.append(panel(heading(title, note, note_width), [tile(pixels) for pixels in images], across + 1))
    return framed(strips)
