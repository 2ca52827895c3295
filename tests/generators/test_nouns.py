import re
from collections import Counter

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
    return {word.removesuffix("s") for word in words(form)} - GLUE


def spoken_by_channels():
    said = {*PLACES, *WEATHER, *DAYS}
    for kind in discover(CHANNELS).values():
        if "caption" in kind.CARRIERS:
            for text in (*kind.VALUES, *kind.PHRASES, kind.NEUTRAL):
                said.update(words(text))
    return {word.removesuffix("s") for word in said} - GLUE


def test_nouns_and_pictograms_name_the_same_classes_in_the_same_order():
    assert tuple(NOUNS) == tuple(DRAWINGS)
    assert len(NOUNS) == 20


@pytest.mark.parametrize("name", NOUNS)
def test_twelve_different_short_forms_each_with_an_article(name):
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
def test_no_content_word_is_shared_with_another_class(name):
    own = set().union(*map(content, NOUNS[name]))
    for other, forms in NOUNS.items():
        if other != name:
            assert not own & set().union(*map(content, forms)), f"{name} and {other}"


@pytest.mark.parametrize("name", NOUNS)
def test_no_form_lies_within_a_form_of_another_class(name):
    for other, forms in NOUNS.items():
        if other != name:
            for form in NOUNS[name]:
                noun = form.split(" ", 1)[1]
                assert not [f for f in forms if f" {noun} " in f" {f} "], f"{form!r} of {name} and {other}"


@pytest.mark.parametrize("name", NOUNS)
def test_no_form_uses_a_word_of_a_channel_or_a_filler(name):
    own = set().union(*map(content, NOUNS[name]))
    assert not own & spoken_by_channels()


def test_forms_follow_zipf():
    lattice = (np.arange(100_000, dtype=np.uint64) * np.uint64(2**64 // 100_000)).astype(np.uint64)
    counts = Counter(noun_forms(lattice).tolist())
    harmonic = sum(1 / rank for rank in range(1, FORMS + 1))
    for rank in range(1, FORMS + 1):
        assert counts[rank - 1] / 100_000 == pytest.approx(1 / rank / harmonic, abs=1e-3)
