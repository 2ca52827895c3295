import re

import numpy as np
import pytest

from spurgen.benchmark.plugins import discover
from spurgen.generators.grammar import DAYS, PLACES, WEATHER
from spurgen.generators.nouns import FORMS, NOUNS, noun_forms
from spurgen.generators.pictograms import DRAWINGS
from spurgen.generators.world import CHANNELS

GLUE = {"a", "an", "the", "of", "on", "in", "with", "under", "from", "up"}


def words(text):
    return re.findall(r"[a-z]+(?:-[a-z]+)*", re.sub(r"\{\w+\}", " ", text.replace("'s", "")))


def content(form):
    """Return the words of a form that carry meaning, in the singular."""
    return {word.removesuffix("s") for word in words(form)} - GLUE


def content_of(name):
    return set().union(*map(content, NOUNS[name]))


def words_of_channels_and_fillers():
    texts = [*PLACES, *WEATHER, *DAYS]
    for kind in discover(CHANNELS).values():
        if "caption" in kind.CARRIERS:
            texts += [*kind.VALUES, *kind.PHRASES, kind.NEUTRAL]
    return set().union(*map(content, texts))


def test_nouns_and_pictograms_name_the_same_classes_in_the_same_order():
    assert tuple(NOUNS) == tuple(DRAWINGS)
    assert len(NOUNS) == 20


@pytest.mark.parametrize("name", NOUNS)
def test_each_class_has_twelve_different_short_forms_with_articles(name):
    forms = NOUNS[name]
    assert len(set(forms)) == len(forms) == FORMS == 12
    for form in forms:
        assert form == form.lower().strip()
        assert 2 <= len(form.split()) <= 5
        article, noun = form.split()[:2]
        assert article in {"a", "an", "the"}
        if article in {"a", "an"}:
            assert (article == "an") == (noun[0] in "aeiou"), form


@pytest.mark.parametrize("name", NOUNS)
def test_content_words_belong_to_one_class_only(name):
    """It follows that no form is part of a form of another class."""
    assert all(content(form) for form in NOUNS[name])
    for other in NOUNS.keys() - {name}:
        assert not content_of(name) & content_of(other), f"{name} and {other}"
    assert not content_of(name) & words_of_channels_and_fillers()


def test_forms_follow_zipf():
    lattice = (np.arange(100_000, dtype=np.uint64) * np.uint64(2**64 // 100_000)).astype(np.uint64)
    zipf = 1 / np.arange(1, FORMS + 1)
    shares = np.bincount(noun_forms(lattice)) / 100_000
    np.testing.assert_allclose(shares, zipf / zipf.sum(), rtol=0, atol=1e-3)
