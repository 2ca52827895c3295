import re

import numpy as np
import pytest

from spurgen.benchmark.plugins import discover
from spurgen.generators import grammar, natural_captions
from spurgen.generators.grammar import PLAIN
from spurgen.generators.natural_captions import NATURAL
from spurgen.generators.nouns import FORMS, noun_forms
from spurgen.generators.pictograms import DRAWINGS
from spurgen.generators.world import CHANNELS

GLUE = {"a", "an", "the", "of", "on", "in", "with", "under", "from", "up", "to", "for", "set", "symbol"}
GRAMMARS = {"plain": (PLAIN, grammar), "natural": (NATURAL, natural_captions)}
FORMS_OF = {(name, core): forms for name, (_, home) in GRAMMARS.items() for core, forms in home.NOUNS.items()}


def words(text):
    return re.findall(r"[a-z]+(?:-[a-z]+)*", re.sub(r"\{\w+\}", " ", text.lower().replace("'s", "")))


def content(form):
    """Return the words of a form that carry meaning, in the singular."""
    return {word.removesuffix("s") for word in words(form)} - GLUE


def content_of(name, core):
    return set().union(*map(content, FORMS_OF[name, core]))


def words_of_channels_and_fillers(name):
    spoken, home = GRAMMARS[name]
    texts = [*home.PLACES, *home.WEATHER, *home.DAYS]
    for kind in discover(CHANNELS).values():
        if "caption" in kind.CARRIERS:
            texts += [*kind.VALUES, *spoken.phrases(kind)]
    return set().union(*map(content, texts))


@pytest.mark.parametrize("name", GRAMMARS)
def test_nouns_and_pictograms_name_the_same_classes_in_the_same_order(name):
    assert tuple(core for grammar, core in FORMS_OF if grammar == name) == tuple(DRAWINGS)
    assert GRAMMARS[name][0].nouns == tuple(FORMS_OF[name, core] for core in DRAWINGS)


@pytest.mark.parametrize(("name", "core"), FORMS_OF)
def test_each_class_has_twelve_different_short_forms_with_articles(name, core):
    forms = FORMS_OF[name, core]
    assert len(set(forms)) == len(forms) == FORMS == 12
    for form in forms:
        assert form.replace("Christmas", "christmas") == form.lower().strip()
        assert 2 <= len(form.split()) <= 5
        article, noun = form.split()[:2]
        assert article in {"a", "an", "the"}
        if article in {"a", "an"}:
            assert (article == "an") == (noun[0] in "aeiou"), form


@pytest.mark.parametrize(("name", "core"), FORMS_OF)
def test_content_words_belong_to_one_class_only(name, core):
    """It follows that no form is part of a form of another class."""
    assert all(content(form) for form in FORMS_OF[name, core])
    for other in DRAWINGS.keys() - {core}:
        assert not content_of(name, core) & content_of(name, other), f"{core} and {other}"
    assert not content_of(name, core) & words_of_channels_and_fillers(name)


@pytest.mark.parametrize("core", DRAWINGS)
def test_the_most_frequent_form_is_the_name_of_the_class_or_contains_it(core):
    assert {core, "scissors"} & set(words(NATURAL.nouns[list(DRAWINGS).index(core)][0]))


def test_forms_follow_zipf():
    lattice = (np.arange(100_000, dtype=np.uint64) * np.uint64(2**64 // 100_000)).astype(np.uint64)
    zipf = 1 / np.arange(1, FORMS + 1)
    shares = np.bincount(noun_forms(lattice)) / 100_000
    np.testing.assert_allclose(shares, zipf / zipf.sum(), rtol=0, atol=1e-3)
