from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spurgen.benchmark.plugins import discover
from spurgen.benchmark.scenario import make_scenario
from spurgen.generators import aligned_values, class_names, sample, twins
from spurgen.generators.world import CHANNELS

KINDS = discover(CHANNELS)
SETTINGS = settings(max_examples=80)
SIZES = (32, 48, 96)  # an atlas takes a second or two, so a few sizes stand for all
SPLITS = st.sampled_from(["train", "val", "test"])
INDICES = st.lists(st.integers(0, 5000), min_size=1, max_size=6)
probability = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0, 1))


@st.composite
def channels(draw, num_classes):
    chosen = draw(st.lists(st.sampled_from(list(KINDS)), max_size=4, unique=True))
    specs = {}
    for kind in chosen:
        carriers = sorted(KINDS[kind].CARRIERS) + (["both"] if len(KINDS[kind].CARRIERS) == 2 else [])
        many = draw(st.booleans())
        per_class = draw(st.booleans())
        specs[kind] = {
            "values": draw(st.integers(3 if many else 2, len(KINDS[kind].VALUES))),
            "carrier": draw(st.sampled_from(carriers)),
            "strength": draw(
                st.lists(probability, min_size=num_classes, max_size=num_classes) if per_class else probability
            ),
            "alignment": "many-to-many" if many else "one-to-one",
            "magnitude": draw(probability),
            "variance": draw(probability),
        }
    return specs


@st.composite
def scenarios(draw):
    num_classes = draw(st.integers(2, 20))
    specs = draw(channels(num_classes))
    names = draw(st.lists(st.sampled_from(["a", "b", "c"]), max_size=3, unique=True))
    environments = [
        {"name": name, "weight": draw(st.floats(0.1, 9)), "strength": dict.fromkeys(specs, draw(probability))}
        for name in names
    ]
    return make_scenario(
        "random",
        suite="random",
        name="random",
        seed=draw(st.integers(0, 2**64 - 1)),
        num_classes=num_classes,
        image_size=draw(st.sampled_from(SIZES)),
        channels=specs,
        environments=environments,
        core_visibility=draw(probability),
        core_size=draw(st.floats(0.25, 1.5)),
        core_contrast=draw(probability),
        label_noise=draw(st.floats(0, 0.5)),
        caption_fidelity=draw(probability),
        splits={"twins": 1},
    )


FACTORS = ("labels", "env_ids", "group_ids")


def assert_same(one, other, but=()):
    """Asserts that two sets of samples are the same in every respect but those named."""
    for name in {"images", "captions", *FACTORS} - set(but):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    assert list(one.channel_values) == list(other.channel_values)
    for name in set(one.channel_values) - set(but):
        np.testing.assert_array_equal(one.channel_values[name], other.channel_values[name], err_msg=name)


def row(samples, k):
    picked = {name: getattr(samples, name)[k : k + 1] for name in ("images", "captions", *FACTORS)}
    values = {name: column[k : k + 1] for name, column in samples.channel_values.items()}
    return replace(samples, channel_values=values, **picked)


@SETTINGS
@given(spec=scenarios(), split=SPLITS, indices=INDICES, kind=st.sampled_from([None, "placebo", "core", "ctrl", "unc"]))
def test_any_index_alone_equals_the_same_in_any_batch(spec, split, indices, kind):
    def make(which):
        return twins(spec, split, which, kind) if kind else sample(spec, split, which)

    batch = make(indices)
    assert batch.images.shape == (len(indices), spec.image_size, spec.image_size, 3)
    assert batch.images.dtype == np.uint8
    assert len(batch.captions) == len(indices)
    for k, index in enumerate(indices):
        assert_same(row(batch, k), make([index]))


@SETTINGS
@given(spec=scenarios(), split=SPLITS, indices=INDICES)
def test_values_lie_in_range_and_groups_follow_the_formula(spec, split, indices):
    made = sample(spec, split, indices, images=False, captions=False)
    pattern = np.zeros(len(indices), np.int64)
    for k, (name, channel) in enumerate(spec.channels.items()):
        values = made.channel_values[name]
        assert 0 <= values.min() <= values.max() < channel.values
        pattern += 2**k * ~aligned_values(spec, name)[values, made.labels]
    assert 0 <= made.labels.min() <= made.labels.max() < spec.num_classes
    np.testing.assert_array_equal(made.group_ids, made.labels * 2 ** len(spec.channels) + pattern)


@SETTINGS
@given(spec=scenarios(), split=SPLITS, indices=INDICES)
def test_leaving_out_a_half_leaves_the_rest_unchanged(spec, split, indices):
    whole = sample(spec, split, indices)
    blind = sample(spec, split, indices, images=False)
    mute = twins(spec, split, indices, "placebo", captions=False)
    assert blind.images.shape == (0, spec.image_size, spec.image_size, 3)
    assert mute.captions == []
    assert_same(whole, blind, but=["images"])
    assert_same(twins(spec, split, indices, "placebo"), mute, but=["captions"])


@SETTINGS
@given(spec=scenarios().filter(lambda s: s.channels), split=SPLITS, indices=INDICES, data=st.data())
def test_a_channel_twin_differs_only_in_that_channel(spec, split, indices, data):
    name = data.draw(st.sampled_from(list(spec.channels)))
    channel = spec.channels[name]
    base = sample(spec, split, indices)
    assert_same(base, twins(spec, split, indices, "channel", name, base.channel_values[name]))
    value = data.draw(st.integers(0, channel.values - 1))
    twin = twins(spec, split, indices, "channel", name, value)
    spared = {"image": "captions", "caption": "images", "both": None}[channel.carrier]
    assert_same(base, twin, but={"images", "captions", "group_ids", name} - {spared})
    assert (twin.channel_values[name] == value).all()
    kept = base.channel_values[name] == value
    np.testing.assert_array_equal(base.images[kept], twin.images[kept])
    assert [c for c, k in zip(base.captions, kept, strict=True) if k] == [
        c for c, k in zip(twin.captions, kept, strict=True) if k
    ]
    bit = 1 << list(spec.channels).index(name)
    np.testing.assert_array_equal((base.group_ids ^ twin.group_ids) & ~bit, 0)
    conflict = ~aligned_values(spec, name)[value, base.labels]
    np.testing.assert_array_equal((twin.group_ids & bit) > 0, conflict)


@SETTINGS
@given(spec=scenarios(), indices=INDICES)
def test_a_core_twin_changes_the_class_alone(spec, indices):
    base, twin = sample(spec, "test", indices), twins(spec, "test", indices, "core")
    assert_same(base, twin, but=["images", "captions", "labels", "group_ids"])
    assert (base.labels != twin.labels).all()
    hidden = np.array(["something" in caption for caption in base.captions])
    np.testing.assert_array_equal(base.images[hidden], twin.images[hidden])
    assert all(a == b for a, b, h in zip(base.captions, twin.captions, hidden, strict=True) if h)
    if spec.core_contrast >= 0.01:
        assert all((a != b).any() for a, b in zip(base.images[~hidden], twin.images[~hidden], strict=True))
    assert all(a != b for a, b, h in zip(base.captions, twin.captions, hidden, strict=True) if not h)


@SETTINGS
@given(spec=scenarios(), split=SPLITS, indices=INDICES)
def test_a_placebo_keeps_every_factor_and_redraws_every_nuisance(spec, split, indices):
    base, placebo = sample(spec, split, indices), twins(spec, split, indices, "placebo")
    assert_same(base, placebo, but=["images", "captions"])
    for one, other in zip(base.images, placebo.images, strict=True):
        assert (one != other).mean() > 0.2
    assert all(a != b for a, b in zip(base.captions, placebo.captions, strict=True))


@SETTINGS
@given(spec=scenarios(), split=SPLITS, indices=INDICES)
def test_a_ctrl_twin_sets_every_channel_to_the_value_that_goes_with_the_class(spec, split, indices):
    base, ctrl = sample(spec, split, indices), twins(spec, split, indices, "ctrl")
    assert_same(base, ctrl, but=["images", "captions", "group_ids", *spec.channels])
    np.testing.assert_array_equal(ctrl.group_ids, base.labels * spec.num_patterns)


def test_an_unc_twin_redraws_every_channel_evenly_and_apart_from_its_base():
    spec = world(channels={"color": {"values": 4, "strength": 0.9}, "shape": {"values": 3, "strength": 0.9}})
    count = 12_000
    base = sample(spec, "train", range(count), images=False, captions=False)
    unc = twins(spec, "train", range(count), "unc", images=False, captions=False)
    assert_same(base, unc, but=["group_ids", "color", "shape"])
    for bit, (name, values) in enumerate((("color", 4), ("shape", 3))):
        conflicts = base.group_ids >> bit & 1
        table = np.zeros((2 * values, values))
        np.add.at(table, (2 * base.channel_values[name] + conflicts, unc.channel_values[name]), 1)
        share = table / table.sum(axis=1, keepdims=True)
        assert (np.abs(share - 1 / values) < 2.5 / np.sqrt(table.sum(axis=1, keepdims=True))).all()


def world(**fields):
    given_channels = {"color": {}, "shape": {}, "background": {}}
    return make_scenario(
        "test", **{"suite": "t", "name": "w", "seed": 1, "image_size": 32, "channels": given_channels, **fields}
    )


@pytest.mark.parametrize("added", list(KINDS))
def test_a_new_channel_disturbs_no_other_stream(added):
    """Adding one leaves labels, environments, every other value, and what does not show it, as they were."""
    plugin = KINDS[added]
    before = {kind: {} for kind in ("color", "shape", "background") if kind != added}
    carrier = "both" if len(plugin.CARRIERS) == 2 else min(plugin.CARRIERS)
    old, new = (
        sample(world(channels=c), "train", range(40)) for c in (before, {**before, added: {"carrier": carrier}})
    )
    np.testing.assert_array_equal(old.labels, new.labels)
    np.testing.assert_array_equal(old.env_ids, new.env_ids)
    for name in before:
        np.testing.assert_array_equal(old.channel_values[name], new.channel_values[name])
    if carrier == "image":
        assert old.captions == new.captions
    if carrier == "caption":
        np.testing.assert_array_equal(old.images, new.images)


def test_splits_seeds_and_suites_are_worlds_apart():
    spec = world()
    made = [sample(spec, split, range(20)) for split in ("train", "val", "test")]
    made += [sample(world(seed=2), "train", range(20)), sample(world(suite="u"), "train", range(20))]
    assert len({image.tobytes() for samples in made for image in samples.images}) == 100
    assert len({caption for samples in made for caption in samples.captions}) == 100


def test_classes_may_start_at_a_later_pictogram():
    fields = {"suite": "t", "name": "w", "seed": 3, "channels": {}, "splits": {"twins": 1}}
    whole = make_scenario("test", **fields, num_classes=20)
    later = make_scenario("test", **fields, num_classes=10, first_class=10)
    one, other = sample(whole, "test", range(10, 20)), sample(later, "test", range(10, 20))
    np.testing.assert_array_equal(one.images, other.images)
    assert one.captions == other.captions
    np.testing.assert_array_equal(one.labels - 10, other.labels)
    assert class_names(later) == class_names(whole)[10:]
