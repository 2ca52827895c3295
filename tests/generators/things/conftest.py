"""A ladder that several test files change."""

import pytest

from spurgen.benchmark.worlds.things import Ladder

SHORTCUTS = {"hue": "both", "wall": "both", "light": "image", "mark": "image", "place": "caption"}


@pytest.fixture(scope="session")
def ladder():
    """Return a function that makes a small ladder of every shortcut, with the given fields changed."""

    def make(**fields):
        sizes = {"train": 60, "val": 40, "rungs": (0, 4, 16), "image_size": 48}
        sizes |= {"calibration_per_class": 10, "test_per_class": 10, "seen_per_class": 10, "twins_per_class": 4}
        named = {"suite": "t", "name": "l", "seed": 5, "categories": ("animal", "vehicle", "food")}
        return Ladder(**{**named, "shortcuts": SHORTCUTS, **sizes, **fields})

    return make
