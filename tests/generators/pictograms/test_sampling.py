"""Samples and their twins, what their nuisances change, and which arguments are refused."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.plugins import discover
from spurgen.benchmark.worlds.pictograms import BALANCED, NUISANCES, make_scenario
from spurgen.generators import Samples, aligned_values, class_names, sample, twins
from spurgen.generators.atlas import CHANNELS
from spurgen.generators.pictograms.captions import HIDDEN
from spurgen.generators.pictograms.sampling import nuisance_words
from spurgen.generators.pictograms.state import state_of
from spurgen.generators.scene import Scene

KINDS = discover(CHANNELS)
SETTINGS = settings(max_examples=40)
SIZES = (32, 64)  # few, since drawing an atlas takes a second or two; other tests draw these, too
SPLITS = st.sampled_from(["train", "val", "calibration", "test"])
INDICES = st.lists(st.integers(0, 5000), min_size=1, max_size=6)
probability = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0, 1))


@st.composite
def channels(draw, num_classes):
    specs = {}
    for kind in draw(st.lists(st.sampled_from(list(KINDS)), max_size=4, unique=True)):
        carriers = sorted(KINDS[kind].CARRIERS) + (["both"] if len(KINDS[kind].CARRIERS) == 2 else [])
        many = draw(st.booleans())
        per_class = st.lists(probability, min_size=num_classes, max_size=num_classes)
        specs[kind] = {
            "values": draw(st.integers(3 if many else 2, len(KINDS[kind].VALUES))),
            "carrier": draw(st.sampled_from(carriers)),
            "strength": draw(per_class if draw(st.booleans()) else probability),
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


def assert_same(base, twin, ignored=()):
    """Assert that two sets of samples are equal, except in the fields and channels that are ignored."""
    assert list(base.channel_values) == list(twin.channel_values)
    columns, others = ({**vars(samples), **vars(samples.inputs), **samples.channel_values} for samples in (base, twin))
    for name in columns.keys() - {"inputs", "features", "channel_values", *ignored}:
        np.testing.assert_array_equal(columns[name], others[name], err_msg=name)


@SETTINGS
@given(spec=scenarios(), split=SPLITS, indices=INDICES, kind=st.sampled_from([None, "placebo", "core", "ctrl", "unc"]))
def test_a_sample_does_not_depend_on_its_batch(spec, split, indices, kind):
    def make(which):
        return twins(spec, split, which, kind) if kind else sample(spec, split, which)

    batch = make(indices)
    assert batch.images.shape == (len(indices), spec.image_size, spec.image_size, 3)
    assert batch.images.dtype == np.uint8
    assert len(batch.captions) == len(indices)
    for k, index in enumerate(indices):
        assert_same(batch.take(slice(k, k + 1)), make([index]))


@SETTINGS
@given(spec=scenarios(), split=SPLITS, indices=INDICES)
def test_values_are_in_range_and_group_ids_follow_the_formula(spec, split, indices):
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
def test_omitting_images_or_captions_changes_nothing_else(spec, split, indices):
    whole = sample(spec, split, indices)
    without_images = sample(spec, split, indices, images=False)
    without_captions = twins(spec, split, indices, "placebo", captions=False)
    assert len(without_images.images) == 0
    assert without_captions.captions == []
    assert_same(whole, without_images, ignored=["images"])
    assert_same(twins(spec, split, indices, "placebo"), without_captions, ignored=["captions"])


@SETTINGS
@given(spec=scenarios().filter(lambda s: s.channels), split=SPLITS, indices=INDICES, data=st.data())
def test_a_channel_twin_differs_only_in_that_channel(spec, split, indices, data):
    name = data.draw(st.sampled_from(list(spec.channels)))
    channel = spec.channels[name]
    base = sample(spec, split, indices)
    assert_same(base, twins(spec, split, indices, "channel", name, base.channel_values[name]))
    value = data.draw(st.integers(0, channel.values - 1))
    twin = twins(spec, split, indices, "channel", name, value)
    unchanged = {"image": "captions", "caption": "images", "both": None}[channel.carrier]
    assert_same(base, twin, ignored={"images", "captions", "group_ids", name} - {unchanged})
    assert (twin.channel_values[name] == value).all()
    same = base.channel_values[name] == value
    np.testing.assert_array_equal(base.images[same], twin.images[same])
    np.testing.assert_array_equal(np.array(base.captions)[same], np.array(twin.captions)[same])
    bit = 1 << list(spec.channels).index(name)
    np.testing.assert_array_equal((base.group_ids ^ twin.group_ids) & ~bit, 0)
    conflict = ~aligned_values(spec, name)[value, base.labels]
    np.testing.assert_array_equal((twin.group_ids & bit) > 0, conflict)


@SETTINGS
@given(spec=scenarios(), indices=INDICES)
def test_a_core_twin_changes_only_the_class(spec, indices):
    base, twin = sample(spec, "test", indices), twins(spec, "test", indices, "core")
    assert_same(base, twin, ignored=["images", "captions", "labels", "group_ids"])
    assert (base.labels != twin.labels).all()
    hidden = np.array([HIDDEN in caption for caption in base.captions])
    np.testing.assert_array_equal(base.images[hidden], twin.images[hidden])
    np.testing.assert_array_equal(np.array(base.captions) == np.array(twin.captions), hidden)
    if spec.core_contrast >= 0.01:
        assert (base.images != twin.images)[~hidden].any(axis=(1, 2, 3)).all()


@SETTINGS
@given(spec=scenarios(), split=SPLITS, indices=INDICES)
def test_a_placebo_keeps_every_factor_and_redraws_the_nuisances(spec, split, indices):
    base, placebo = sample(spec, split, indices), twins(spec, split, indices, "placebo")
    assert_same(base, placebo, ignored=["images", "captions"])
    assert ((base.images != placebo.images).mean(axis=(1, 2, 3)) > 0.2).all()
    assert (np.array(base.captions) != np.array(placebo.captions)).all()


@SETTINGS
@given(spec=scenarios(), split=SPLITS, indices=INDICES)
def test_a_ctrl_twin_sets_every_channel_to_its_aligned_value(spec, split, indices):
    base, ctrl = sample(spec, split, indices), twins(spec, split, indices, "ctrl")
    assert_same(base, ctrl, ignored=["images", "captions", "group_ids", *spec.channels])
    np.testing.assert_array_equal(ctrl.group_ids, base.labels * spec.num_patterns)


def test_an_unc_twin_redraws_every_channel_uniformly_and_independently_of_its_base(world):
    spec = world(channels={"color": {"values": 4, "strength": 0.9}, "shape": {"values": 3, "strength": 0.9}})
    count = 12_000
    base = sample(spec, "train", range(count), images=False, captions=False)
    unc = twins(spec, "train", range(count), "unc", images=False, captions=False)
    assert_same(base, unc, ignored=["group_ids", "color", "shape"])
    for bit, (name, values) in enumerate((("color", 4), ("shape", 3))):
        conflicts = base.group_ids >> bit & 1
        table = np.zeros((2 * values, values))  # rows: the base's value and whether it conflicts
        np.add.at(table, (2 * base.channel_values[name] + conflicts, unc.channel_values[name]), 1)
        share = table / table.sum(axis=1, keepdims=True)
        assert (np.abs(share - 1 / values) < 2.5 / np.sqrt(table.sum(axis=1, keepdims=True))).all()


@pytest.mark.parametrize("split", ["train", "val", "calibration", "test"])
def test_an_unc_twin_keeps_hidden_channels_on_train_and_val(split, world):
    spec = world(channels={"color": {"hidden": True}, "shape": {}})
    base = sample(spec, split, range(100), images=False, captions=False).channel_values
    unc = twins(spec, split, range(100), "unc", images=False, captions=False).channel_values
    redrawn = {name: (base[name] != unc[name]).any() for name in spec.channels}
    assert redrawn == {"color": split in BALANCED, "shape": True}


@pytest.mark.parametrize("added", list(KINDS))
def test_adding_a_channel_changes_no_other_factor_and_nothing_that_does_not_carry_it(added, world):
    before = {kind: {} for kind in ("color", "shape", "background") if kind != added}
    carrier = "both" if len(KINDS[added].CARRIERS) == 2 else min(KINDS[added].CARRIERS)
    after = {**before, added: {"carrier": carrier}}
    old, new = (sample(world(image_size=32, channels=c), "train", range(40)) for c in (before, after))
    changed = {"image": ["images"], "caption": ["captions"], "both": ["images", "captions"]}[carrier]
    del new.channel_values[added]
    assert_same(old, new, ignored=["group_ids", *changed])


def test_splits_seeds_and_suites_share_no_sample(world):
    spec = world(image_size=32)
    made = [sample(spec, split, range(20)) for split in ("train", "val", "calibration", "test")]
    made += [sample(world(image_size=32, **other), "train", range(20)) for other in ({"seed": 2}, {"suite": "u"})]
    assert len({image.tobytes() for samples in made for image in samples.images}) == 120
    assert len({caption for samples in made for caption in samples.captions}) == 120


def test_classes_may_start_at_a_later_pictogram(world):
    whole = world(channels={}, num_classes=20)
    later = world(channels={}, num_classes=10, first_class=10)
    all_classes, last_classes = (sample(spec, "test", range(10, 20)) for spec in (whole, later))
    np.testing.assert_array_equal(all_classes.labels - 10, last_classes.labels)
    assert_same(all_classes, last_classes, ignored=["labels", "group_ids"])
    assert class_names(later) == class_names(whole)[10:]


@pytest.mark.parametrize(
    ("carrier", "shown", "hidden"), [("image", "images", "captions"), ("caption", "captions", "images")]
)
def test_pictogram_or_noun_alone_can_carry_the_class(world, carrier, shown, hidden):
    spec = world(core_carrier=carrier)
    base, twin = sample(spec, "test", range(50)), twins(spec, "test", range(50), "core")
    changed = [a == b for a, b in zip(base.captions, twin.captions, strict=True)]
    same = {"captions": all(changed), "images": np.array_equal(base.images, twin.images)}
    assert (same[shown], same[hidden]) == (False, True)
    if carrier == "image":
        assert all("something" in caption for caption in base.captions)


def test_a_channel_on_the_pictogram_needs_one(world):
    with pytest.raises(ScenarioError, match=r"channels\.tint: tint shows on the pictogram"):
        sample(world(channels={"tint": {"carrier": "image"}}, core_carrier="caption"), "train", [0])


def test_a_template_draws_no_samples(world):
    spec = world(worlds=3)
    with pytest.raises(ScenarioError, match=r"scenario w is a template of 3 worlds; take one, such as \.in_world\(0\)"):
        sample(spec, "train", [0])
    made = [sample(spec.in_world(k), "test", range(200), images=False) for k in range(3)]
    assert len({tuple(samples.captions) for samples in made}) == 3
    assert len({tuple(samples.channel_values["color"]) for samples in made}) == 3  # the alignment is another
    assert class_names(spec.in_world(0)) == class_names(spec.in_world(1))


@pytest.mark.parametrize("nuisance", NUISANCES)
def test_a_single_nuisance_changes_images_or_captions_and_no_factor(world, nuisance):
    spec = world(caption_fidelity=0.5)
    base, twin = sample(spec, "test", range(60)), twins(spec, "test", range(60), "placebo", nuisance)
    same = {"images": np.array_equal(base.images, twin.images), "captions": base.captions == twin.captions}
    assert same == {"images": nuisance == "wording", "captions": nuisance != "wording"}
    for name in ("labels", "group_ids", "env_ids"):
        np.testing.assert_array_equal(getattr(base, name), getattr(twin, name))


def posed(scenario, nuisance):
    """Return what the pose of 60 scenes decides, by the nuisance that it belongs to, with one nuisance redrawn."""
    words = nuisance_words(state_of(scenario), "test", np.arange(60), nuisance)
    opaque, first = np.full(60, 256), np.zeros(60, np.int64)
    scene = Scene(scenario.image_size, first, 1 << 14, opaque, lambda blocks: words("pose", blocks))
    plate, pictogram, wall = scene.layers["plate"], scene.layers["pictogram"], scene.wall
    return {
        "noise": [scene.noise],
        "tone": [scene.polarity, wall[:, 0] - wall[:, 2], wall // 30],
        "place": [plate.x, plate.y, pictogram.x - plate.x, pictogram.y - plate.y],
        "size": [plate.span, pictogram.span],
        "tilt": [plate.angle, pictogram.angle],
        "wording": [],
    }


@pytest.mark.parametrize("nuisance", NUISANCES)
def test_a_single_nuisance_redraws_all_of_the_pose_that_belongs_to_it_and_nothing_else(world, nuisance):
    before, after = posed(world(), None), posed(world(), nuisance)
    for name in NUISANCES:
        changed = [not np.array_equal(*pair) for pair in zip(before[name], after[name], strict=True)]
        assert changed == [name == nuisance] * len(changed), name


def test_the_placebo_redraws_wording_as_its_own_twin_does_and_pictures_in_more_than_one_way(world):
    spec = world()
    placebo = twins(spec, "test", range(20), "placebo")
    single = [twins(spec, "test", range(20), "placebo", nuisance) for nuisance in NUISANCES]
    assert placebo.captions == single[NUISANCES.index("wording")].captions
    for other in single:
        assert not np.array_equal(placebo.images, other.images)


def test_noise_changes_no_pixel_by_more_than_its_amplitude(world):
    base = sample(world(), "test", range(40), captions=False).images.astype(int)
    twin = twins(world(), "test", range(40), "placebo", "noise", captions=False).images.astype(int)
    assert 0 < abs(base - twin).max() <= 12


def test_an_unknown_nuisance_is_refused(world):
    with pytest.raises(ScenarioError, match="there is no nuisance 'grain'; choose one of place, size"):
        twins(world(), "test", [0], "placebo", "grain")


def of_train(indices):
    return lambda spec: sample(spec, "train", indices)


def twin(*arguments):
    return lambda spec: twins(spec, "test", [0, 1], *arguments)


NOT_WHOLE = "sample indices must be whole numbers below 2**63, not "
NOT_WHOLE_VALUES = "values of channel color must be whole numbers below 2**63, not "
REFUSED = [
    (lambda spec: sample(spec, "dev", [0]), "unknown split 'dev'; choose one of train, val, calibration, test"),
    (of_train([3, -2]), "negative sample index -2; indices start at 0"),
    (of_train([2**48]), "sample index 281474976710656 is too large"),
    (of_train([1.7]), f"{NOT_WHOLE}float64 such as 1.7"),
    (of_train(np.array([1.0])), f"{NOT_WHOLE}float64"),
    (of_train(["1"]), f"{NOT_WHOLE}<U1"),
    (of_train([2**63]), f"{NOT_WHOLE}uint64"),
    (of_train([2**70]), f"{NOT_WHOLE}object"),
    (of_train([True, False]), f"{NOT_WHOLE}bool such as True; np.flatnonzero turns a mask into indices"),
    (of_train(np.zeros((2, 2), int)), "sample indices have 2 dimensions, expected 1: give a list or range"),
    (of_train(3), "sample indices have 0 dimensions, expected 1: give a list or range of whole numbers"),
    (of_train([[1], [2, 3]]), "sample indices must be whole numbers in equal rows, not [[1], [2"),
    (lambda spec: twins(spec, "train", [1.7], "core"), f"{NOT_WHOLE}float64"),
    (twin("mirror"), "unknown kind of twin 'mirror'; choose channel, placebo"),
    (twin("channel"), "needs channel (one of background, color, shape) and value"),
    (twin("channel", "hue", 0), "not 'hue' and 0"),
    (twin("channel", "color", 10), "channel color has the values 0 to 9, not 10"),
    (twin("channel", "color", np.array([3, -1])), "channel color has the values 0 to 9"),
    (twin("channel", "color", np.zeros(3, int)), "needs one value, or one for each of the 2 samples"),
    (twin("channel", "color", np.zeros((2, 1), int)), "needs one value, or one for each of the 2 samples"),
    (twin("channel", "color", 1.9), f"{NOT_WHOLE_VALUES}float64 such as 1.9"),
    (twin("channel", "color", np.array([1.0, 2.0])), f"{NOT_WHOLE_VALUES}float64"),
    (twin("channel", "color", True), f"{NOT_WHOLE_VALUES}bool"),
]  # fmt: skip


@pytest.mark.parametrize(("ask", "message"), REFUSED)
def test_invalid_arguments_are_refused(ask, message, world):
    with pytest.raises(ScenarioError, match=re.escape(message)):
        ask(world())


@pytest.mark.parametrize("indices", [[3, 5], range(3, 6, 2), np.array([3, 5], np.uint8), np.array([3, 5], np.int32)])
def test_whole_numbers_of_any_type_are_accepted(indices, world):
    spec = world(image_size=32)
    made, expected = sample(spec, "train", indices), sample(spec, "train", np.array([3, 5]))
    np.testing.assert_array_equal(made.images, expected.images)
    assert made.captions == expected.captions


def test_no_indices_make_no_samples(world):
    spec = world(image_size=32)
    for made in (sample(spec, "train", []), twins(spec, "test", [], "placebo")):
        assert made.images.shape == (0, 32, 32, 3)
        assert made.captions == []


def test_indices_past_the_size_of_a_split_give_fresh_samples(world):
    spec = world(splits={"train": 90})
    fresh, frozen = (sample(spec, "train", part, images=False).captions for part in (range(5000, 5300), range(90)))
    assert len(set(fresh) - set(frozen)) > 200


@pytest.mark.parametrize("images", [True, False])
def test_samples_are_the_same_after_cutting_and_joining(images, world):
    spec = world(image_size=32)
    whole = sample(spec, "train", range(20), images=images)
    parts = [whole.take(slice(start, start + 8)) for start in range(0, 20, 8)]
    assert [len(part.labels) for part in parts] == [8, 8, 4]
    assert_same(parts[1], sample(spec, "train", range(8, 16), images=images))
    assert_same(Samples.join(parts), whole)


def test_without_inputs_keeps_the_factors_and_releases_the_images(world):
    whole = sample(world(image_size=32), "val", range(5))
    factors = whole.without_inputs()
    assert not factors.inputs.given
    assert_same(factors, sample(world(image_size=32), "val", range(5), images=False, captions=False))
