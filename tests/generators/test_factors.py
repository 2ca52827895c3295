import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spurgen.benchmark.errors import ScenarioError
from spurgen.generators import aligned_values, sample
from spurgen.generators.factors import patterns
from spurgen.generators.world import make_world

N = 30_000
CHANNELS = {"background": {}, "color": {}, "shape": {}}


def agrees(hits, total, probability):
    """Says whether a count is one that a binomial would give, five standard deviations either way."""
    return abs(hits - total * probability) <= 5 * np.sqrt(total * probability * (1 - probability)) + 1e-9


def even(values, count):
    """Says whether values are drawn evenly from `count` of them."""
    kinds, counts = np.unique(values, return_counts=True)
    return len(kinds) == count and all(agrees(c, len(values), 1 / count) for c in counts)


def goes_with(scenario, name, values, labels):
    return aligned_values(scenario, name)[values, labels]


@pytest.mark.parametrize("split", ["train", "val"])
@pytest.mark.parametrize("alignment", ["one-to-one", "many-to-many"])
def test_strength_holds_per_channel_and_class_and_what_conflicts_is_uniform(split, alignment, drawn, world):
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
            aligned = goes_with(spec, name, values, label)
            assert agrees(aligned.sum(), len(values), strength)
            pairs = {"one-to-one": 1, "many-to-many": 2}[alignment]
            assert strength == 0 or even(values[aligned], pairs)
            assert strength == 1 or even(values[~aligned], channel.values - pairs)


def test_channels_are_independent_given_the_class(drawn, world):
    spec = world(num_classes=4, channels={"color": {"strength": 0.6}, "shape": {"strength": 0.3}})
    factors = drawn(spec)
    a, b = (goes_with(spec, name, factors.values[name], factors.labels) for name in ("color", "shape"))
    assert agrees((a & b).sum(), N, 0.6 * 0.3)
    assert agrees((~a & ~b).sum(), N, 0.4 * 0.7)


def test_labels_and_environments_are_drawn_as_the_weights_say(drawn, world):
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
        aligned = goes_with(spec, "color", factors.values["color"], factors.labels)
        for label in range(10):
            part = here & (factors.labels == label)
            strength = (0.9, label / 10, 0.75)[env]
            assert agrees(aligned[part].sum(), part.sum(), strength)
        shape = goes_with(spec, "shape", factors.values["shape"], factors.labels)
        assert agrees(shape[here].sum(), here.sum(), 0.75)


def test_environment_bounds_are_exact_for_weights_that_a_running_sum_would_round(world):
    weights = [0.1] * 10
    spec = world(environments=[{"name": f"e{k}", "weight": w} for k, w in enumerate(weights)])
    assert make_world(spec).environment_bounds.tolist() == [int(k / 10 * 2**32) for k in range(1, 10)]


def test_without_environments_all_belong_to_one_and_test_samples_to_none(drawn, world):
    assert set(drawn(world(), count=100).env_ids) == {0}
    assert set(drawn(world(), "test", 100).env_ids) == {-1}


@settings(max_examples=25)
@given(num_classes=st.integers(2, 20), channels=st.integers(0, 3), prefix=st.integers(0, 400))
def test_any_prefix_of_the_test_split_is_as_balanced_as_can_be(num_classes, channels, prefix, world):
    chosen = dict(list(CHANNELS.items())[:channels])
    spec = world(num_classes=num_classes, channels=chosen, splits={"twins": 1})
    made = sample(spec, "test", range(prefix), images=False, captions=False)
    counts = np.bincount(made.group_ids, minlength=num_classes * spec.num_patterns)
    assert len(counts) == num_classes * spec.num_patterns
    assert counts.max() - counts.min() <= 1
    by_class = np.bincount(made.labels, minlength=num_classes)
    assert by_class.max() - by_class.min() <= 1


def test_the_whole_test_split_has_the_same_number_in_every_cell_and_conflicts_evenly(drawn, world):
    spec = world(splits={"test_per_group": 90})
    factors = drawn(spec, "test", spec.num_test)
    group = factors.labels * 8 + patterns(make_world(spec), factors.labels, factors.values, tuple(spec.channels))
    assert set(np.bincount(group)) == {90}
    for name, values in factors.values.items():
        aligned = goes_with(spec, name, values, factors.labels)
        assert aligned.mean() == 0.5
        for label in range(10):
            assert even(values[~aligned & (factors.labels == label)], 9)
    assert (factors.core == factors.labels).all()


@pytest.mark.parametrize(("alignment", "each"), [("one-to-one", 1), ("many-to-many", 2)])
@pytest.mark.parametrize("values", [3, 10])
def test_alignment_spreads_the_values_over_the_classes(alignment, each, values, world):
    spec = world(channels={"color": {"values": values, "alignment": alignment}})
    table = aligned_values(spec, "color")
    assert table.shape == (values, 10)
    assert (table.sum(axis=0) == each).all()
    per_value = table.sum(axis=1)
    assert per_value.sum() == 10 * each
    assert per_value.max() - per_value.min() <= each


def test_alignment_is_fixed_by_the_seed_and_the_kind_alone(world):
    both = world(channels={"color": {}, "shape": {}})
    apart = world(channels={"b": {"kind": "color", "carrier": "image"}, "a": {"kind": "color", "carrier": "caption"}})
    for name in ("a", "b"):
        np.testing.assert_array_equal(aligned_values(both, "color"), aligned_values(apart, name))
    assert (aligned_values(both, "color") != aligned_values(both, "shape")).any()
    assert (aligned_values(both, "color") != aligned_values(world(seed=4), "color")).any()
    with pytest.raises(ScenarioError, match=r"no channel 'hue'; scenario w has color, shape"):
        aligned_values(both, "hue")


def test_an_alignment_seed_keeps_the_alignment_and_no_sample(world):
    one, other = world(), world(seed=4, alignment_seed=world().seed)
    np.testing.assert_array_equal(aligned_values(one, "color"), aligned_values(other, "color"))
    ours, theirs = (sample(spec, "test", range(50)) for spec in (one, other))
    assert not set(ours.captions) & set(theirs.captions)


@pytest.mark.parametrize("noise", [0.0, 0.15, 0.9])
def test_label_noise_records_another_class_evenly_and_spares_test(noise, drawn, world):
    spec = world(num_classes=5, label_noise=noise)
    factors = drawn(spec)
    wrong = factors.labels != factors.core
    assert agrees(wrong.sum(), N, noise)
    assert noise == 0 or even((factors.core - factors.labels)[wrong] % 5, 4)
    aligned = goes_with(spec, "color", factors.values["color"], factors.labels)
    assert agrees(aligned.sum(), N, 0.75)
    test = drawn(spec, "test", 1000)
    assert (test.labels == test.core).all()


@pytest.mark.parametrize("split", ["train", "val", "test"])
@pytest.mark.parametrize("visibility", [0.0, 0.3, 1.0])
def test_core_is_visible_as_often_as_the_scenario_says(split, visibility, drawn, world):
    spec = world(core_visibility=visibility)
    assert agrees(drawn(spec, split).visible.sum(), N, visibility)
    assert spec.ceiling == pytest.approx(visibility + (1 - visibility) / 10)
