from dataclasses import replace

import pytest

from spurgen.benchmark.scenario import make_scenario
from spurgen.benchmark.suite import Task, load_suite
from spurgen.harness.site.core_cue import core_cue, nouns
from spurgen.harness.site.opening import value_name

TASKS = load_suite("v2").tasks


def test_a_simple_class_has_the_nouns_of_its_pictogram(tiny):
    assert list(nouns(tiny.suite.tasks["small-both"])) == ["heart", "arrow", "moon"]


def test_the_core_cue_in_words_follows_carrier_rule_and_kind():
    image = " ".join(core_cue(TASKS["composite-image"]))
    assert "a pictogram on a plate before a wall, together with the tint of the pictogram's ink." in image
    assert "ink is scarlet or azure." in image
    assert "10 pictograms: each leaves 2 classes open, and the tint of the pictogram's ink alone says nothing" in image
    both = " ".join(core_cue(TASKS["composite-multimodal"]))
    assert "a pictogram on a plate before a wall, together with the word for the picture." in both
    assert "Captions say “something” for the noun." in both
    assert "5 pictograms: each leaves 2 classes open, and the word for the picture alone leaves 5 open" in both
    assert nouns(TASKS["composite-multimodal"]) == {}
    text = " ".join(core_cue(TASKS["composite-text"]))
    assert "photo… (photo, image, shot, still, view) or picture… (picture, snapshot, print, frame, scan)" in text
    assert "10 nouns: each leaves 2 classes open" in text


def test_a_multimodal_task_whose_noun_alone_is_shown_says_so(tiny):
    task = tiny.suite.tasks["small-both"]
    bare = replace(task, scenario=task.scenario.model_copy(update={"core_carrier": "caption"}))
    assert " ".join(core_cue(bare)) == (
        "The class, one of 3, is decided by the noun in a caption. The plate of every image is empty."
    )


@pytest.mark.parametrize(
    ("task", "channel", "value", "name"),
    [
        ("composite-text", "shape", 8, "teardrop"),
        ("composite-image", "shape", 8, "drop"),
        ("composite-multimodal", "background", 2, "plain wall"),
        ("composite-text", "color", 0, "red"),
    ],
)
def test_values_have_the_words_of_the_captions_beside_them(task, channel, value, name):
    assert value_name(TASKS[task], channel, value) == name


def test_a_plain_caption_and_a_whole_sentence_leave_a_value_its_name():
    def plain(channel):
        channels = {channel: {"carrier": "caption"}}
        return Task("plain", make_scenario("plain", suite="s", name="plain", seed=1, channels=channels), "text")

    assert value_name(plain("background"), "background", 2) == "solid"
    assert value_name(plain("voice"), "voice", 1) == "passive"
