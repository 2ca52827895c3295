import itertools
import re

import numpy as np
import pytest

from spurgen.benchmark.plugins import discover
from spurgen.generators.atlas import CHANNELS
from spurgen.generators.pictograms import captions as plain_captions
from spurgen.generators.pictograms import natural_captions
from spurgen.generators.pictograms.captions import PLAIN
from spurgen.generators.pictograms.natural_captions import NATURAL
from spurgen.generators.pictograms.nouns import FORMS, noun_forms
from spurgen.generators.pictograms.shapes import DRAWINGS

GLUE = {"a", "an", "the", "of", "on", "in", "with", "under", "from", "up", "to", "for", "set", "symbol"}
GRAMMARS = {"plain": (PLAIN, plain_captions), "natural": (NATURAL, natural_captions)}
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
