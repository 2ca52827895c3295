"""Plain and natural captions: what they state, at which rate, and their nouns."""

import itertools
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spurgen.benchmark.plugins import discover
from spurgen.generators import sample, twins
from spurgen.generators.atlas import CHANNELS as PLUGINS
from spurgen.generators.channels import background, color, shape, synonym, voice
from spurgen.generators.pictograms.captions import (
    FORMS,
    HIDDEN,
    MINUTES,
    NATURAL,
    NATURAL_NOUNS,
    NOUNS,
    PARTS_OF_DAY,
    PLAIN,
    noun_forms,
)
from spurgen.generators.pictograms.sampling import mentioned
from spurgen.generators.pictograms.shapes import DRAWINGS
from spurgen.generators.pictograms.state import state_of

KINDS = {kind: module for kind, module in discover(PLUGINS).items() if "caption" in module.CARRIERS}
CHANNELS = {kind: {"carrier": "caption", "strength": 0.3} for kind in KINDS}
NAMES = list(NOUNS.values())
PLACES, WEATHER, DAYS = ("|".join(words) for words in PLAIN.words.values())
FILLER = re.compile(rf"by the ({PLACES}) on a ({WEATHER}) ({DAYS}) at [0-2]\d:[0-5]\d")


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
        assert core in NAMES[label]
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
        assert not [form for forms in NAMES for form in forms if f" {form} " in f" {caption} "]
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
    for label, forms in enumerate(NAMES):
        captions = [f" {caption} " for caption, y in zip(made.captions, made.labels, strict=True) if y == label]
        assert not [form for form in forms if not any(f" {form} " in caption for caption in captions)]
    fillers = [FILLER.search(caption) for caption in made.captions]
    assert all(fillers)
    for group, words in enumerate(PLAIN.words.values(), start=1):
        assert {match.group(group) for match in fillers} == set(words)
    assert {match.group()[-5:] for match in fillers} == {f"{m // 60:02d}:{m % 60:02d}" for m in range(MINUTES)}
    assert len(set(made.captions)) == 20_000


ALL_VALUES = {
    kind: {"carrier": "caption", "values": len(module.VALUES), "strength": 1 / len(module.VALUES)}
    for kind, module in KINDS.items()
}
SENTENCES = NATURAL.phrases(voice)
PARTS = "|".join({part for _, part in PARTS_OF_DAY})
NATURAL_FILLER = re.compile(
    "near the ({}) at (1?\\d:[0-5]\\d) on a ({}) ({}) ({})".format(*map("|".join, NATURAL.words.values()), PARTS)
)


@pytest.fixture(scope="module")
def spoken(world):
    """Return a function that makes a scenario with natural captions about every caption channel."""

    def make(**fields):
        fields = {"channels": ALL_VALUES, "num_classes": 20, "splits": {"twins": 1}, **fields}
        return world(captions="natural", **fields)

    return make


def natural(scenario, count=2000):
    return sample(scenario, "train", range(count), images=False).captions


def spelled(caption):
    """Return the words of a caption, in lower case."""
    return re.findall(r"[a-z]+", caption.lower())


@given(
    seed=st.integers(0, 2**64 - 1),
    fidelity=st.sampled_from([0.0, 0.5, 1.0]),
    visibility=st.sampled_from([0.0, 0.5, 1.0]),
)
def test_captions_are_sentences_with_capitals_and_attached_punctuation(seed, fidelity, visibility, spoken):
    for caption in natural(spoken(seed=seed, caption_fidelity=fidelity, core_visibility=visibility), 50):
        assert caption[0].isupper()
        assert re.search(r"\w[.!?]$", caption)
        assert not re.search(r"\s[.,:;!?]|\s\s|[.,;!?]{2}|\bi\b|[{}]", caption)
        assert not re.search(r"\b(a|an|the|this|that|my|their) (a|an|the|something)\b", caption, re.IGNORECASE)
        assert NATURAL_FILLER.search(caption)


@pytest.mark.parametrize("value", range(10))
def test_every_sentence_has_the_word_for_the_picture_once_and_no_other_says_it(value, spoken):
    words = [NATURAL.phrases(synonym)[v] for v in range(10)]
    scenario = spoken(core_visibility=0.5)
    base = sample(scenario, "train", range(300), images=False)
    assert set(base.channel_values["voice"]) == set(range(len(voice.VALUES)))
    for caption in twins(scenario, "train", range(300), "channel", "synonym", value, images=False).captions:
        assert [word for word in spelled(caption) if word in words] == [words[value]]
    assert all(sentence.count("{synonym}") == 1 for sentence in SENTENCES)


def test_at_fidelity_0_no_channel_is_mentioned_and_the_neutral_words_read_well(spoken):
    for caption in natural(spoken(caption_fidelity=0), 400):
        assert re.fullmatch(rf"Here is the scene: an? [\w' -]+ on a sign, {NATURAL_FILLER.pattern}\.", caption)


def test_the_word_for_the_picture_is_said_at_the_fidelity(spoken):
    scenario = spoken(caption_fidelity=0.7)
    made = sample(scenario, "train", range(4000), images=False)
    words = [synonym.NATURAL_PHRASES[v] for v in made.channel_values["synonym"]]
    said = [word in spelled(caption) for word, caption in zip(words, made.captions, strict=True)]
    assert abs(sum(said) - 4000 * 0.7) < 5 * np.sqrt(4000 * 0.21)
    world, where = state_of(scenario), np.arange(4000)
    np.testing.assert_array_equal(mentioned(world, "synonym", world.stream("train", where)), said)


def test_fillers_say_no_word_of_a_channel():
    said = {word for words in NATURAL.words.values() for filler in words for word in spelled(filler)}
    for kind in (background, color, shape, synonym):
        assert not said & {word for phrase in NATURAL.phrases(kind) for word in spelled(phrase)}


def test_the_part_of_the_day_fits_the_hour(spoken):
    parts = {}
    for caption in natural(spoken(), 20_000):
        match = NATURAL_FILLER.search(caption)
        parts.setdefault(match.group(5), set()).add(int(match.group(2).partition(":")[0]))
    assert parts == {
        "night": {12, 1, 2, 9, 10, 11},
        "morning": {3, 4, 5, 6, 7, 8, 9, 10, 11},
        "afternoon": {12, 1, 2, 3, 4, 5},
        "evening": {6, 7, 8},
    }


def test_plain_and_natural_captions_describe_the_same_samples(spoken):
    scenario = spoken()
    natural = sample(scenario, "train", range(100), images=False)
    plain = sample(scenario.model_copy(update={"captions": "plain"}), "train", range(100), images=False)
    assert set(natural.captions).isdisjoint(plain.captions)
    np.testing.assert_array_equal(natural.group_ids, plain.group_ids)
    for name, column in natural.channel_values.items():
        np.testing.assert_array_equal(column, plain.channel_values[name])


GLUE = {"a", "an", "the", "of", "on", "in", "with", "under", "from", "up", "to", "for", "set", "symbol"}
GRAMMARS = {"plain": (PLAIN, NOUNS), "natural": (NATURAL, NATURAL_NOUNS)}
FORMS_OF = {(name, core): forms for name, (_, nouns) in GRAMMARS.items() for core, forms in nouns.items()}


def words(text):
    return re.findall(r"[a-z]+(?:-[a-z]+)*", re.sub(r"\{\w+\}", " ", text.lower().replace("'s", "")))


def content(form):
    """Return the words of a form that carry meaning, in the singular."""
    return {word.removesuffix("s") for word in words(form)} - GLUE


def content_of(name, core):
    return set().union(*map(content, FORMS_OF[name, core]))


def words_of_channels_and_fillers(name):
    spoken, _ = GRAMMARS[name]
    texts = [word for words in spoken.words.values() for word in words]
    for kind in KINDS.values():
        texts += [*kind.VALUES, *spoken.phrases(kind)]
    return set().union(*map(content, texts))


@pytest.mark.parametrize("name", GRAMMARS)
def test_nouns_and_pictograms_name_the_same_classes_in_the_same_order(name):
    assert tuple(core for captions, core in FORMS_OF if captions == name) == tuple(DRAWINGS)
    assert GRAMMARS[name][0].nouns == tuple(FORMS_OF[name, core] for core in DRAWINGS)


def test_each_class_has_twelve_different_short_forms_with_articles():
    assert {(len(set(forms)), len(forms)) for forms in FORMS_OF.values()} == {(FORMS, FORMS)} == {(12, 12)}
    for form in itertools.chain(*FORMS_OF.values()):
        assert form.replace("Christmas", "christmas") == form.lower().strip()
        assert 2 <= len(form.split()) <= 5, form
        article, noun = form.split()[:2]
        assert article in {"a", "an", "the"}
        if article in {"a", "an"}:
            assert (article == "an") == (noun[0] in "aeiou"), form


@pytest.mark.parametrize("name", GRAMMARS)
def test_content_words_belong_to_one_class_only(name):
    """It follows that no form is part of a form of another class."""
    words_of = {core: content_of(name, core) for core in DRAWINGS}
    assert all(content(form) for core in DRAWINGS for form in FORMS_OF[name, core])
    for core, other in itertools.combinations(DRAWINGS, 2):
        assert not words_of[core] & words_of[other], f"{core} and {other}"
    assert not set().union(*words_of.values()) & words_of_channels_and_fillers(name)


def test_forms_follow_zipf():
    lattice = (np.arange(100_000, dtype=np.uint64) * np.uint64(2**64 // 100_000)).astype(np.uint64)
    zipf = 1 / np.arange(1, FORMS + 1)
    shares = np.bincount(noun_forms(lattice)) / 100_000
    np.testing.assert_allclose(shares, zipf / zipf.sum(), rtol=0, atol=1e-3)
