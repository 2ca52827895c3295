import re
from dataclasses import replace

import pytest

from spurgen.benchmark.suite import load_suite
from spurgen.generators.world import world_of
from spurgen.harness.site.material import read
from spurgen.harness.site.pages import _asks, _often, _twins, ladder_page, row_page
from spurgen.harness.site.render import page
from spurgen.harness.site.scenes import Scenes, training

ABOUT = {"suite": "v9", "suite_spoken": "v9", "digest": "", "nav": [], "here": "", "shipped": True}


def test_a_page_calls_a_ladder_and_a_rank_by_their_names(steps_site):
    for name in ("index.html", "ladders/index.html", "ladders/few-text.html", "rows/erm.html"):
        text = re.sub(r"<(style|code|pre)\b.*?</\1>|<[^>]*>", " ", (steps_site / name).read_text(), flags=re.DOTALL)
        assert not re.findall(r"\b[Tt]asks?\b|\bPlaces?\b", text), name


def test_the_pages_of_one_rung_have_tables_and_no_chart(steps_material, climb):
    one = replace(climb, rungs=climb.rungs[1:2], boards=climb.boards[1:2])
    material = replace(steps_material)
    material.__dict__["ladders"] = {"few-text": one}
    task = ladder_page(material, Scenes(), None, "few-text")  # it begins no figure
    assert task["curve"] is None
    row = page("row.html.j2", "", ABOUT | row_page(material, Scenes(), None, "erm"))
    for text in (page("ladder.html.j2", "", ABOUT | task), row):
        assert '<table class="rungs">' in text
        assert 'class="figure"' not in text
    assert "With more counterexamples" not in row
    assert "With 4 counterexamples in training: when all shortcuts" in row


def test_how_often_shortcuts_are_followed_is_a_sentence():
    space = "\N{NO-BREAK SPACE}"
    assert _often(["hue", "wall"], {"all": 0.74, "hue": 0.02, "wall": 0.46}) == (
        f"when all shortcuts are switched, 74{space}% of its answers follow them; "
        f"when only the wall's pattern is, 46{space}%; when only the wall's hue is, 2{space}%."
    )
    assert _often(["hue"], {"all": 0.1}) == f"when the wall's hue is switched, 10{space}% of its answers follow it."
    assert _often(["hue"], {}) == ""


@pytest.fixture
def single():
    """A rung on which a single shortcut goes with the class."""
    task = load_suite("v4").task("tidy-text-4")
    return replace(task, scenario=task.scenario.model_copy(update={"moving": ("venue",)}))


def test_what_is_hidden_and_what_is_trained_is_said():
    text = load_suite("v4").task("things-text-4")
    things, hidden, tuned = (
        _asks(task, (4, 16))
        for task in (text, load_suite("v4").task("hidden-text-4"), replace(text, backbone="finetuned"))
    )
    assert "not told" not in things
    assert "except in 4 or 16 of 1,200 samples" in things  # the rungs that the ladder has
    assert " Of the company, training is not told." in hidden
    assert tuned == f"{things} Methods train the whole encoder here."


def test_wrong_labels_and_a_single_shortcut_are_said(single):
    noise, alone = (_asks(task, (64,)) for task in (load_suite("v4").task("noise-text-64"), single))
    assert noise.endswith(" 2\N{NO-BREAK SPACE}% of the training labels are wrong.")
    assert "the venue goes with the category" in alone
    assert alone.endswith("it points to another category. Other scenery varies at random.")


def test_a_single_shortcut_is_named_where_all_would_be(single):
    for task, tile in (
        (single, ("the venue misleads", "it goes with another class")),
        (load_suite("v4").task("things-text-4"), ("all shortcuts mislead", "all go with another class")),
    ):
        tiles = _twins(Scenes(), task.in_world(0))
        assert (tiles[1].title, tiles[1].about) == tile


def test_a_real_ladder_has_samples_in_place_of_twins(climb):
    task = load_suite("v4").task("opening-topic-3")
    said = _asks(task, (3, 12))
    assert "Nobody drew the samples." in said
    assert f"except in 3 or 12 of {task.num_train:,} samples" in said
    scenes, world = Scenes(), task.in_world(0)
    tiles = _twins(scenes, world)
    assert [tile.about for tile in tiles] == ["the shortcut agrees", "the shortcut misleads"]
    assert all(tile.scene.caption and tile.title == tile.scene.label for tile in tiles)
    shown = [each.label for each in training(replace(climb, rungs=(task,)), scenes, 0)]
    assert shown == [name for name in world_of(world.scenario).class_names for _ in range(2)]
    assert [*read(task, None)] == []  # no answers to twins
