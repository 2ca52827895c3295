import numpy as np
import pytest
from drawing import ladder

from spurgen.generators.ladder.shortcuts import SHORTCUTS
from spurgen.generators.ladder.world import make_world


@pytest.mark.parametrize("name", ["hue", "wall", "mark", "light"])
def test_every_value_of_a_shortcut_is_shown_once(name):
    scenes = ladder.scenes_by_value(name, 32)
    assert len({scene.tobytes() for scene in scenes}) == len(SHORTCUTS[name].values)


def test_scenes_are_in_the_order_of_their_values():
    red, *_, black = (scene.reshape(-1, 3).mean(axis=0) for scene in ladder.scenes_by_value("hue", 32))
    assert red[0] > red[1:].max() + 50
    assert black.max() < 130
    first = make_world(ladder.things_ladder(32, 0, "hue")).looks["hue"]
    assert len(first) == 7


def test_the_sheets_show_every_shortcut_of_images():
    shown = [name for pair in ladder.PAIRS for name in pair]
    assert sorted(shown) == sorted(name for name, kind in SHORTCUTS.items() if kind.paint)


def test_a_picture_on_paper_keeps_its_colours_and_is_white_where_it_is_empty():
    picture = np.zeros((ladder.SIDE, ladder.SIDE, 4), np.uint8)
    picture[:4, :4] = 10, 20, 30, 255
    small = ladder._on_paper(picture, 2)
    assert small[0, 0].tolist() == small[1, 1].tolist() == [10, 20, 30]
    assert small[2, 2].tolist() == [255, 255, 255]
