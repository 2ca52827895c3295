import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.worlds.pictograms import BALANCED
from spurgen.generators import aligned_values, sample
from spurgen.generators.pictograms.factors import patterns
from spurgen.generators.pictograms.state import state_of

N = 30_000


def agrees(hits, total, probability):
    """Return whether a count lies within five standard deviations of its binomial mean."""
    return abs(hits - total * probability) <= 5 * np.sqrt(total * probability * (1 - probability)) + 1e-9


def even(values, count):
    """Return whether values are uniform over `count` different ones."""
    counts = np.unique(values, return_counts=True)[1]
    return len(counts) == count and all(agrees(c, len(values), 1 / count) for c in counts)


def is_aligned(scenario, name, values, labels):
    return aligned_values(scenario, name)[values, labels]


@pytest.mark.parametrize("split", ["train", "val"])
@pytest.mark.parametrize("alignment", ["one-to-one", "many-to-many"])
def test_strengths_hold_per_channel_and_class_and_conflicting_values_are_uniform(split, alignment, drawn, world):
    per_class = [0.0, 0.2, 0.5, 0.9, 1.0]
    spec = world(
        num_classes=5,
        channels={
            "color": {"values": 6, "strength": per_class, "alignment": alignment},
            "shape": {"values": 12, "strength": 0.75, "alignment": alignment},
            "voice": {"values": 5, "strength": 0.1, "alignment": alignment, "carrier": "caption"},
        },
    )
    factors = drawn(spec, split)
    for name, channel in spec.channels.items():
        for label in range(5):
            strength = channel.strength[label] if name == "color" else channel.strength
            values = factors.values[name][factors.labels == label]
            aligned = is_aligned(spec, name, values, label)
            assert agrees(aligned.sum(), len(values), strength)
            pairs = {"one-to-one": 1, "many-to-many": 2}[alignment]
            assert strength == 0 or even(values[aligned], pairs)
            assert strength == 1 or even(values[~aligned], channel.values - pairs)


def test_channels_are_independent_given_the_class(drawn, world):
    spec = world(num_classes=4, channels={"color": {"strength": 0.6}, "shape": {"strength": 0.3}})
    factors = drawn(spec)
    a, b = (is_aligned(spec, name, factors.values[name], factors.labels) for name in ("color", "shape"))
    assert agrees((a & b).sum(), N, 0.6 * 0.3)
    assert agrees((~a & ~b).sum(), N, 0.4 * 0.7)


def test_environments_follow_their_weights_and_have_strengths_of_their_own(drawn, world):
    spec = world(
        environments=[
            {"name": "a", "weight": 1, "strength": {"color": 0.9}},
            {"name": "b", "weight": 2.5, "strength": {"color": [k / 10 for k in range(10)]}},
            {"name": "c", "weight": 0.5},
        ]
    )
    factors = drawn(spec)
    assert even(factors.labels, 10)
    for env, weight in enumerate((1, 2.5, 0.5)):
        here = factors.env_ids == env
        assert agrees(here.sum(), N, weight / 4)
        aligned = is_aligned(spec, "color", factors.values["color"], factors.labels)
        for label in range(10):
            part = here & (factors.labels == label)
            strength = (0.9, label / 10, 0.75)[env]
            assert agrees(aligned[part].sum(), part.sum(), strength)
        shape = is_aligned(spec, "shape", factors.values["shape"], factors.labels)
        assert agrees(shape[here].sum(), here.sum(), 0.75)


def test_environment_bounds_are_exact_where_a_running_sum_would_round(world):
    spec = world(environments=[{"name": f"e{k}", "weight": 0.1} for k in range(10)])
    assert state_of(spec).environment_bounds.tolist() == [int(k / 10 * 2**32) for k in range(1, 10)]


def test_without_environments_training_has_one_and_test_none(drawn, world):
    assert set(drawn(world(), count=100).env_ids) == {0}
    assert set(drawn(world(), "test", 100).env_ids) == {-1}


@settings(max_examples=25)
@given(split=st.sampled_from(BALANCED), num_classes=st.integers(2, 20), channels=st.integers(0, 3),
       prefix=st.integers(0, 400))  # fmt: skip
def test_every_prefix_of_a_balanced_split_is_as_balanced_as_possible(split, num_classes, channels, prefix, world):
    chosen = {name: {} for name in ("background", "color", "shape")[:channels]}
    spec = world(num_classes=num_classes, channels=chosen, splits={"twins": 1})
    made = sample(spec, split, range(prefix), images=False, captions=False)
    counts = np.bincount(made.group_ids, minlength=num_classes * spec.num_patterns)
    assert len(counts) == num_classes * spec.num_patterns
    assert counts.max() - counts.min() <= 1
    by_class = np.bincount(made.labels, minlength=num_classes)
    assert by_class.max() - by_class.min() <= 1


def test_all_groups_of_test_have_the_same_size_and_conflicting_values_are_uniform(drawn, world):
    spec = world(splits={"test_per_group": 90})
    factors = drawn(spec, "test", spec.num_test)
    group = factors.labels * 8 + patterns(state_of(spec), factors.labels, factors.values, tuple(spec.channels))
    assert set(np.bincount(group)) == {90}
    for name, values in factors.values.items():
        aligned = is_aligned(spec, name, values, factors.labels)
        assert aligned.mean() == 0.5
        for label in range(10):
            assert even(values[~aligned & (factors.labels == label)], 9)


@pytest.mark.parametrize(("alignment", "each"), [("one-to-one", 1), ("many-to-many", 2)])
@pytest.mark.parametrize("values", [3, 10])
def test_alignment_spreads_values_evenly_over_the_classes(alignment, each, values, world):
    spec = world(channels={"color": {"values": values, "alignment": alignment}})
    table = aligned_values(spec, "color")
    assert table.shape == (values, 10)
    assert (table.sum(axis=0) == each).all()
    per_value = table.sum(axis=1)
    assert per_value.max() - per_value.min() <= each


def test_alignment_depends_only_on_the_seed_and_the_kind(world):
    both = world(channels={"color": {}, "shape": {}})
    apart = world(channels={"b": {"kind": "color", "carrier": "image"}, "a": {"kind": "color", "carrier": "caption"}})
    for name in ("a", "b"):
        np.testing.assert_array_equal(aligned_values(both, "color"), aligned_values(apart, name))
    assert (aligned_values(both, "color") != aligned_values(both, "shape")).any()
    assert (aligned_values(both, "color") != aligned_values(world(seed=4), "color")).any()
    with pytest.raises(ScenarioError, match=r"no channel 'hue'; scenario w has color, shape"):
        aligned_values(both, "hue")


def test_worlds_with_the_same_alignment_seed_share_the_alignment_but_no_sample(world):
    specs = world(), world(seed=4, alignment_seed=world().seed)
    np.testing.assert_array_equal(*(aligned_values(spec, "color") for spec in specs))
    captions = [sample(spec, "test", range(50), images=False).captions for spec in specs]
    assert set(captions[0]).isdisjoint(captions[1])


@pytest.mark.parametrize("noise", [0.0, 0.15, 0.9])
def test_label_noise_records_other_classes_uniformly_and_leaves_test_clean(noise, drawn, world):
    spec = world(num_classes=5, label_noise=noise)
    factors = drawn(spec)
    wrong = factors.labels != factors.core
    assert agrees(wrong.sum(), N, noise)
    assert noise == 0 or even((factors.core - factors.labels)[wrong] % 5, 4)
    aligned = is_aligned(spec, "color", factors.values["color"], factors.labels)
    assert agrees(aligned.sum(), N, 0.75)
    test = drawn(spec, "test", 1000)
    assert (test.labels == test.core).all()


@pytest.mark.parametrize("split", ["train", "val", "calibration", "test"])
@pytest.mark.parametrize("visibility", [0.0, 0.3, 1.0])
def test_core_visibility_is_a_rate_and_sets_the_ceiling(split, visibility, drawn, world):
    spec = world(core_visibility=visibility)
    assert agrees(drawn(spec, split).visible.sum(), N, visibility)
    assert spec.ceiling == pytest.approx(visibility + (1 - visibility) / 10)


def test_noise_on_labels_changes_the_record_and_leaves_the_scene(drawn, world):
    spec = world(label_noise=0.2, noise_kind="label", channels={"color": {"strength": 0.9}})
    factors = drawn(spec)
    assert agrees((factors.labels != factors.core).sum(), N, 0.2)
    assert agrees(is_aligned(spec, "color", factors.values["color"], factors.core).sum(), N, 0.9)
    flipped = factors.labels != factors.core
    chance = 0.1 / 9  # the value of a recorded class that is not shown is a conflicting one
    assert agrees(
        is_aligned(spec, "color", factors.values["color"], factors.labels)[flipped].sum(), flipped.sum(), chance
    )


def test_val_can_be_clean_and_begin_with_balanced_groups(drawn, world):
    splits = {"val": 20_000, "val_per_group": 30}
    spec = world(num_classes=5, label_noise=0.4, channels={"color": {"strength": 1.0}, "shape": {}}, splits=splits)
    factors = drawn(spec, "val", 20_000)
    np.testing.assert_array_equal(factors.labels, factors.core)
    groups = factors.labels * 4 + patterns(state_of(spec), factors.labels, factors.values, ("color", "shape"))
    assert (np.bincount(groups[:600], minlength=20) == 30).all()
    rest = groups[600:] % 4
    assert not (rest % 2).any()  # as in train, where the colour always goes with the class
    assert agrees((rest == 0).sum(), len(rest), 0.75)
    assert (factors.env_ids == 0).all()


def test_test_can_have_more_samples_with_all_channels_conflicting(drawn, world):
    spec = world(num_classes=4, splits={"test_per_group": 3, "conflicting_per_class": 7})
    before = world(num_classes=4, splits={"test_per_group": 3})
    factors, old = (drawn(s, "test", s.num_test) for s in (spec, before))
    np.testing.assert_array_equal(factors.labels[: len(old.labels)], old.labels)
    pattern = patterns(state_of(spec), factors.labels, factors.values, tuple(spec.channels))
    counts = np.bincount(factors.labels * 8 + pattern).reshape(4, 8)
    assert (counts[:, :7] == 3).all()
    assert (counts[:, 7] == 10).all()
