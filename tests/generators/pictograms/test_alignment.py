"""Natural and counter alignments; test_factors tests random ones."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.plugins import discover
from spurgen.generators import aligned_values, class_names, sample
from spurgen.generators.atlas import CHANNELS
from spurgen.generators.pictograms.shapes import DRAWINGS
from spurgen.generators.pictograms.state import check

KINDS = discover(CHANNELS)
NATURAL = {kind: module.NATURAL_VALUES for kind, module in KINDS.items() if hasattr(module, "NATURAL_VALUES")}
PAIR = {"color": {}, "word": {"carrier": "image", "values": 20}}


def value_names(scenario, channel):
    """Return the name of each class's aligned value."""
    values, classes = aligned_values(scenario, channel).nonzero()
    kind = scenario.channels[channel].kind
    return [KINDS[kind].VALUES[v] for v in values[np.argsort(classes)]]


@pytest.mark.parametrize("kind", NATURAL)
def test_a_kind_has_a_natural_value_for_every_class(kind):
    assert tuple(NATURAL[kind]) == tuple(DRAWINGS)
    assert set(NATURAL[kind].values()) <= set(KINDS[kind].VALUES)


def test_natural_colors_are_among_the_first_ten_and_differ_among_the_first_classes():
    assert set(NATURAL["color"].values()) <= set(KINDS["color"].VALUES[:10])
    assert len({NATURAL["color"][name] for name in tuple(DRAWINGS)[:10]}) >= 8


def test_a_natural_alignment_is_what_people_expect_and_counter_that_of_another_class(world):
    natural, counter = (world(channels=PAIR, alignment=alignment) for alignment in ("natural", "counter"))
    assert value_names(natural, "color")[:5] == ["red", "blue", "yellow", "orange", "green"]
    assert value_names(counter, "color")[:4] == ["blue", "yellow", "orange", "green"]
    assert value_names(counter, "color")[6:] == ["white", "white", "black", "red"]  # key and bolt are both yellow
    names = class_names(natural)
    assert value_names(natural, "word") == list(names)
    assert value_names(counter, "word") == [*names[1:], names[0]]


@given(first_class=st.integers(0, 18), num_classes=st.integers(2, 20), kind=st.sampled_from(sorted(NATURAL)))
def test_counter_values_are_natural_for_another_class_and_never_for_the_own(first_class, num_classes, kind, world):
    classes = tuple(DRAWINGS)[first_class : first_class + num_classes]
    expected = [NATURAL[kind][name] for name in classes]
    spec = {"channels": {kind: PAIR[kind]}, "first_class": first_class, "num_classes": len(classes)}
    if len(set(expected)) > 1:
        assert value_names(world(**spec, alignment="natural"), kind) == expected
        counter = value_names(world(**spec, alignment="counter"), kind)
        assert set(counter) <= set(expected)
        assert all(own != other for own, other in zip(expected, counter, strict=True))


def test_kinds_without_natural_values_keep_their_random_alignment(world):
    channels = {"color": {}, "shape": {"alignment": "many-to-many"}}
    random, natural = (world(channels=channels, alignment=alignment) for alignment in ("random", "natural"))
    np.testing.assert_array_equal(aligned_values(random, "shape"), aligned_values(natural, "shape"))
    assert (aligned_values(random, "color") != aligned_values(natural, "color")).any()


def test_image_and_caption_share_a_natural_alignment_whatever_the_seed(world):
    halves = {"seen": {"kind": "color", "carrier": "image"}, "read": {"kind": "color", "carrier": "caption"}}
    specs = [world(channels=halves, alignment="natural", seed=seed) for seed in (1, 2)]
    assert len({tuple(value_names(spec, name)) for spec in specs for name in halves}) == 1


@pytest.mark.parametrize("alignment", ["natural", "counter"])
def test_samples_have_the_aligned_value_at_the_strength(alignment, world):
    spec = world(channels={"color": {"strength": 0.9}}, alignment=alignment)
    made = sample(spec, "train", range(4000), images=False)
    (values,) = made.channel_values.values()
    aligned = aligned_values(spec, "color")[values, made.labels]
    assert abs(aligned.mean() - 0.9) < 0.03
    np.testing.assert_array_equal(made.group_ids % 2 == 0, aligned)


REFUSED = [
    (
        {"channels": {"shape": {}}},
        'scenario w: alignment = "natural" needs a channel with natural values (color, word); list one, or set the '
        'scenario\'s alignment to "random"',
    ),
    (
        {"channels": {"color": {"alignment": "many-to-many"}}},
        'scenario w, channels.color: alignment = "natural" gives each class one value, so many-to-many is impossible; '
        'set the channel\'s alignment to "one-to-one"',
    ),
    (
        {"channels": {"hue": {"kind": "color", "carrier": "image", "values": 5}}},
        'channels.hue: alignment = "natural" needs black, which is not among its 5 values; set values to 10 or more',
    ),
    (
        {"channels": {"word": {"carrier": "image"}}, "first_class": 3},
        'channels.word: alignment = "natural" needs car, which is not among its 10 values; set values to 13 or more',
    ),
    (
        {"channels": {"color": {}}, "first_class": 6, "num_classes": 2},
        "channels.color: all classes have the natural value yellow; choose other classes, or set the scenario's",
    ),
]


@pytest.mark.parametrize(("fields", "message"), REFUSED)
def test_classes_that_cannot_be_aligned_with_natural_values_are_refused(fields, message, world):
    with pytest.raises(ScenarioError, match=re.escape(message)):
        check(world(**fields, alignment="natural"))
    check(world(**fields))
