"""The contract of every channel plug-in."""

import string
from itertools import pairwise

import numpy as np
import pytest

from spurgen.benchmark.plugins import discover
from spurgen.benchmark.worlds.pictograms import make_scenario
from spurgen.generators import check, sample, twins
from spurgen.generators.atlas import CHANNELS
from spurgen.generators.pictograms.sampling import GRAMMARS

KINDS = discover(CHANNELS)
PAINTED = [kind for kind, module in KINDS.items() if "image" in module.CARRIERS]
SPOKEN = [kind for kind, module in KINDS.items() if "caption" in module.CARRIERS]
COUNT = 6


def alone(kind, captions="plain", **channel):
    """Return a scenario with only one channel."""
    module = KINDS[kind]
    carrier = "both" if len(module.CARRIERS) == 2 else min(module.CARRIERS)
    spec = {"kind": kind, "carrier": carrier, "values": len(module.VALUES), **channel}
    splits = {"train": 50, "val": 20, "test_per_group": 2, "twins": 1}
    fields = {"suite": "t", "name": kind, "seed": 6, "image_size": 64, "splits": splits, "captions": captions}
    return make_scenario("test", **fields, channels={"only": spec})


def under_every_value(kind, half, **channel):
    """Return the images or captions of the same samples under every value of a channel, a list over values."""
    spec = alone(kind, **channel)
    values = range(len(KINDS[kind].VALUES))
    return [getattr(twins(spec, "test", range(COUNT), "channel", "only", v), half) for v in values]


def test_channels_are_discovered():
    assert {"background", "color", "shape", "lighting", "watermark", "voice", "synonym"} <= set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_channel_declares_its_carriers_and_its_unlisted_behaviour(kind):
    module = KINDS[kind]
    assert isinstance(module.CARRIERS, frozenset)
    assert module.CARRIERS in ({"image"}, {"caption"}, {"image", "caption"})
    assert module.UNLISTED in ("uniform", "absent")
    assert module.__doc__


@pytest.mark.parametrize("kind", KINDS)
def test_a_channel_has_at_least_ten_values_with_different_names(kind):
    values = KINDS[kind].VALUES
    assert isinstance(values, tuple)
    assert len(set(values)) == len(values) >= 10
    assert all(isinstance(value, str) and value and value == value.lower() for value in values)


@pytest.mark.parametrize("grammar", GRAMMARS)
@pytest.mark.parametrize("kind", SPOKEN)
def test_a_caption_channel_has_a_phrase_per_value_and_a_neutral_phrase(kind, grammar):
    *phrases, neutral = GRAMMARS[grammar].phrases(KINDS[kind])
    assert len(set(phrases)) == len(phrases) == len(KINDS[kind].VALUES)
    assert isinstance(neutral, str)
    assert neutral not in phrases
    slots = [{slot for _, slot, _, _ in string.Formatter().parse(phrase) if slot} for phrase in phrases]
    assert set().union(*slots) <= {"core", "plate", "wall", "synonym", "filler"}


@pytest.mark.parametrize("kind", PAINTED)
def test_an_image_channel_has_a_paint_function(kind):
    assert callable(KINDS[kind].paint)


@pytest.mark.parametrize("kind", KINDS)
def test_a_channel_can_be_the_only_one_of_a_scenario(kind):
    spec = alone(kind)
    check(spec)
    for split in ("train", "val", "test"):
        made = sample(spec, split, range(COUNT))
        assert made.images.shape == (COUNT, 64, 64, 3)
        assert all(made.captions)


@pytest.mark.parametrize("kind", PAINTED)
def test_every_value_of_a_channel_gives_a_different_image(kind):
    images_by_value = under_every_value(kind, "images")
    for k in range(COUNT):
        assert len({images[k].tobytes() for images in images_by_value}) == len(images_by_value)


@pytest.mark.parametrize("grammar", GRAMMARS)
@pytest.mark.parametrize("kind", SPOKEN)
def test_every_value_of_a_channel_gives_a_different_caption(kind, grammar):
    captions = under_every_value(kind, "captions", captions=grammar)
    for k in range(COUNT):
        assert len({of_value[k] for of_value in captions}) == len(captions)


@pytest.mark.parametrize("kind", PAINTED)
def test_magnitude_0_hides_the_value_in_the_image(kind):
    images_by_value = under_every_value(kind, "images", magnitude=0.0)
    for images in images_by_value[1:]:
        np.testing.assert_array_equal(images, images_by_value[0])


@pytest.mark.parametrize("kind", PAINTED)
def test_a_smaller_magnitude_brings_the_values_closer(kind):
    def spread(magnitude):
        images_by_value = np.stack(under_every_value(kind, "images", magnitude=magnitude)).astype(float)
        return np.abs(images_by_value - images_by_value.mean(axis=0)).mean()

    spreads = [spread(magnitude) for magnitude in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert spreads[0] == 0
    assert all(less < more for less, more in pairwise(spreads))


@pytest.mark.parametrize("kind", PAINTED)
def test_a_channel_paints_a_sample_the_same_alone_and_in_a_batch(kind):
    spec = alone(kind, magnitude=0.7, variance=0.6)
    batch = sample(spec, "train", range(12)).images
    for k in range(12):
        np.testing.assert_array_equal(batch[k], sample(spec, "train", [k]).images[0])


@pytest.mark.parametrize("kind", PAINTED)
def test_a_channel_leaves_enough_of_the_pictogram_visible(kind):
    spec, empty = alone(kind), alone(kind).model_copy(update={"core_visibility": 0.0})
    for value in range(len(KINDS[kind].VALUES)):
        base, bare = (
            twins(s, "test", range(COUNT), "channel", "only", value).images.astype(int) for s in (spec, empty)
        )
        seen = (np.abs(base - bare).max(axis=3) > 20).mean(axis=(1, 2))
        assert seen.min() > 0.03


@pytest.mark.parametrize("kind", [kind for kind, module in KINDS.items() if module.UNLISTED == "absent"])
def test_an_unlisted_absent_channel_changes_no_image(kind):
    without = {"voice": {"carrier": "caption"}}
    faint = without | {kind: {"carrier": "image", "magnitude": 0.0}}
    fields = {"suite": "t", "name": "w", "seed": 6, "image_size": 64}
    specs = (make_scenario("test", **fields, channels=channels) for channels in (without, faint))
    np.testing.assert_array_equal(*(sample(spec, "train", range(COUNT)).images for spec in specs))
