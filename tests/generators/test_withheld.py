from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spurgen.benchmark.errors import ScenarioError
from spurgen.generators import check, sample, twins

N = 30_000
CHANNELS = {"background": {}, "color": {}, "shape": {}}


def shown(factors, combination):
    columns = {"class": factors.core, **factors.values}
    return np.all([columns[name] == value for name, value in combination.items()], axis=0)


WITHHELD = [
    [{"class": 0, "color": 1}],
    [{"color": 2, "shape": 3}],
    [{"class": 0, "color": 1}, {"class": 0, "shape": 2}],
    [{"class": 1, "background": 4, "color": 4}, {"color": 4, "background": 0}, {"class": 1, "shape": 5}],
    [{"class": k, "color": c} for k in range(10) for c in range(10) if c not in (k, (k + 1) % 10)],
]


@pytest.mark.parametrize("withheld", WITHHELD)
@pytest.mark.parametrize("split", ["train", "val"])
def test_withheld_combinations_never_occur_and_all_else_is_kept(withheld, split, drawn, world):
    free, spec = drawn(world(), split), world(withheld=withheld)
    factors = drawn(spec, split)
    assert not any(shown(factors, combination).any() for combination in withheld)
    untouched = ~np.any([shown(free, combination) for combination in withheld], axis=0)
    assert 0 < untouched.sum() < N
    np.testing.assert_array_equal(factors.labels, free.labels)
    for name in spec.channels:
        np.testing.assert_array_equal(factors.values[name][untouched], free.values[name][untouched])


def test_a_withheld_value_makes_way_for_the_others_evenly(drawn, world):
    spec = world(withheld=[{"class": 0, "color": 1}])
    hit = shown(drawn(world(), count=4 * N), {"class": 0, "color": 1})
    redrawn = drawn(spec, count=4 * N).values["color"][hit]
    assert 1 not in redrawn
    counts = np.unique(redrawn, return_counts=True)[1]
    assert len(counts) == 9
    assert np.abs(counts - len(redrawn) / 9).max() < 5 * np.sqrt(len(redrawn) / 9)


def test_withheld_concerns_the_class_shown_where_labels_are_noisy(drawn, world):
    factors = drawn(world(withheld=[{"class": 0, "color": 1}], label_noise=0.5))
    assert not shown(factors, {"class": 0, "color": 1}).any()
    assert ((factors.labels == 0) & (factors.values["color"] == 1)).any()


def test_the_test_split_shows_what_training_withholds(drawn, world):
    spec = world(withheld=[{"class": 0, "color": c} for c in range(9)])
    np.testing.assert_array_equal(drawn(spec, "test").values["color"], drawn(world(), "test").values["color"])


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_redrawing_every_channel_shows_what_is_withheld_on_test_alone(split, drawn, world):
    withheld = [{"class": 0, "color": 1}, {"color": 2, "shape": 3}]
    free, kept = (
        twins(world(withheld=which), split, range(5000), "unc", images=False, captions=False).channel_values
        for which in ([], withheld)
    )
    core = drawn(world(), split, 5000).core
    hit = [np.all([({"class": core, **free}[k] == v) for k, v in c.items()], axis=0) for c in withheld]
    shown_still = [np.all([({"class": core, **kept}[k] == v) for k, v in c.items()], axis=0) for c in withheld]
    assert np.any(hit, axis=1).all()
    assert np.any(shown_still) == (split == "test")
    for name in CHANNELS:
        np.testing.assert_array_equal(kept[name][~np.any(hit, axis=0)], free[name][~np.any(hit, axis=0)])


IMPOSSIBLE = [
    ([{"class": 0, "color": c} for c in range(10)], r"leaves no value of color for {'class': 0}"),
    ([{"shape": 1, "color": c} for c in range(10)], r"leaves no value of color for {'shape': 1}"),
    (
        [{"shape": c, "color": c} for c in range(5)] + [{"background": 3, "color": c} for c in range(10)],
        r"leaves no value of color for {'background': 3}",
    ),
]


@pytest.mark.parametrize(("withheld", "message"), IMPOSSIBLE)
def test_withholding_every_value_is_refused_before_anything_is_drawn(withheld, message, world):
    for order in (withheld, withheld[::-1]):
        spec = world(withheld=order)
        for act in (check, lambda s: sample(s, "train", [])):
            with pytest.raises(ScenarioError, match=message):
                act(spec)


@settings(max_examples=60)
@given(data=st.data())
def test_whatever_is_withheld_is_refused_or_never_shown(data, drawn, world):
    channels = {"color": {"values": 3}, "shape": {"values": 2}}
    options = [dict(zip(names, at, strict=True)) for names, at in _combinations()]
    withheld = data.draw(st.lists(st.sampled_from(options), min_size=1, max_size=5))
    spec = world(num_classes=2, channels=channels, withheld=withheld, splits={"twins": 1})
    try:
        check(spec)
    except ScenarioError:
        return
    factors = drawn(spec, count=400)
    assert not any(shown(factors, combination).any() for combination in withheld)


def _combinations():
    sizes = {"class": 2, "color": 3, "shape": 2}
    for names in (
        ("class", "color"),
        ("class", "shape"),
        ("color", "shape"),
        ("shape", "color"),
        ("class", "color", "shape"),
    ):
        for at in product(*(range(sizes[name]) for name in names)):
            yield names, at
