"""The fingerprint of planted curves, by hand, and of toy ladders in which it is known."""

import math

import numpy as np
import pytest

from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.suite import load_suite
from spurgen.harness.experiments.curves import lowest
from spurgen.harness.statistics.needed import Ratio
from spurgen.harness.validity.fingerprint import (
    GIVEN,
    INFERRED,
    TUNING,
    Probes,
    balanced,
    check_ladder,
    exponent_text,
    fingerprint,
    probe,
    runs_of,
    worlds_of,
)

RUNGS = (2, 8, 32, 128)


def curve(*heights, errors=(0, 0, 0, 0), found=(0, 0, 0, 0)):
    columns = zip(RUNGS, heights, errors, found, strict=True)
    return {str(m): {"robust_accuracy": each, "errors": e, "found": f} for m, each, e, f in columns}


def planted(worlds=5, ceiling=1.0):
    """Curves by which ERM needs 32 and with a quarter of the samples 8; inferred groups 32, given ones 8."""
    late, early = curve(0.25, 0.5, 0.75, 0.875), curve(0.25, 0.75, 0.75, 0.875)
    strong = curve(*[0.1] * 4, errors=(0, 8, 16, 40), found=(0, 4, 12, 40))
    of = {"erm": late, "part": early, "resample": late, "subg": early, GIVEN: early, INFERRED: late, "errors": strong}
    free = {"free": [{"0": {"robust_accuracy": ceiling}}] * worlds} if ceiling else {}
    return {kind: [each] * worlds for kind, each in of.items()} | free


KNOWN = Probes(np.full(5, 0.75), np.full(5, 1.0))


def test_every_figure_follows_from_the_curves_by_hand():
    found = fingerprint(planted(), 0.5, KNOWN)
    assert found.precision.value == pytest.approx((4 / 8 + 12 / 16 + 40 / 40) / 3)
    assert found.recall.value == pytest.approx((0 + 4 / 8 + 12 / 32 + 40 / 128) / 4)
    assert found.cells == {
        "Worlds": "5", "Precision (by rung)": "0.75 (-, 0.50, 0.75, 1.00)", "Recall": "0.30", "Ceiling": "1.00",
        "Class, 32 samples": "0.75", "Shortcut, 32 samples": "1.00", "Exponent of n": "1.00 [1.00, 1.00]",
        "N of ERM": "32", "N, groups given": "8", "N, groups inferred": "32", "Inferred / given": "4.00 [4.00, 4.00]",
        "Variance between worlds": "not known",
    }  # fmt: skip


def test_a_ladder_without_uncorrelated_samples_has_its_declared_ceiling_or_none():
    declared = fingerprint(planted(ceiling=None), 1.0, KNOWN).cells
    assert (declared["Ceiling"], declared["N of ERM"]) == ("1.00 (declared)", "32")
    cells = fingerprint(planted(ceiling=None), None, "4 classes").cells
    assert cells["Ceiling"] == "none"
    assert cells["Class, 32 samples"] == cells["Shortcut, 32 samples"] == "4 classes"
    assert {cells[title] for title in ("Exponent of n", "N of ERM", "N, groups given", "Inferred / given")} == {
        "no ceiling"
    }


def test_what_lies_beyond_the_ladder_and_what_one_world_cannot_tell_is_said():
    curves = planted(1) | {"errors": [curve(*[0.1] * 4)], "erm": [curve(*[0.1] * 4)], GIVEN: [curve(*[0.1] * 4)]}
    cells = fingerprint(curves | {INFERRED: curves[GIVEN]}, None, KNOWN).cells
    assert cells["Precision (by rung)"] == "ERM makes no error (-, -, -, -)"
    assert (cells["N of ERM"], cells["Exponent of n"], cells["Inferred / given"]) == (
        ">128", ">2.00", "beyond the ladder"
    )  # fmt: skip
    assert cells["Variance between worlds"] == "one world"


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        (Ratio(2.0, 2.0, (1.0, 4.0)), "0.50 [0.00, 1.00]"),
        (Ratio(0.0, 0.5, (0.0, math.inf)), "<=-0.50 [no bound, no bound]"),
        (Ratio(0.0, math.inf, None), "beyond the ladder"),
    ],
)
def test_an_exponent_is_the_logarithm_of_a_ratio(ratio, text):
    assert exponent_text(ratio) == text


def test_probes_of_features_that_show_the_shortcut_alone_are_at_chance_for_the_class(two_places):
    for shown, accuracy in ((False, 0.5), (True, 1.0)):
        task = lowest("v4", two_places(f"shown{shown:d}", shown=shown))
        label, shortcut = probe(task, (0, 1))
        assert label.tolist() == [accuracy, accuracy]
        assert shortcut.tolist() == [1, 1]


def test_a_probe_without_enough_samples_of_each_pair_says_so(two_places):
    scarce = lowest("v4", two_places(rungs=[0, 12]))
    assert probe(scarce, (0,)) == "a pair of class and shortcut has 6 samples, of 8"


@pytest.mark.parametrize(
    ("labels", "votes", "reason"),
    [
        ([0, 0, 1], [0, 0, 0], "one class or value"),
        ([0, 1], [-1, -1], "one class or value"),
        (range(6), range(6), "36 pairs of class and shortcut"),
        ([0, 1, 0], [0, 1, 1], "a pair of class and shortcut has 0 samples, of 8"),
    ],
)
def test_samples_that_cannot_be_balanced_are_none(labels, votes, reason):
    assert balanced(np.array([labels, votes]), np.random.default_rng(0)) == reason


def test_balanced_samples_are_as_many_of_each_pair():
    rng = np.random.default_rng(0)
    labels, votes = rng.integers(3, size=400), rng.integers(-1, 3, size=400)
    chosen = balanced(np.stack([labels, votes]), rng)
    assert len({*chosen}) == 27
    assert np.bincount(3 * labels[chosen] + votes[chosen]).tolist() == [3] * 9


def test_worlds_are_those_that_no_suite_ranks_or_all_draws(two_places):
    text = load_suite("v4").ladders["things-text"][0].scenario
    own = lowest("v4", two_places(worlds=3)).scenario
    single = lowest("v4", two_places("single", worlds=1)).scenario
    assert [*worlds_of(text, None)] == [*TUNING]
    assert [*worlds_of(text, (3, 7))] == [3, 7]
    assert [*worlds_of(own, None)] == [0, 1, 2]
    assert [*worlds_of(single, None)] == [0]
    with pytest.raises(ScenarioError, match="places has the draws 0 to 2, but no 3"):
        worlds_of(own, (1, 3))


def test_ladders_without_a_rung_above_0_or_frozen_features_have_none(two_places):
    with pytest.raises(ScenarioError, match="places has no rung above 0"):
        check_ladder(lowest("v4", two_places(rungs=[0])))
    with pytest.raises(ScenarioError, match="finetuned-length trains whole encoders"):
        check_ladder(lowest("v4", "finetuned-length"))


def test_the_ceiling_is_trained_where_there_are_samples_without_the_correlation(two_places):
    path = two_places()
    own = runs_of(lowest("v4", path), "v4", path, (0, 1))
    assert "free" not in own
    assert {run.rungs for runs in own.values() for run in runs} == {(4, 16)}
    assert [run.world for run in own["part"]] == [0, 1]
    text = runs_of(lowest("v4", "things-text"), "v4", "things-text", (100,))
    assert [(run.uncorrelated, run.rungs) for run in text["free"]] == [(True, (0,))]
