import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spurgen.benchmark.plugins import discover
from spurgen.generators import sample, twins
from spurgen.generators.atlas import CHANNELS as PLUGINS
from spurgen.generators.channels import background, color, shape, synonym, voice
from spurgen.generators.pictograms.natural_captions import DAYS, NATURAL, PARTS_OF_DAY, PLACES, WEATHER
from spurgen.generators.pictograms.sampling import mentioned
from spurgen.generators.pictograms.state import state_of

KINDS = {kind: module for kind, module in discover(PLUGINS).items() if "caption" in module.CARRIERS}
VALUES = {kind: len(module.VALUES) for kind, module in KINDS.items()}
CHANNELS = {kind: {"carrier": "caption", "values": count, "strength": 1 / count} for kind, count in VALUES.items()}
SENTENCES = NATURAL.phrases(voice)
PARTS = "|".join({part for _, part in PARTS_OF_DAY})
FILLER = re.compile(
    rf"near the ({'|'.join(PLACES)}) at (1?\d:[0-5]\d) on a ({'|'.join(WEATHER)}) ({'|'.join(DAYS)}) ({PARTS})"
)


@pytest.fixture(scope="module")
def spoken(world):
    """Return a function that makes a scenario with natural captions about every caption channel."""

    def make(**fields):
        fields = {"channels": CHANNELS, "num_classes": 20, "splits": {"twins": 1}, **fields}
        return world(captions="natural", **fields)

    return make


def captions(scenario, count=2000):
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
    for caption in captions(spoken(seed=seed, caption_fidelity=fidelity, core_visibility=visibility), 50):
        assert caption[0].isupper()
        assert re.search(r"\w[.!?]$", caption)
        assert not re.search(r"\s[.,:;!?]|\s\s|[.,;!?]{2}|\bi\b|[{}]", caption)
        assert not re.search(r"\b(a|an|the|this|that|my|their) (a|an|the|something)\b", caption, re.IGNORECASE)
        assert FILLER.search(caption)


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
    for caption in captions(spoken(caption_fidelity=0), 400):
        assert re.fullmatch(rf"Here is the scene: an? [\w' -]+ on a sign, {FILLER.pattern}\.", caption)


def test_the_word_for_the_picture_is_said_at_the_fidelity(spoken):
    scenario = spoken(caption_fidelity=0.7)
    made = sample(scenario, "train", range(4000), images=False)
    words = [synonym.NATURAL_PHRASES[v] for v in made.channel_values["synonym"]]
    said = [word in spelled(caption) for word, caption in zip(words, made.captions, strict=True)]
    assert abs(sum(said) - 4000 * 0.7) < 5 * np.sqrt(4000 * 0.21)
    world, where = state_of(scenario), np.arange(4000)
    np.testing.assert_array_equal(mentioned(world, "synonym", world.stream("train", where)), said)


def test_fillers_say_no_word_of_a_channel():
    said = {word for filler in (*PLACES, *WEATHER, *DAYS) for word in spelled(filler)}
    for kind in (background, color, shape, synonym):
        assert not said & {word for phrase in NATURAL.phrases(kind) for word in spelled(phrase)}


def test_the_part_of_the_day_fits_the_hour(spoken):
    parts = {}
    for caption in captions(spoken(), 20_000):
        match = FILLER.search(caption)
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
