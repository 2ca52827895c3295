"""The factors of samples, and combinations of them that are withheld."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.worlds.pictograms import BALANCED
from spurgen.generators import aligned_values, check, sample, twins
from spurgen.generators.pictograms.sampling import patterns
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


def test_the_first_sample_behind_the_balanced_ones_is_drawn_as_in_train(drawn, world):
    splits = {"val": 100, "val_per_group": 1}
    worlds = [world(seed=seed, num_classes=5, channels={"color": {}}, splits=splits) for seed in range(20)]
    assert {each.num_balanced_val for each in worlds} == {10}
    assert len({int(drawn(each, "val", 11).labels[10]) for each in worlds}) > 1


def test_test_can_have_more_samples_with_all_channels_conflicting(drawn, world):
    spec = world(num_classes=4, splits={"test_per_group": 3, "conflicting_per_class": 7})
    before = world(num_classes=4, splits={"test_per_group": 3})
    factors, old = (drawn(s, "test", s.num_test) for s in (spec, before))
    np.testing.assert_array_equal(factors.labels[: len(old.labels)], old.labels)
    pattern = patterns(state_of(spec), factors.labels, factors.values, tuple(spec.channels))
    counts = np.bincount(factors.labels * 8 + pattern).reshape(4, 8)
    assert (counts[:, :7] == 3).all()
    assert (counts[:, 7] == 10).all()


def shows(core, values, combination):
    """Return which rows show a withheld combination, bool (n,)."""
    columns = {"class": core, **values}
    return np.all([columns[name] == value for name, value in combination.items()], axis=0)


def rows_that_show(factors, *withheld):
    return np.any([shows(factors.core, factors.values, combination) for combination in withheld], axis=0)


WITHHELD = [
    [{"class": 0, "color": 1}],
    [{"color": 2, "shape": 3}],
    [{"class": 0, "color": 1}, {"class": 0, "shape": 2}],
    [{"class": 1, "background": 4, "color": 4}, {"color": 4, "background": 0}, {"class": 1, "shape": 5}],
    [{"class": k, "color": c} for k in range(10) for c in range(10) if c not in (k, (k + 1) % 10)],
]


@pytest.mark.parametrize("withheld", WITHHELD)
@pytest.mark.parametrize("split", ["train", "val"])
def test_withheld_combinations_never_occur_and_other_rows_do_not_change(withheld, split, drawn, world):
    free, factors = drawn(world(), split), drawn(world(withheld=withheld), split)
    assert not rows_that_show(factors, *withheld).any()
    untouched = ~rows_that_show(free, *withheld)
    assert 0 < untouched.sum() < N
    np.testing.assert_array_equal(factors.labels, free.labels)
    for name, values in factors.values.items():
        np.testing.assert_array_equal(values[untouched], free.values[name][untouched])


def test_values_that_replace_a_withheld_one_are_uniform(drawn, world):
    withheld = {"class": 0, "color": 1}
    hit = rows_that_show(drawn(world(), count=4 * N), withheld)
    redrawn = drawn(world(withheld=[withheld]), count=4 * N).values["color"][hit]
    assert 1 not in redrawn
    counts = np.unique(redrawn, return_counts=True)[1]
    assert len(counts) == 9
    assert np.abs(counts - len(redrawn) / 9).max() < 5 * np.sqrt(len(redrawn) / 9)


def test_with_label_noise_the_class_shown_is_withheld_not_the_label(drawn, world):
    factors = drawn(world(withheld=[{"class": 0, "color": 1}], label_noise=0.5))
    assert not rows_that_show(factors, {"class": 0, "color": 1}).any()
    assert ((factors.labels == 0) & (factors.values["color"] == 1)).any()


def test_the_test_split_shows_withheld_combinations(drawn, world):
    spec = world(withheld=[{"class": 0, "color": c} for c in range(9)])
    np.testing.assert_array_equal(drawn(spec, "test").values["color"], drawn(world(), "test").values["color"])


@pytest.mark.parametrize("split", ["train", "val", "calibration", "test"])
def test_unc_twins_show_withheld_combinations_on_balanced_splits_only(split, drawn, world):
    withheld = [{"class": 0, "color": 1}, {"color": 2, "shape": 3}]
    free, values = (
        twins(spec, split, range(5000), "unc", images=False, captions=False).channel_values
        for spec in (world(), world(withheld=withheld))
    )
    core = drawn(world(), split, 5000).core
    hit = [shows(core, free, combination) for combination in withheld]
    assert np.any(hit, axis=1).all()
    assert np.any([shows(core, values, combination) for combination in withheld]) == (split in BALANCED)
    for name in values:
        np.testing.assert_array_equal(values[name][~np.any(hit, axis=0)], free[name][~np.any(hit, axis=0)])


IMPOSSIBLE = [
    ([{"class": 0, "color": c} for c in range(10)], r"leaves no value of color for {'class': 0}"),
    ([{"shape": 1, "color": c} for c in range(10)], r"leaves no value of color for {'shape': 1}"),
    (
        [{"shape": c, "color": c} for c in range(5)] + [{"background": 3, "color": c} for c in range(10)],
        r"leaves no value of color for {'background': 3}",
    ),
    (
        [{name: k, "color": c} for c in range(10) for name in ("background", "shape", "class") for k in range(10)],
        "too many combinations with color to check; withhold fewer",
    ),
]


@pytest.mark.parametrize(("withheld", "message"), IMPOSSIBLE)
def test_withholding_every_value_is_refused_before_drawing(withheld, message, world):
    for order in (withheld, withheld[::-1]):
        for act in (check, lambda spec: sample(spec, "train", [])):
            with pytest.raises(ScenarioError, match=message):
                act(world(withheld=order))


SIZES = {"class": 2, "color": 3, "shape": 2}
NAMES = [("class", "color"), ("class", "shape"), ("color", "shape"), ("shape", "color"), ("class", "color", "shape")]
COMBINATIONS = [
    dict(zip(names, at, strict=True)) for names in NAMES for at in product(*(range(SIZES[name]) for name in names))
]


def test_a_hidden_channel_cannot_be_withheld_since_no_twin_redraws_it(world):
    channels = {"color": {"hidden": True}, "shape": {}}
    with pytest.raises(ScenarioError, match="withheld: color is hidden, so no twin may redraw it; name other channels"):
        check(world(channels=channels, withheld=[{"shape": 1, "color": 1}]))
    check(world(channels=channels, withheld=[{"class": 1, "shape": 1}]))


def leaves_none(name, row, withheld):
    """Return whether channel `name` may be redrawn beside these other factors and has no value then."""
    met = [
        [c for c in withheld if c.get(name) == v and c.items() <= (row | {name: v}).items()] for v in range(SIZES[name])
    ]
    return all(met) and any(list(combination)[-1] == name for some in met for combination in some)


@settings(max_examples=200)
@given(withheld=st.lists(st.sampled_from(COMBINATIONS), min_size=1, max_size=8))
def test_withheld_combinations_are_refused_where_no_value_would_be_left_and_else_never_shown(withheld, drawn, world):
    channels = {"color": {"values": 3}, "shape": {"values": 2}}
    spec = world(num_classes=2, channels=channels, withheld=withheld, splits={"twins": 1})
    rows = [dict(zip(SIZES, at, strict=True)) for at in product(*map(range, SIZES.values()))]
    if any(leaves_none(name, row, withheld) for name in channels for row in rows):
        with pytest.raises(ScenarioError, match="leaves no value of"):
            check(spec)
    else:
        check(spec)
        assert not rows_that_show(drawn(spec, count=400), *withheld).any()
