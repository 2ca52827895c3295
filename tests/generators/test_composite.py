"""Composite core cues: the class is a pictogram and the value of a second part."""

import numpy as np
import pytest

from spurgen.benchmark.errors import ScenarioError
from spurgen.generators import class_names, sample, twins
from spurgen.generators.channels import synonym, tint
from spurgen.generators.factors import first_part, whole_class
from spurgen.generators.nouns import NOUNS

SECOND = {"kind": "synonym"}


@pytest.mark.parametrize("combinations", [2, 5, 10])
def test_the_class_is_the_pictogram_plus_the_second_part(drawn, world, combinations):
    spec = world(second_part={"kind": "synonym", "combinations": combinations, "values": 10})
    factors = drawn(spec)
    first = first_part(spec, factors.core, factors.second)
    np.testing.assert_array_equal((first + 10 // combinations * factors.second) % 10, factors.core)
    np.testing.assert_array_equal(whole_class(spec, first, factors.second), factors.core)
    cells = np.bincount(first * combinations + factors.second, minlength=10 * combinations)
    expected = len(first) / len(cells)
    assert (abs(cells - expected) < 5 * np.sqrt(expected)).all()  # so neither part tells anything about the class


def test_by_the_rule_pair_each_part_tells_a_part_of_the_class(drawn, world):
    spec = world(second_part={"kind": "synonym", "rule": "pair"})
    factors = drawn(spec)
    first = first_part(spec, factors.core, factors.second)
    np.testing.assert_array_equal(factors.second, factors.core // 5)
    np.testing.assert_array_equal(first, factors.core % 5)
    base, changed, other = (
        twins(spec, "test", range(300), "part", part, images=False) if part else sample(spec, "test", range(300))
        for part in (None, "first", "second")
    )
    np.testing.assert_array_equal(changed.labels // 5, base.labels // 5)
    assert sorted(set((changed.labels - base.labels) % 5)) == [1, 2, 3, 4]
    np.testing.assert_array_equal(other.labels, (base.labels + 5) % 10)
    assert (twins(spec, "test", range(300), "core", images=False).labels != base.labels).all()


def parts_of(caption):
    """Return the pictogram whose noun a caption has, and the place of its word for photo."""
    nouns = [k for k, forms in enumerate(NOUNS.values()) if any(f"{form} " in caption for form in forms)]
    words = [k for k, word in enumerate(synonym.VALUES) if f" {word} " in f" {caption} "]
    return nouns, words


def test_captions_show_both_parts(world):
    spec = world(second_part=SECOND, channels={"voice": {"carrier": "caption"}})
    made = sample(spec, "train", range(300), images=False)
    read = [parts_of(caption) for caption in made.captions]
    certain = [k for k, (nouns, words) in enumerate(read) if len(nouns) == len(words) == 1]
    assert len(certain) > 200  # some nouns contain another one, some words are nouns too
    for k in certain:
        (noun,), (word,) = read[k]
        assert (noun + 5 * (word % 2)) % 10 == made.labels[k]


def test_images_show_the_second_part_as_the_ink_of_the_pictogram(world):
    spec = world(second_part={"kind": "tint"}, image_size=128, core_size=1.5)
    images, labels = (getattr(sample(spec, "train", range(400), captions=False), name) for name in ("images", "labels"))
    changed = twins(spec, "train", range(400), "part", "second", captions=False)
    np.testing.assert_array_equal(changed.labels, (labels + 5) % 10)
    ink = (images != changed.images).any(axis=3)
    assert ink.any(axis=(1, 2)).all()
    shares = ink.mean(axis=(1, 2))
    assert shares.max() < 0.25  # only the pictogram changes
    warm = [rgb[0] > rgb[2] for rgb in tint.TINTS.values()]
    assert warm == [True, False] * 5


def test_a_part_twin_changes_one_part_and_a_core_twin_the_class(world):
    spec = world(second_part=SECOND)
    base = sample(spec, "test", range(400), images=False)
    first, second, core = (
        twins(spec, "test", range(400), kind, part, images=False)
        for kind, part in (("part", "first"), ("part", "second"), ("core", None))
    )
    assert (first.labels != base.labels).all()
    np.testing.assert_array_equal(second.labels, (base.labels + 5) % 10)
    assert (core.labels != base.labels).all()
    assert len(np.unique((core.labels - base.labels) % 10)) == 9
    for twin in (first, second, core):
        for name, values in base.channel_values.items():
            np.testing.assert_array_equal(twin.channel_values[name], values)
    words = [parts_of(caption)[1] for caption in base.captions]
    assert [parts_of(caption)[1] for caption in first.captions] == words
    assert [parts_of(caption)[1] for caption in second.captions] != words


def test_a_placebo_twin_keeps_the_second_part_and_varies_its_look(world):
    spec = world(second_part=SECOND)
    base, placebo = sample(spec, "test", range(300), images=False), twins(spec, "test", range(300), "placebo")
    words = [[parts_of(c)[1] for c in samples.captions] for samples in (base, placebo)]
    certain = [(a[0], b[0]) for a, b in zip(*words, strict=True) if len(a) == len(b) == 1]
    assert all((a - b) % 2 == 0 for a, b in certain)
    assert any(a != b for a, b in certain)


@pytest.mark.parametrize(
    ("carrier", "shown", "hidden"), [("image", "images", "captions"), ("caption", "captions", "images")]
)
def test_pictogram_or_noun_alone_can_carry_the_first_part(world, carrier, shown, hidden):
    spec = world(core_carrier=carrier)
    base, twin = sample(spec, "test", range(50)), twins(spec, "test", range(50), "core")
    changed = [a == b for a, b in zip(base.captions, twin.captions, strict=True)]
    same = {"captions": all(changed), "images": np.array_equal(base.images, twin.images)}
    assert (same[shown], same[hidden]) == (False, True)
    if carrier == "image":
        assert all("something" in caption for caption in base.captions)


def test_a_second_part_that_cannot_be_shown_is_refused(world):
    with pytest.raises(ScenarioError, match="second_part: unknown channel 'glow'; choose from background"):
        sample(world(second_part={"kind": "glow"}), "train", [0])
    with pytest.raises(ScenarioError, match='tint shows on the pictogram; set core_carrier = "both" or "image"'):
        sample(world(second_part={"kind": "tint"}, core_carrier="caption"), "train", [0])
    with pytest.raises(ScenarioError, match=r"channels\.tint: tint shows on the pictogram"):
        sample(world(channels={"tint": {"carrier": "image"}}, core_carrier="caption"), "train", [0])
    with pytest.raises(ScenarioError, match="second_part: tint has 10 values, not 12"):
        sample(world(second_part={"kind": "tint", "values": 12}), "train", [0])
    with pytest.raises(ScenarioError, match="a part twin needs a scenario with a second part, and channel first or"):
        twins(world(), "test", [0], "part", "first")
    with pytest.raises(ScenarioError, match="channel first or second, not None"):
        twins(world(second_part=SECOND), "test", [0], "part")


def test_a_template_draws_no_samples(world):
    spec = world(worlds=3)
    with pytest.raises(ScenarioError, match=r"scenario w is a template of 3 worlds; take one, such as \.in_world\(0\)"):
        sample(spec, "train", [0])
    made = [sample(spec.in_world(k), "test", range(200), images=False) for k in range(3)]
    assert len({tuple(samples.captions) for samples in made}) == 3
    assert len({tuple(samples.channel_values["color"]) for samples in made}) == 3  # the alignment is another
    assert class_names(spec.in_world(0)) == class_names(spec.in_world(1))
