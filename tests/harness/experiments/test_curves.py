"""Methods on small ladders: what is measured on each rung, and what is not measured twice."""

import json

import pytest

from spurgen.benchmark.errors import ScenarioError, SpurgenError
from spurgen.harness.experiments import curves
from spurgen.harness.experiments.curves import Run, climb, lowest, measure, unencoded
from spurgen.harness.running.features import missing

STRONG = json.dumps({"l2": 0.037})


@pytest.mark.usefixtures("words", "coarse")
def test_a_climb_has_every_rung_or_those_asked_for(steps):
    curve = climb(Run(steps, "few", 100, "erm"))
    assert list(curve) == ["0", "6"]
    states = [f"{where}_{state}" for where in ("accuracy", "seen") for state in ("agree", "mislead", "neutral")]
    for at in curve.values():
        assert {*at} == {"robust_accuracy", "errors", "found", *states}
        assert at["robust_accuracy"] == min(at[state] for state in states[:3])
    assert curve["0"]["found"] == 0
    free = climb(Run(steps, "few", 100, "erm", rungs=(0,), uncorrelated=True))
    assert list(free) == ["0"]
    assert free["0"] != curve["0"]


@pytest.mark.usefixtures("words")
def test_twins_of_test_are_neither_encoded_nor_asked(steps):
    run = Run(steps, "few", 100, "erm")
    asked = {work.part for work in unencoded([run, run._replace(method="bsoftmax")])}
    assert {"train", "train/free", "test/neutral", "seen/agree"} < asked
    assert not {"test/hue", "test/place", "test/thing", "test/free"} & asked
    climb(run)
    left = {work.part for work in missing([lowest(steps, "few").in_world(100)], None)}
    assert {"test/hue", "test/place", "test/thing", "test/free"} < left
    assert not {"train", "train/counter", "test/agree", "seen/neutral"} & left


def test_errors_of_a_strong_penalty_are_the_counterexamples_and_what_looks_like_them(two_places):
    path = two_places(shown=False, strays=6)
    curve = climb(Run("v4", path, 1, "erm", STRONG))
    assert {m: (at["errors"], at["found"]) for m, at in curve.items()} == {"0": (6, 0), "4": (10, 4), "16": (22, 16)}
    assert (curve["16"]["accuracy_agree"], curve["16"]["accuracy_mislead"]) == (1, 0)


def test_a_share_of_the_majority_keeps_all_counterexamples(two_places, monkeypatch):
    sizes = []

    def fit(job, here, train, val, fit=curves.fit):
        sizes.append((len(train.labels), len(val.labels)))
        return fit(job, here, train, val)

    monkeypatch.setattr(curves, "fit", fit)
    curve = climb(Run("v4", two_places(shown=False, strays=6), 0, "erm", STRONG, (4,), share=0.25))
    assert sizes == [(20 + 4, 20 + 16)]
    assert (curve["4"]["errors"], curve["4"]["found"]) == (6 + 4, 4)


def test_what_is_in_the_file_is_not_trained_again(two_places, tmp_path, monkeypatch):
    monkeypatch.setattr(curves.pool, "run", lambda work, jobs, _: ((job, work(job)) for job in jobs))
    path, done = two_places(), []
    first, second = (Run("v4", path, world, "erm", rungs=(4,)) for world in (0, 1))
    found = measure([first], tmp_path / "known.json", 1, done.append)
    assert measure([first, second], tmp_path / "known.json", 1, done.append)[first] == found[first]
    assert done == [first, second]
    two_places(sizes=(80, 24, 20))  # another table, so another ladder
    measure([first], tmp_path / "known.json", 1, done.append)
    assert done == [first, second, first]


def test_a_ladder_is_a_name_of_the_suite_or_a_file(steps, two_places, small):
    assert lowest(steps, "few").name == "few-0"
    assert lowest(steps, "few", 60).num_train == 60
    assert lowest(steps, two_places()).name == "places-0"
    with pytest.raises(SpurgenError, match="there is no ladder 'fww'; did you mean few"):
        lowest(steps, "fww")
    with pytest.raises(ScenarioError, match=r"small\.toml describes no ladder: it has no rungs of counterexamples"):
        lowest(steps, str(small / "small.toml"))
