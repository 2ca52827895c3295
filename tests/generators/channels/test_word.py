import numpy as np

from spurgen.benchmark.worlds.pictograms import make_scenario
from spurgen.generators import sample, twins
from spurgen.generators.channels import word
from spurgen.generators.pictograms.shapes import DRAWINGS

PRINTED = {"word": {"carrier": "image", "values": 20}}
COUNT = range(60)


def pictures(world="test", **fields):
    """Return the first test images of a world of all classes, int (n, S, S, 3)."""
    spec = {"suite": "t", "name": world, "seed": 8, "num_classes": 20, "channels": PRINTED, "splits": {"twins": 1}}
    return sample(make_scenario("test", **{**spec, **fields}), "test", COUNT, captions=False).images.astype(int)


def changed(one, other):
    return (one != other).any(axis=3)


def test_the_words_are_the_names_of_all_classes_and_natural_for_them():
    assert tuple(DRAWINGS) == word.VALUES
    assert {name: name for name in DRAWINGS} == word.NATURAL_VALUES


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
