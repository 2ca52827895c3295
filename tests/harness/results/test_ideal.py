"""Excess reliance from what a suite stores, and the total reliance."""

import numpy as np
import pytest

from spurgen.benchmark.ideal import IdealFile, IdealValues, dump_ideal
from spurgen.benchmark.suite import load_suite
from spurgen.harness.results.derived import with_total
from spurgen.harness.results.ideal import mean_ideal, stored_ideals, with_ideal
from spurgen.harness.results.identity import SCORING_VERSION
from spurgen.harness.results.rows import TaskRow


@pytest.fixture
def worlds(suite, suite_file):
    """The tiny suite with two worlds; in text, their ideal observers rely .1 and .2 on color and .05 on background."""
    file = suite.scenario_file("small")
    file.write_text("worlds = 2\n" + file.read_text())
    read = load_suite(suite_file)
    values = {
        name: {
            "text": IdealValues(
                scenario_sha256=world.digest,
                scoring=SCORING_VERSION,
                metrics={"reliance": 0.1 + k / 10},
                channels={"color": {"reliance": 0.1 + k / 10}, "background": {"reliance": 0.05}},
            )
        }
        for k, (name, world) in enumerate(read.scenarios.items())
    }
    read.ideal_file.write_text(dump_ideal(IdealFile(suite="tiny", worlds=values)))
    return load_suite(suite_file)


@pytest.fixture
def made(suite, make_outcome):
    """Return a function that makes a result of a seed with this reliance on color, and half of it on background."""

    def make(seed, reliance, task="small-text"):
        channels = {"color": {"reliance": reliance}, "background": {"reliance": reliance / 2}}
        return make_outcome(suite, 0.5, seed, task, channels=channels)[0]

    return make


def test_the_mean_over_worlds_has_the_metrics_that_all_have(worlds):
    ideals = dict(stored_ideals(worlds))
    found = mean_ideal(ideals, worlds.tasks["small-text"])
    assert found == pytest.approx({
        "reliance": 0.15, "reliance_total": 0.2, "reliance/color": 0.15, "reliance/background": 0.05,
    })  # fmt: skip
    first = next(iter(ideals))
    ideals[first] = ideals[first].model_copy(update={"channels": {}})
    assert set(mean_ideal(ideals, worlds.tasks["small-text"])) == {"reliance", "reliance_total"}
    del ideals[first]
    assert mean_ideal(ideals, worlds.tasks["small-text"]) == {}


def excess(suite, *results):
    """Return the excess reliance of each result of a row, None where it has none."""
    row = TaskRow(results)
    (complete,) = with_ideal(suite, {"model": {results[0].task: row}})["model"].values()
    return [result.metrics.get("reliance_excess") for result in complete.results]


def test_excess_is_the_reliance_less_that_of_the_ideal_observer_of_the_results_world(worlds, made):
    assert excess(worlds, made(0, 0.3), made(1, 0.6)) == pytest.approx([0.2, 0.4])


def test_excess_is_that_of_the_channel_with_the_largest_one(worlds, made):
    """Not the largest reliance less the ideal observer's, which is on another channel: that would be 0 here."""
    channels = {"color": {"reliance": 0.0}, "background": {"reliance": 0.1}}
    result = made(0, 0.0).model_copy(update={"channels": channels})
    assert excess(worlds, result) == pytest.approx([0.05])
    assert excess(worlds, result.model_copy(update={"channels": {"color": {"reliance": 0.3}}})) == [None]


def test_the_total_reliance_of_results_and_ideal_observers_is_the_sum_over_channels(worlds, made):
    (complete,) = with_total(worlds.task("small-text"), [made(0, 0.3)])
    assert complete.metrics["reliance_total"] == pytest.approx(0.3 + 0.15)
    totals = [stored_ideals(worlds)[f"small-w{k}", "text"].metrics["reliance_total"] for k in (0, 1)]
    assert totals == pytest.approx([0.15, 0.25])


def test_what_is_not_known_has_no_excess(worlds, made):
    assert excess(worlds, made(0, 0.2, "small-image")) == [None]  # nothing is stored for images
    unknown = made(0, 0.2).model_copy(update={"channels": {"color": {}, "background": {}}})
    failed = unknown.model_copy(update={"channels": {}, "patterns": {}, "metrics": {}, "error": "failed"})
    assert excess(worlds, unknown, failed) == [None, None]
    forged = unknown.model_copy(update={"channels": {"no-channel": {"pull": 0.5}}})
    assert excess(worlds, forged) == [None]
    removed = made(0, 0.2).model_copy(update={"task": "no-task"})
    assert excess(worlds, removed) == [None]


def test_rows_keep_their_samples(worlds, made):
    row = TaskRow((made(0, 0.15), made(1, 0.15)), np.ones((2, 60), bool), {"ig": np.zeros(24)})
    complete = with_ideal(worlds, {"model": {"small-text": row}})["model"]["small-text"]
    assert complete.correct is row.correct
    assert complete.sums is row.sums
    assert [result.metrics["reliance_excess"] for result in complete.results] == pytest.approx([0.05, 0.025])
