"""What every channel plug-in must offer."""

import string
from itertools import pairwise

import numpy as np
import pytest

from spurgen.benchmark.plugins import discover
from spurgen.benchmark.scenario import make_scenario
from spurgen.generators import check, sample, twins
from spurgen.generators.world import CHANNELS

KINDS = discover(CHANNELS)
PAINTED = [kind for kind, module in KINDS.items() if "image" in module.CARRIERS]
SPOKEN = [kind for kind, module in KINDS.items() if "caption" in module.CARRIERS]
COUNT = 6


def alone(kind, **channel):
    """Describes a world in which a channel is the only one."""
    module = KINDS[kind]
    carrier = "both" if len(module.CARRIERS) == 2 else min(module.CARRIERS)
    spec = {"kind": kind, "carrier": carrier, "values": len(module.VALUES), **channel}
    splits = {"train": 50, "val": 20, "test_per_group": 2, "twins": 1}
    fields = {"suite": "t", "name": kind, "seed": 6, "image_size": 64, "splits": splits}
    return make_scenario("test", **fields, channels={"only": spec})


def shown(kind, half, **channel):
    """Makes the same samples under every value: a list of images or of captions per value."""
    spec = alone(kind, **channel)
    values = range(len(KINDS[kind].VALUES))
    return [getattr(twins(spec, "test", range(COUNT), "channel", "only", v), half) for v in values]


def test_channels_are_discovered():
    assert {"background", "color", "shape", "lighting", "watermark", "voice", "synonym"} <= set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_it_declares_its_carriers_and_what_happens_where_it_is_not_listed(kind):
    module = KINDS[kind]
    assert isinstance(module.CARRIERS, frozenset)
    assert module.CARRIERS in ({"image"}, {"caption"}, {"image", "caption"})
    assert module.UNLISTED in ("uniform", "absent")
    assert module.__doc__


@pytest.mark.parametrize("kind", KINDS)
def test_it_has_at_least_ten_values_with_different_names(kind):
    values = KINDS[kind].VALUES
    assert isinstance(values, tuple)
    assert len(set(values)) == len(values) >= 10
    assert all(isinstance(value, str) and value for value in values)


@pytest.mark.parametrize("kind", SPOKEN)
def test_a_channel_of_captions_has_a_phrase_per_value_and_a_neutral_one(kind):
    module = KINDS[kind]
    assert len(set(module.PHRASES)) == len(module.PHRASES) == len(module.VALUES)
    assert isinstance(module.NEUTRAL, str)
    assert module.NEUTRAL not in module.PHRASES
    slots = [{slot for _, slot, _, _ in string.Formatter().parse(p) if slot} for p in module.PHRASES]
    assert set().union(*slots) <= {"core", "plate", "wall", "synonym", "filler"}


@pytest.mark.parametrize("kind", PAINTED)
def test_a_channel_of_images_paints(kind):
    assert callable(KINDS[kind].paint)


@pytest.mark.parametrize("kind", KINDS)
def test_it_can_be_the_only_channel_of_a_world(kind):
    spec = alone(kind)
    check(spec)
    for split in ("train", "val", "test"):
        made = sample(spec, split, range(COUNT))
        assert made.images.shape == (COUNT, 64, 64, 3)
        assert all(made.captions)


@pytest.mark.parametrize("kind", PAINTED)
def test_every_value_changes_every_image(kind):
    pictures = shown(kind, "images")
    for k in range(COUNT):
        assert len({images[k].tobytes() for images in pictures}) == len(pictures)


@pytest.mark.parametrize("kind", SPOKEN)
def test_every_value_changes_every_caption(kind):
    captions = shown(kind, "captions")
    for k in range(COUNT):
        assert len({of_value[k] for of_value in captions}) == len(captions)


@pytest.mark.parametrize("kind", PAINTED)
def test_magnitude_0_hides_the_value_in_the_image(kind):
    pictures = shown(kind, "images", magnitude=0.0)
    for images in pictures[1:]:
        np.testing.assert_array_equal(images, pictures[0])


@pytest.mark.parametrize("kind", PAINTED)
def test_a_smaller_magnitude_brings_the_values_closer(kind):
    def spread(magnitude):
        pictures = np.stack(shown(kind, "images", magnitude=magnitude)).astype(float)
        return np.abs(pictures - pictures.mean(axis=0)).mean()

    spreads = [spread(magnitude) for magnitude in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert spreads[0] == 0
    assert all(less < more for less, more in pairwise(spreads))


@pytest.mark.parametrize("kind", PAINTED)
def test_it_paints_a_sample_the_same_alone_and_in_a_batch_of_mixed_magnitudes(kind):
    spec = alone(kind, magnitude=0.7, variance=0.6)
    batch = sample(spec, "train", range(12)).images
    for k in range(12):
        np.testing.assert_array_equal(batch[k], sample(spec, "train", [k]).images[0])


@pytest.mark.parametrize("kind", PAINTED)
def test_it_leaves_enough_of_the_pictogram_visible(kind):
    spec, empty = alone(kind), alone(kind).model_copy(update={"core_visibility": 0.0})
    for value in range(len(KINDS[kind].VALUES)):
        base, bare = (
            twins(s, "test", range(COUNT), "channel", "only", value).images.astype(int) for s in (spec, empty)
        )
        seen = (np.abs(base - bare).max(axis=3) > 20).mean(axis=(1, 2))
        assert seen.min() > 0.03


@pytest.mark.parametrize("kind", [kind for kind, module in KINDS.items() if module.UNLISTED == "absent"])
def test_an_absent_channel_changes_no_image_where_it_is_not_listed(kind):
    spec = make_scenario("test", suite="t", name="w", seed=6, image_size=64, channels={"voice": {"carrier": "caption"}})
    faint = make_scenario(
        "test",
        suite="t",
        name="w",
        seed=6,
        image_size=64,
        channels={"voice": {"carrier": "caption"}, kind: {"carrier": "image", "magnitude": 0.0}},
    )
    np.testing.assert_array_equal(*(sample(s, "train", range(COUNT)).images for s in (spec, faint)))
