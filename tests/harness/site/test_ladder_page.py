"""What a task asks, in words."""

import pytest

from spurgen.benchmark.suite import load_suite
from spurgen.harness.site.ladder_page import _asks, _twins
from spurgen.harness.site.scenes import Scenes


def test_what_is_hidden_and_what_is_trained_is_said():
    things, mole, tuned = (
        _asks(load_suite("v3").task(f"{name}-8"), (8, 32)) for name in ("things-text", "mole-text", "finetuned-text")
    )
    assert "not told" not in things
    assert "except in 8 or 32 of 1,200 samples" in things  # the rungs that the ladder has
    assert mole.endswith(" Of the place, training is not told.")
    assert tuned == f"{things} Methods train the whole encoder here."


def test_wrong_labels_and_a_single_shortcut_are_said():
    noise, single = (_asks(load_suite("v3").task(name), (32,)) for name in ("noise-text-32", "single-hue-text-8"))
    assert noise.endswith(" 10\N{NO-BREAK SPACE}% of the training labels are wrong.")
    assert "the wall's hue goes with the category" in single
    assert single.endswith("it points to another category. Other scenery varies at random.")


@pytest.mark.parametrize(("name", "tile"), [
    ("single-hue-text-8", ("the wall's hue misleads", "it goes with another class")),
    ("things-text-8", ("all shortcuts mislead", "all go with another class")),
])  # fmt: skip
def test_a_single_shortcut_is_named_where_all_would_be(name, tile):
    tiles = _twins(Scenes(), load_suite("v3").task(name).in_world(0))
    assert (tiles[1].title, tiles[1].about) == tile
