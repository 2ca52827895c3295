"""Excess reliance from what a suite stores, and metrics that older results lack."""

import pytest

from spurgen.benchmark.ideal import IdealFile, IdealValues, dump_ideal
from spurgen.benchmark.suite import load_suite
from spurgen.harness.results.derived import with_derived
from spurgen.harness.results.ideal import excess_reliance, stored_ideals
from spurgen.harness.results.identity import SCORING_VERSION


@pytest.fixture
def worlds(suite, suite_file):
    """The tiny suite with two worlds, whose ideal observers have a reliance of .1 and .2 on text."""
    file = suite.scenario_file("small")
    file.write_text("worlds = 2\n" + file.read_text())
    read = load_suite(suite_file)
    values = {
        name: {
            "text": IdealValues(
                scenario_sha256=world.digest, scoring=SCORING_VERSION, metrics={"reliance": 0.1 + k / 10}, channels={}
            )
        }
        for k, (name, world) in enumerate(read.scenarios.items())
    }
    read.ideal_file.write_text(dump_ideal(IdealFile(suite="tiny", worlds=values)))
    return load_suite(suite_file)


@pytest.fixture
def old(suite, make_outcome):
    """Return a function that makes a result of a seed without the metrics that came later."""

    def make(seed, pull, task="small-text"):
        channels = {"color": {"pull": pull}, "background": {"pull": pull / 2}}
        patterns = {"aa": 0.9, "ac": 0.8, "ca": 0.7, "cc": 0.75}
        return make_outcome(suite, 0.5, seed, task, channels=channels, patterns=patterns)[0]

    return make


def test_excess_is_the_reliance_less_that_of_the_ideal_observer_of_the_results_world(worlds, old):
    results = [old(0, 0.2), old(1, 0.4)]  # with three values for three classes the oracle has a pull of 2/3
    assert excess_reliance(stored_ideals(worlds), worlds.task("small-text"), results) == pytest.approx([0.2, 0.4])


def test_what_is_not_known_has_no_excess(worlds, old):
    image = worlds.task("small-image")  # nothing is stored for images
    assert excess_reliance(stored_ideals(worlds), image, [old(0, 0.2, "small-image")]) == [None]
    unknown = old(0, 0.2).model_copy(update={"channels": {"color": {}, "background": {}}})
    assert excess_reliance(stored_ideals(worlds), worlds.task("small-text"), [unknown]) == [None]


def test_older_results_get_robust_accuracy_and_reliance_and_newer_ones_keep_theirs(worlds, old):
    task = worlds.task("small-text")
    (complete,) = with_derived(task, [old(1, 0.3)])
    assert complete.channels["color"]["reliance"] == pytest.approx(0.45)
    assert complete.metrics["reliance"] == pytest.approx(0.45)
    assert complete.metrics["robust_accuracy"] == 0.7
    newer = old(0, 0.3).model_copy(update={"metrics": {"robust_accuracy": 0.6, "reliance": 0.1}})
    assert with_derived(task, [newer])[0].metrics == newer.metrics
    channels = {"color": {"pull": 0.1}, "background": {}}
    part = old(0, 0.3).model_copy(update={"patterns": {"aa": 0.9}, "channels": channels})
    assert {"robust_accuracy", "reliance"}.isdisjoint(with_derived(task, [part])[0].metrics)
