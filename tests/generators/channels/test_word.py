import itertools

import numpy as np
import pytest

from spurgen.benchmark.scenario import make_scenario
from spurgen.generators import sample, twins
from spurgen.generators.channels import word
from spurgen.generators.pictograms import DRAWINGS

PRINTED = {"word": {"carrier": "image", "values": 20}}
COUNT = range(60)


def pictures(world="test", **fields):
    """Return the first test images of a world of all classes, int (n, S, S, 3)."""
    spec = {"suite": "t", "name": world, "seed": 8, "num_classes": 20, "channels": PRINTED, "splits": {"twins": 1}}
    return sample(make_scenario("test", **{**spec, **fields}), "test", COUNT, captions=False).images.astype(int)


def changed(one, other):
    return (one != other).any(axis=3)


@pytest.fixture(scope="module")
def printed():
    """Where the strip lies, bool (n, S, S)."""
    return changed(pictures(), pictures(channels={}))


def test_the_words_are_the_names_of_all_classes_and_natural_for_them():
    assert tuple(DRAWINGS) == word.VALUES
    assert {name: name for name in DRAWINGS} == word.NATURAL_VALUES


def test_no_two_letters_are_drawn_alike():
    assert len(set(word.GLYPHS.values())) == len(word.GLYPHS)
    assert set(word.GLYPHS) == set("".join(word.VALUES))


@pytest.mark.parametrize("k", range(20))
def test_a_word_is_centred_within_its_strip(k):
    ink, strip = word.FAMILIES["word"].masks[k]()
    assert (strip[ink > 0] == 255).all()
    assert 0.08 < (ink > 0).sum() / (strip > 0).sum() < 0.45
    (columns,) = np.nonzero(ink.any(axis=0))
    assert abs(columns[0] + columns[-1] + 1 - ink.shape[1]) <= 8


def test_any_two_words_differ_clearly():
    masks = [make()[0][::4, ::4] > 0 for make in word.FAMILIES["word"].masks]
    for a, b in itertools.combinations(masks, 2):
        assert (a != b).sum() > 0.2 * (a | b).sum()  # bolt and boat differ least


def test_the_strip_lies_below_the_pictogram(printed):
    pictogram = changed(pictures(), pictures(core_visibility=0.0))
    assert not (pictogram & printed).any()
    assert printed.mean(axis=(1, 2)).min() > 0.1
    assert not printed[:, :48].any()


def test_a_pictogram_that_reaches_the_strip_covers_it(printed):
    without, bare = (pictures(core_size=1.5, core_visibility=seen, channels={}) for seen in (1.0, 0.0))
    reached = (np.abs(without - bare).max(axis=3) > 150) & printed  # the pictogram's own pixels, no blend
    assert reached.sum() > 10
    assert np.abs(pictures(core_size=1.5) - without).max(axis=3)[reached].mean() < 20


def test_the_word_moves_to_the_top_where_a_tag_is_at_the_bottom():
    tagged = {"watermark": {"carrier": "image"}}
    at_the_bottom = changed(pictures(channels=tagged), pictures(channels={}))[:, 32:].any(axis=(1, 2))
    strip = changed(pictures(channels={**tagged, **PRINTED}), pictures(channels=tagged))
    assert 0.3 < at_the_bottom.mean() < 0.7
    np.testing.assert_array_equal(strip[:, :32].any(axis=(1, 2)), at_the_bottom)
    np.testing.assert_array_equal(strip[:, 32:].any(axis=(1, 2)), ~at_the_bottom)


def test_a_twin_changes_the_letters_only():
    spec = make_scenario("test", suite="t", name="w", seed=8, channels=PRINTED, num_classes=20, splits={"twins": 1})
    one, other = (twins(spec, "test", COUNT, "channel", "word", value).images for value in (5, 6))
    rows = changed(one.astype(int), other.astype(int)).any(axis=2)
    assert rows.any(axis=1).all()
    assert not rows[:, :51].any()
