import re
from collections import Counter

import numpy as np
import pytest

from spurgen.benchmark.errors import FrozenDataError
from spurgen.benchmark.plugins import discover
from spurgen.generators.atlas import CHANNELS
from spurgen.generators.pictograms.captions import NATURAL
from spurgen.generators.things import nouns
from spurgen.generators.things.nouns import CATEGORIES, SIDE, THINGS, picture_atlas

PICTURED = [thing for thing in THINGS if thing.pictured]
GLUE = {"a", "an", "of", "the", "with", "in", "on", "to", "and"}
MEASURES = {"pair", "piece", "slice", "bowl", "box", "head", "stack", "stick", "bunch", "bulb", "loaf", "wedge"}
MEASURES |= {"portion"}
# Sound, not spelling, decides: "an SUV" is read letter by letter.
AN, A = {"SUV"}, {"uniform", "unicycle", "European"}
OTHER_COLORS = {"blue", "gray", "grey", "gold", "silver", "beige", "violet", "turquoise", "magenta", "scarlet"}


def words(text):
    return {word.removesuffix("s") for word in re.findall(r"[a-z]+", re.sub(r"\{\w+\}", " ", text.lower()))} - GLUE


def nouns_of(category):
    return [thing.noun for thing in THINGS if thing.category == category]


def of_captions():
    """Return the words of what captions say beside the noun: categories, channels, places, weather, days."""
    texts = [*CATEGORIES, *OTHER_COLORS, *(word for words in NATURAL.words.values() for word in words)]
    for kind in discover(CHANNELS).values():
        if "caption" in kind.CARRIERS:
            texts += [*kind.VALUES, *kind.PHRASES, *getattr(kind, "NATURAL_PHRASES", ())]
    return set().union(*map(words, [*texts, *discover(CHANNELS)["tint"].VALUES]))


def test_each_category_has_enough_things_in_the_documented_order():
    counts = Counter(thing.category for thing in THINGS)
    pictured = Counter(thing.category for thing in PICTURED)
    assert tuple(counts) == CATEGORIES == ("animal", "vehicle", "food", "clothing", "tool")
    assert all(40 <= counts[category] <= 70 for category in CATEGORIES), counts
    assert all(pictured[category] >= 38 for category in ("animal", "vehicle", "food")), pictured
    order = [(CATEGORIES.index(thing.category), not thing.pictured) for thing in THINGS]
    assert order == sorted(order)


@pytest.mark.parametrize("attribute", ["name", "noun"])
def test_no_name_and_no_noun_occurs_twice(attribute):
    counts = Counter(getattr(thing, attribute).lower() for thing in THINGS)
    assert [text for text, count in counts.items() if count > 1] == []


def test_a_noun_is_its_article_and_name():
    for thing in THINGS:
        article, first, *rest = thing.noun.split()
        vowel = first in AN or (first[0].lower() in "aeiou" and first not in A)
        assert article == ("an" if vowel else "a"), thing.noun
        assert re.fullmatch(r"(a|an) (\w+ of )?" + re.escape(thing.name), thing.noun)
        assert len([first, *rest]) <= 4, thing.noun


def test_words_of_a_noun_belong_to_one_category_and_to_nothing_else_in_captions():
    per_category = [set().union(*map(words, nouns_of(category))) - MEASURES for category in CATEGORIES]
    shared = [word for word, count in Counter(word for each in per_category for word in each).items() if count > 1]
    assert shared == []
    assert set().union(*per_category) & of_captions() == set()


def test_the_atlas_has_a_picture_of_each_pictured_thing():
    atlas = picture_atlas()
    assert atlas.shape == (len(PICTURED), SIDE, SIDE, 4)
    assert atlas.dtype == np.uint8
    assert not atlas.flags.writeable
    assert picture_atlas() is atlas


@pytest.fixture
def stored(tmp_path, monkeypatch):
    """Return the path of a copy of the pictures' file, which `picture_atlas` reads instead."""
    path = tmp_path / "things.npz"
    path.write_bytes(nouns.PICTURES.read_bytes())
    monkeypatch.setattr(nouns, "PICTURES", path)
    picture_atlas.cache_clear()
    yield path
    picture_atlas.cache_clear()


def test_a_changed_picture_is_refused(stored):
    with np.load(stored) as arrays:
        palettes, indices = arrays["palettes"], arrays["indices"]
    indices[7, 96, 96] ^= 1
    np.savez_compressed(stored, palettes=palettes, indices=indices)
    expected = f"{stored} was changed: expected pictures with SHA-256 {nouns.PICTURES_SHA256}, found "
    with pytest.raises(FrozenDataError, match=f"^{re.escape(expected)}[0-9a-f]{{64}}; {re.escape(nouns.RESTORE)}$"):
        picture_atlas()


def test_a_file_of_other_bytes_but_the_same_pictures_is_accepted(stored):
    with np.load(stored) as arrays:
        np.savez(stored, **arrays)
    assert len(picture_atlas()) == len(PICTURED)


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(path.read_bytes()[:999])])
def test_a_missing_or_truncated_file_is_refused(stored, damage):
    damage(stored)
    with pytest.raises(FrozenDataError, match=f"^cannot read {re.escape(str(stored))}, .*{re.escape(nouns.RESTORE)}$"):
        picture_atlas()


def test_the_credit_names_the_source_and_its_licence():
    credit = nouns.PICTURES.with_name("things.LICENSE.md").read_text(encoding="utf-8")
    for part in ("Noto Emoji", "@iconify-json/noto", "version 1.2.9", "Apache License", "END OF TERMS AND CONDITIONS"):
        assert part in credit
