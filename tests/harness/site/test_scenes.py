import re
from dataclasses import replace

import numpy as np
import pytest
from markupsafe import escape

from spurgen.benchmark.contract import ACCESS
from spurgen.harness.site.scenes import ENOUGH, Scene, Scenes, find_story, make_twins, marked, visible
from spurgen.harness.site.words import told


@pytest.fixture(scope="module")
def scenes():
    return Scenes()


@pytest.fixture(scope="module")
def story(steps_material, scenes):
    return find_story(steps_material, scenes)


def test_the_example_is_erm_on_the_first_ladder_with_pictures(story):
    assert (story.label, story.climb.name, story.climb.shown.counterexamples) == ("erm", "few-image", 4)
    assert story.twins.base.picture != story.twins.twin.picture
    assert story.twins.before == story.twins.base.label != story.twins.after


def test_it_is_the_largest_share_of_a_single_shortcut_that_follows(story, steps_material):
    shares = {}
    for read in steps_material.reads["few-image"]["erm"]:
        for k in np.flatnonzero(read.lost & (read.pairs.shortcut > 0)):
            same = np.ones(len(read.pairs), bool)
            for column in (read.pairs.shortcut, read.pairs.label, read.pairs.rival):
                same &= column == column[k]
            shares[read.world, k] = read.followed[same].mean()
    assert story.share == max(shares.values()) >= ENOUGH
    assert story.twins.changed in ("hue", "wall")


def test_shortcuts_that_seldom_follow_alone_are_shown_together(steps_material, scenes):
    weak = {
        name: {label: [replace(read, followed=read.followed & (read.pairs.shortcut == 0),
                               lost=read.lost & (read.pairs.shortcut == 0)) for read in reads]
               for label, reads in rows.items()}
        for name, rows in steps_material.reads.items()
    }  # fmt: skip
    material = replace(steps_material)
    material.__dict__["reads"] = weak
    assert find_story(material, scenes).twins.changed == "all"


def test_if_no_picture_changes_enough_the_example_is_of_the_largest_share(steps_material, scenes, story, monkeypatch):
    monkeypatch.setattr("spurgen.harness.site.scenes.visible", lambda _: False)
    assert find_story(steps_material, scenes).share == story.share


def test_without_answers_there_is_no_example(steps_material, scenes):
    material = replace(steps_material)
    material.__dict__["reads"] = {name: {} for name in steps_material.ladders}
    assert find_story(material, scenes) is None


def test_training_shows_scenes_of_every_class_whose_shortcuts_agree(story):
    categories = story.climb.shown.scenario.categories
    assert [scene.label for scene in story.train] == [name for name in categories for _ in range(2)]


def test_pictures_must_differ_in_lightness(story):
    assert visible(story.twins)
    same = replace(story.twins, twin=story.twins.base)
    assert not visible(same)
    grey = np.full((4, 4, 3), 100, np.uint8)
    for lighter, seen in ((20, False), (30, True)):  # of 255: a difference of .08 and of .12
        twin = Scene("a", "b", pixels=grey + np.uint8(lighter))
        assert visible(replace(same, base=Scene("a", "a", pixels=grey), twin=twin)) == seen


def test_the_reason_names_what_the_twin_shows(steps_material, scenes):
    climb = steps_material.ladders["few-text"]
    read = steps_material.reads["few-text"]["erm"][0]
    for k in np.flatnonzero(read.lost)[::9].tolist():
        twins = make_twins(climb, scenes, read, k)
        if twins.changed == "all":
            assert twins.because == "both shortcuts changed"
            continue
        seen = twins.because.removeprefix("of the ").removesuffix(" wall").split()
        assert set(seen) <= set(twins.twin.caption.replace(".", "").split())
        assert any(flag for _, flag in twins.twin.words)
        assert twins.base.label == climb.shown.in_world(0).scenario.categories[int(read.pairs.label[k])]


def test_changed_words_are_marked_whatever_stands_around_them():
    before, after = (tuple((word, False) for word in text.split()) for text in ("A cat, here.", "A dog, here!"))
    assert marked(before, after) == (("A", False), ("dog,", True), ("here!", False))
    assert marked((), ()) == ()


def test_how_often_answers_turn_stands_in_the_picture_and_on_the_page(story, steps_material, steps_site):
    reads = steps_material.reads["few-image"]["erm"]

    def turned(shortcut):
        return round(100 * np.concatenate([read.followed[read.pairs.shortcut == shortcut] for read in reads]).mean())

    one = reads[0].pairs.names.index(story.twins.changed)
    space = "\N{NO-BREAK SPACE}"
    said = story.extreme
    assert said.startswith(f"An extreme case, {100 * story.share:.0f}{space}%; on average the wall's ")
    assert said.endswith(f"alone turns {turned(one)}{space}%, all shortcuts {turned(0)}{space}%.")
    assert turned(one) < 100 * story.share
    everything = replace(story, twins=replace(story.twins, changed="all")).extreme
    assert everything.endswith(f"on average all shortcuts turn {turned(0)}{space}%.")
    assert escape(said) in (steps_site / "index.html").read_text()
    assert said.split() in [text.get_text().split() for text in story.figure({}).texts]


def test_numbers_of_different_tiers_say_what_each_was_told(steps_site):
    text = (steps_site / "index.html").read_text()
    numbers = re.search(r'<ul class="winners">.*?</ul>', text, re.DOTALL)[0]
    assert numbers.count("<small>not told</small>") == 2  # the best row was given labels alone, as ERM
    given = {access: told(access) for access in ACCESS}
    assert (given["none"], given["train_groups"]) == ("not told", "told which they are")
    assert len({*given.values()}) == len(ACCESS)


def test_the_example_is_a_picture_for_links_to_the_first_page(story, steps_site):
    image = (steps_site / "story.png").read_bytes()
    assert int.from_bytes(image[16:20]) / int.from_bytes(image[20:24]) == pytest.approx(1.91, abs=0.01)
    text = (steps_site / "index.html").read_text()
    assert '<meta property="og:image" content="story.png">' in text
    assert story.title in text
