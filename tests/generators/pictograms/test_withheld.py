from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.worlds.pictograms import BALANCED
from spurgen.generators import check, sample, twins

N = 30_000


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
