import re

import numpy as np
import pytest

from spurgen.benchmark.plugins import discover
from spurgen.generators import sample, twins
from spurgen.generators.atlas import CHANNELS as PLUGINS
from spurgen.generators.channels import color, voice
from spurgen.generators.pictograms.captions import DAYS, MINUTES, PLACES, PLAIN, WEATHER
from spurgen.generators.pictograms.natural_captions import NATURAL
from spurgen.generators.pictograms.nouns import HIDDEN, NOUNS

KINDS = {kind: module for kind, module in discover(PLUGINS).items() if "caption" in module.CARRIERS}
CHANNELS = {kind: {"carrier": "caption", "strength": 0.3} for kind in KINDS}
FORMS = list(NOUNS.values())
FILLER = re.compile(rf"by the ({'|'.join(PLACES)}) on a ({'|'.join(WEATHER)}) ({'|'.join(DAYS)}) at [0-2]\d:[0-5]\d")


@pytest.fixture
def captioned(world):
    """Return a function that makes a scenario of every caption channel, and its training samples without images."""

    def make(count=400, **fields):
        spec = world(**{"channels": CHANNELS, "num_classes": 20, "splits": {"twins": 1}, **fields})
        return spec, sample(spec, "train", range(count), images=False)

    return make


def without_filler(caption):
    return FILLER.sub("", caption)


@pytest.mark.parametrize(("grammar", "finish"), [(PLAIN, str), (NATURAL, lambda text: text[0].upper() + text[1:])])
def test_at_full_fidelity_a_caption_states_every_value_and_a_form_of_the_class(grammar, finish, captioned):
    _, made = captioned(captions="plain" if grammar is PLAIN else "natural")
    for k, caption in enumerate(made.captions):
        said = {kind: grammar.phrases(KINDS[kind])[column[k]] for kind, column in made.channel_values.items()}
        plate = f"{said['color']} {said['shape']}"
        slots = {
            "synonym": said["synonym"], "wall": said["background"],
            "plate": f"an {plate}" if plate[0] in "aeiou" else f"a {plate}",
        }  # fmt: skip
        before, _, after = said["voice"].partition("{filler}")
        forms = grammar.nouns[made.labels[k]]
        stated = [tuple(part.format(core=form, **slots) for part in (before, after)) for form in forms]
        assert any(caption.startswith(finish(start)) and caption.endswith(end) for start, end in stated), caption


def test_at_fidelity_0_no_channel_is_mentioned(captioned):
    _, made = captioned(caption_fidelity=0)
    for caption, label in zip(made.captions, made.labels, strict=True):
        core, plate, filler = caption.split(", ")
        assert core in FORMS[label]
        assert plate == "a plate"
        assert FILLER.fullmatch(filler)


@pytest.mark.parametrize("kind", ["color", "shape", "background"])
@pytest.mark.parametrize("fidelity", [0.2, 0.7])
def test_the_fidelity_is_the_rate_of_correct_mentions_and_wrong_ones_never_occur(kind, fidelity, captioned):
    _, made = captioned(4000, caption_fidelity=fidelity)
    phrases = {"color": ["a {}", "an {}"], "shape": ["{}"], "background": ["before a {} wall"]}[kind]
    mentions = 0
    for caption, value in zip(made.captions, made.channel_values[kind].tolist(), strict=True):
        text = f" {without_filler(caption).replace(',', ' ,')} "
        named = {v for v in KINDS[kind].VALUES if any(f" {phrase.format(v)} " in text for phrase in phrases)}
        assert named <= {KINDS[kind].VALUES[value]}
        mentions += len(named)
    assert abs(mentions - 4000 * fidelity) < 5 * np.sqrt(4000 * fidelity * (1 - fidelity))


@pytest.mark.parametrize("fidelity", [0.0, 0.5, 1.0])
def test_a_hidden_core_never_names_the_class(fidelity, captioned):
    spec, made = captioned(core_visibility=0, caption_fidelity=fidelity)
    for caption in made.captions:
        assert HIDDEN in caption.replace(",", " ").split()
        assert not [form for forms in FORMS for form in forms if f" {form} " in f" {caption} "]
    assert made.captions == twins(spec, "train", range(400), "core", images=False).captions


def test_the_core_is_hidden_at_the_rate_of_the_scenario(captioned):
    _, made = captioned(4000, core_visibility=0.4)
    hidden = sum(HIDDEN in caption for caption in made.captions)
    assert abs(hidden - 4000 * 0.6) < 5 * np.sqrt(4000 * 0.24)


@pytest.mark.parametrize("kind", KINDS)
def test_an_unlisted_channel_is_uniform_over_its_first_ten_values_and_independent_of_the_class(kind, captioned):
    listed = {other: {"carrier": "caption"} for other in KINDS if other != kind}
    _, made = captioned(6000, channels=listed, num_classes=2)
    full, _ = captioned(0, channels={**listed, kind: {"carrier": "caption", "strength": 0.1}}, num_classes=2)
    counts = np.zeros((10, 2))
    for value in range(10):
        twin = twins(full, "train", range(6000), "channel", kind, value, images=False)
        shown = np.array(made.captions) == np.array(twin.captions)
        counts[value] = np.bincount(made.labels[shown], minlength=2)
    assert counts.sum() == 6000
    assert np.abs(counts - 300).max() < 5 * np.sqrt(300)


def test_image_and_caption_may_contradict_each_other(world):
    spec = world(
        channels={
            "in_image": {"kind": "color", "carrier": "image", "strength": 0.5},
            "in_caption": {"kind": "color", "carrier": "caption", "strength": 0.5},
        },
        image_size=32,
    )
    made = sample(spec, "train", range(200))
    in_image, in_caption = made.channel_values.values()
    assert 0.3 < (in_image != in_caption).mean() < 1
    for caption, value in zip(made.captions, in_caption.tolist(), strict=True):
        assert re.search(rf"\ban? {color.VALUES[value]} ", without_filler(caption))
    repainted = twins(spec, "train", range(200), "channel", "in_image", (in_image + 1) % 10)
    assert repainted.captions == made.captions
    assert (repainted.images != made.images).any(axis=(1, 2, 3)).all()
    reworded = twins(spec, "train", range(200), "channel", "in_caption", (in_caption + 1) % 10)
    np.testing.assert_array_equal(reworded.images, made.images)
    assert (np.array(reworded.captions) != np.array(made.captions)).all()


def plate_phrase(**phrases):
    """Return the second part of a caption of these phrases; kinds that are not named are neutral."""
    neutral = {"voice": voice.NEUTRAL, "synonym": "one", "color": "", "shape": "plate", "background": ""}
    columns = {kind: [phrase] for kind, phrase in {**neutral, **phrases}.items()}
    (caption,) = PLAIN.write(np.array([0]), np.array([True]), columns, np.zeros((1, 8), np.uint64))
    return caption.split(", ")[1]


@pytest.mark.parametrize(
    ("phrases", "expected"),
    [
        ({}, "a plate"),
        ({"color": "orange"}, "an orange plate"),
        ({"color": "red", "shape": "arch"}, "a red arch"),
        ({"shape": "arch"}, "an arch"),
        ({"shape": "hexagon"}, "a hexagon"),
        ({"background": " before a dotted wall", "mood": " gladly"}, "a plate before a dotted wall gladly"),
    ],
)
def test_articles_match_the_next_word_and_kinds_without_a_slot_follow_the_wall(phrases, expected):
    assert plate_phrase(**phrases) == expected


def test_every_noun_form_and_every_filler_occurs_and_no_caption_repeats(captioned):
    _, made = captioned(20_000)
    for label, forms in enumerate(FORMS):
        captions = [f" {caption} " for caption, y in zip(made.captions, made.labels, strict=True) if y == label]
        assert not [form for form in forms if not any(f" {form} " in caption for caption in captions)]
    fillers = [FILLER.search(caption) for caption in made.captions]
    assert all(fillers)
    for group, words in ((1, PLACES), (2, WEATHER), (3, DAYS)):
        assert {match.group(group) for match in fillers} == set(words)
    assert {match.group()[-5:] for match in fillers} == {f"{m // 60:02d}:{m % 60:02d}" for m in range(MINUTES)}
    assert len(set(made.captions)) == 20_000
