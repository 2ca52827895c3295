import re

import numpy as np
import pytest

from spurgen.benchmark.plugins import discover
from spurgen.benchmark.scenario import make_scenario
from spurgen.generators import sample, twins
from spurgen.generators.channels import background, color, shape, synonym, voice
from spurgen.generators.grammar import DAYS, MINUTES, PLACES, WEATHER, write
from spurgen.generators.nouns import HIDDEN, NOUNS
from spurgen.generators.world import CHANNELS

KINDS = {kind: module for kind, module in discover(CHANNELS).items() if "caption" in module.CARRIERS}
COUNT = 400
FILLER = re.compile(rf"by the ({'|'.join(PLACES)}) on a ({'|'.join(WEATHER)}) ({'|'.join(DAYS)}) at [0-2]\d:[0-5]\d")


def world(**fields):
    channels = {kind: {"carrier": "caption", "strength": 0.3} for kind in KINDS}
    return make_scenario(
        "test",
        **{
            "suite": "t",
            "name": "w",
            "seed": 8,
            "num_classes": 20,
            "channels": channels,
            "splits": {"twins": 1},
            **fields,
        },
    )


def captioned(spec, count=COUNT):
    made = sample(spec, "train", range(count), images=False)
    return made.captions, made.channel_values, made.labels


def sentence(values, core, filler):
    """Writes the caption of known values, the whole of it, as the grammar is documented."""
    plate = f"{color.VALUES[values['color']]} {shape.VALUES[values['shape']]}"
    return list(voice.TEMPLATES.values())[values["voice"]].format(
        synonym=synonym.VALUES[values["synonym"]],
        core=core,
        plate=f"an {plate}" if plate[0] in "aeiou" else f"a {plate}",
        wall=f" before a {background.VALUES[values['background']]} wall",
        filler=filler,
    )


def test_at_full_fidelity_a_caption_is_the_template_filled_with_every_value_and_a_form_of_the_class():
    forms = list(NOUNS.values())
    captions, values, labels = captioned(world())
    for k, caption in enumerate(captions):
        mine = {kind: column[k] for kind, column in values.items()}
        filler = FILLER.search(caption).group()
        assert caption in {sentence(mine, form, filler) for form in forms[labels[k]]}


def test_every_form_of_every_class_is_said():
    captions, _, labels = captioned(world(), 12_000)
    for label, forms in enumerate(NOUNS.values()):
        mine = [f" {caption} " for caption, y in zip(captions, labels, strict=True) if y == label]
        for form in forms:
            assert any(f" {form} " in caption for caption in mine), form


def test_at_fidelity_0_no_channel_is_mentioned():
    captions, _, labels = captioned(world(caption_fidelity=0))
    for caption, label in zip(captions, labels, strict=True):
        core, plate, filler = caption.split(", ")
        assert core in list(NOUNS.values())[label]
        assert plate == "a plate"
        assert FILLER.fullmatch(filler)


@pytest.mark.parametrize("kind", ["color", "shape", "background"])
@pytest.mark.parametrize("fidelity", [0.2, 0.7])
def test_a_channel_is_mentioned_as_often_as_the_fidelity_says_and_never_wrongly(kind, fidelity):
    captions, values, _ = captioned(world(caption_fidelity=fidelity), 4000)
    spoken = {"color": "a {}|an {}", "shape": "{}", "background": "before a {} wall"}[kind]
    texts = [FILLER.sub("", caption).replace(",", " ,") for caption in captions]
    said = 0
    for text, value in zip(texts, values[kind].tolist(), strict=True):
        named = {v for v in KINDS[kind].VALUES if any(f" {p.format(v)} " in f" {text} " for p in spoken.split("|"))}
        assert named <= {KINDS[kind].VALUES[value]}
        said += len(named)
    assert abs(said - 4000 * fidelity) < 5 * np.sqrt(4000 * fidelity * (1 - fidelity))


@pytest.mark.parametrize("fidelity", [0.0, 0.5, 1.0])
def test_a_hidden_core_never_names_the_class(fidelity):
    spec = world(core_visibility=0, caption_fidelity=fidelity)
    captions, _, _ = captioned(spec)
    forms = [form for forms in NOUNS.values() for form in forms]
    for caption in captions:
        assert HIDDEN in caption.split() or f"{HIDDEN}," in caption.split()
        assert not [form for form in forms if f" {form} " in f" {caption} "]
    assert captions == twins(spec, "train", range(COUNT), "core", images=False).captions


def test_the_core_is_hidden_as_often_as_in_the_picture():
    captions, _, _ = captioned(world(core_visibility=0.4), 4000)
    hidden = sum(HIDDEN in caption for caption in captions)
    assert abs(hidden - 4000 * 0.6) < 5 * np.sqrt(4000 * 0.24)


@pytest.mark.parametrize("kind", KINDS)
def test_an_unlisted_channel_still_varies_over_its_first_ten_values_and_says_nothing_of_the_class(kind):
    listed = {other: {"carrier": "caption"} for other in KINDS if other != kind}
    spec = world(channels=listed, num_classes=2)
    captions, _, labels = captioned(spec, 6000)
    full = world(channels={**listed, kind: {"carrier": "caption", "values": 10, "strength": 0.1}}, num_classes=2)
    seen = np.zeros((10, 2))
    for value in range(10):
        told = twins(full, "train", range(6000), "channel", kind, value, images=False).captions
        for k, (one, other) in enumerate(zip(captions, told, strict=True)):
            seen[value, labels[k]] += one == other
    assert seen.sum() == 6000
    assert np.abs(seen - 300).max() < 5 * np.sqrt(300)


def test_image_and_caption_may_contradict_each_other():
    spec = world(
        channels={
            "painted": {"kind": "color", "carrier": "image", "strength": 0.5},
            "told": {"kind": "color", "carrier": "caption", "strength": 0.5},
        },
        image_size=32,
    )
    made = sample(spec, "train", range(200))
    painted, told = (made.channel_values[name] for name in ("painted", "told"))
    assert (painted != told).mean() > 0.3
    assert (painted == told).any()
    for caption, value in zip(made.captions, told.tolist(), strict=True):
        assert re.search(rf"\ban? {color.VALUES[value]} ", FILLER.sub("", caption))
    repainted = twins(spec, "train", range(200), "channel", "painted", (painted + 1) % 10)
    assert repainted.captions == made.captions
    assert all((a != b).any() for a, b in zip(made.images, repainted.images, strict=True))
    retold = twins(spec, "train", range(200), "channel", "told", (told + 1) % 10)
    np.testing.assert_array_equal(retold.images, made.images)
    assert all(a != b for a, b in zip(made.captions, retold.captions, strict=True))


def spoken(**said):
    phrases = {
        "voice": "{core}, {plate}{wall}, {filler}",
        "synonym": "one",
        "color": "",
        "shape": "plate",
        "background": "",
    }
    return write(
        np.array([0]), np.array([True]), {k: [v] for k, v in {**phrases, **said}.items()}, np.zeros((1, 8), np.uint64)
    )[0]


@pytest.mark.parametrize(
    ("said", "plate"),
    [
        ({}, "a plate"),
        ({"color": "orange"}, "an orange plate"),
        ({"color": "red", "shape": "arch"}, "a red arch"),
        ({"shape": "arch"}, "an arch"),
        ({"shape": "hexagon"}, "a hexagon"),
    ],
)
def test_the_article_follows_the_word_after_it(said, plate):
    assert spoken(**said).split(", ")[1] == plate


def test_a_kind_that_the_templates_do_not_know_is_told_after_the_wall():
    assert (
        spoken(background=" before a dotted wall", mood=" gladly").split(", ")[1]
        == "a plate before a dotted wall gladly"
    )


def test_fillers_are_many_and_each_is_used():
    captions, _, _ = captioned(world(), 20_000)
    found = [FILLER.search(caption) for caption in captions]
    assert all(found)
    for group, words in ((1, PLACES), (2, WEATHER), (3, DAYS)):
        assert {match.group(group) for match in found} == set(words)
    assert {match.group()[-5:] for match in found} == {f"{m // 60:02d}:{m % 60:02d}" for m in range(MINUTES)}
    assert len(set(captions)) == 20_000
