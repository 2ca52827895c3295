"""Captions: sentences that read as people write, whatever they mention."""

import itertools
import re

import numpy as np
import pytest

from spurgen.generators.things.captions import FORMS, write
from spurgen.generators.things.world import sample_part

SPOKEN = ("hue", "wall", "place")
MENTIONED = [names for k in range(1, 4) for names in itertools.combinations(SPOKEN, k)]


def captions(ladder, names, **fields):
    """Return captions that mention these shortcuts, of all values; none of them moves with the class."""
    texts = []
    for seed in range(6):
        sizes = {"train": 300, "categories": ("animal", "vehicle", "food", "clothing", "tool"), "rungs": (0, 5)}
        world = ladder(shortcuts=dict.fromkeys(names, "caption"), seed=seed, **sizes, **fields)
        texts += sample_part(world, "train/free", range(300), ("caption",)).captions
    return texts


@pytest.mark.parametrize("names", MENTIONED, ids="-".join)
@pytest.mark.parametrize("named", [1.0, 0.5])
def test_captions_are_sentences_without_gaps(ladder, names, named):
    for caption in captions(ladder, names, named=named):
        assert re.fullmatch(r"[A-Z][^.!]*[^\s,.!][.!] It was a [a-z]+ [A-Z][a-z]+day\.", caption), caption
        assert not re.search(r"\s\s|\s[,.!]|,,|\{|\}|^\W", caption), caption
        assert re.search(r"\bwalls?\b", caption), caption
        assert not re.search(r"\b(a|an|the) (a|an|the)\b", caption), caption


@pytest.mark.parametrize("names", MENTIONED, ids="-".join)
def test_articles_fit_the_word_that_follows(ladder, names):
    """Spelling decides, except for the nouns that tests of things list."""
    for caption in captions(ladder, names):
        for article, word in re.findall(r"\b([Aa]n?) (\w+)", caption):
            vowel = word[0].lower() in "aeiou" or word == "SUV"
            assert (article.lower() == "an") == (vowel and not word.startswith("uni")), caption
    joined = " ".join(captions(ladder, names))
    assert ("an orange" in joined) == ("hue" in names)
    assert re.search(r"\b[Aa]n ant\b", joined)


def test_a_wall_without_hue_and_texture_is_a_wall(ladder):
    assert all(re.search(r"\ba wall\b", caption) for caption in captions(ladder, ("place",)))


def test_a_caption_mentions_no_place_unless_it_is_a_shortcut(ladder):
    joined = " ".join(captions(ladder, ("hue", "wall")))
    assert not re.search(r"\b(taken|near|at the|station|hospital|park)\b", joined)


@pytest.mark.parametrize("place", ["", "in the park"])
def test_every_form_names_thing_and_wall_and_has_a_place_only_if_given(place):
    nuisance = np.zeros((4096, 4), np.uint64)
    nuisance[:, 0] = np.arange(4096, dtype=np.uint64) << np.uint64(52)
    written = write(["a fox"] * 4096, ["red"] * 4096, ["brick wall"] * 4096, [place] * 4096, nuisance)
    assert len(set(written)) == len(FORMS)
    counts = [written.count(text) for text in set(written)]
    assert set(counts) == {4096 // len(FORMS)}
    for text in set(written):
        assert "a fox" in text
        assert "a red brick wall" in text
        assert ("in the park" in text.lower()) == bool(place)


def test_the_share_of_captions_that_name_the_thing(ladder):
    captions = sample_part(ladder(train=3000, named=0.5), "train", range(3000), ("caption",)).captions
    assert np.mean(["something" in caption.lower() for caption in captions]) == pytest.approx(0.5, abs=0.03)
    unnamed = sample_part(ladder(named=0.0), "train", range(60), ("caption",)).captions
    assert all("something" in caption.lower() for caption in unnamed)
    assert not any(
        "something" in caption.lower() for caption in sample_part(ladder(), "train", range(60), ("caption",)).captions
    )
