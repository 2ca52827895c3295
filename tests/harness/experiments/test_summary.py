import json

import numpy as np
import pytest
from pydantic import ValidationError

from spurgen.harness.experiments.samples import TestSamples
from spurgen.harness.experiments.summary import TESTED, ExperimentSummary
from spurgen.harness.results.rows import make_task_row
from spurgen.harness.running.scoring import ideal_scores
from spurgen.harness.statistics.estimate import Estimate, holm


def test_a_summary_survives_json_and_never_holds_nan(make_experiment):
    summary = make_experiment({"erm": {}, "good": {"quality": 0.97}, "irm": {"error": "boom"}})
    assert ExperimentSummary.model_validate_json(summary.dump()) == summary
    assert json.loads(summary.dump())["schema_version"] == 6
    with pytest.raises(ValidationError, match="finite"):
        Estimate(float("nan"))
    environment = summary.environment.model_copy(update={"limits": {"memory": float("nan")}})
    broken = summary.model_copy(update={"environment": environment})
    with pytest.raises(ValueError, match="not JSON compliant"):
        broken.dump()


@pytest.mark.parametrize("seeds", [(0,), (0, 1, 2, 3, 4)])
def test_estimates_are_means_over_seeds_within_their_intervals(make_experiment, seeds):
    (erm,) = make_experiment({"erm": {}}, seeds).methods
    for name in ("robust_accuracy", "accuracy", "wga", "sss", "ig"):
        estimate = erm.estimates[name]
        assert estimate.value == pytest.approx(np.mean([result.metrics[name] for result in erm.results]))
        assert estimate.low < estimate.value < estimate.high
    for channel, row in erm.channels.items():
        assert row["sss"].value == pytest.approx(np.mean([r.channels[channel]["sss"] for r in erm.results]))
        assert row["sss"].low < row["sss"].value < row["sss"].high


def test_the_ideal_observer_stands_beside_the_methods(make_experiment):
    summary = make_experiment({"erm": {}})
    scores = ideal_scores(summary.task)
    assert summary.ideal["wga"] == scores.metrics["wga"]
    by_channel = {f"{metric}/{name}" for metric in ("follows", "sss") for name in summary.task.channels}
    assert {name for name in summary.ideal if "/" in name} == by_channel
    assert summary.ideal["sss/color"] == scores.channels["color"]["sss"]


def test_differences_are_those_of_the_means_and_corrected_over_every_test(make_experiment):
    summary = make_experiment({"erm": {}, "a": {"quality": 0.85}, "b": {}})
    erm, *others = summary.finished
    assert {name: tuple(tests) for name, tests in summary.differences.items()} == {"a": TESTED, "b": TESTED}
    every = [(method, metric, each) for method in others for metric, each in summary.differences[method.name].items()]
    for method, metric, each in every:
        ours, its = (m.estimates[metric].value for m in (method, erm))
        assert (each.first, each.second, each.difference) == pytest.approx((ours, its, ours - its))
    assert [each.p_holm for *_, each in every] == holm([each.p for *_, each in every])


def test_differences_are_paired_over_samples(make_experiment):
    """Each method's interval is wide, since samples differ in difficulty; that of a copy's difference is not."""
    summary = make_experiment({"erm": {}}, (0,))
    samples = TestSamples.of(summary.task)
    hard = np.random.default_rng(0).random(len(samples.design.ids)) < 0.7
    bases = np.linspace(0, 1, len(samples.classes))
    names = ("ig", "sss/color", "sss/background")
    rows = [
        make_task_row([(summary.methods[0].results[0], {"correct": hard, **dict.fromkeys(names, bases + shift)})])
        for shift in (0, 0.1)
    ]
    alone, paired = samples.errors(rows[0]), samples.difference_errors(*rows)
    assert alone["sss"] == pytest.approx(bases.std() / len(bases) ** 0.5, rel=0.02)
    assert paired["sss"] == pytest.approx(0)
    assert paired["accuracy"] < alone["accuracy"] / 3


def test_the_error_of_a_base_samples_mean_is_within_classes(make_experiment):
    summary = make_experiment({"erm": {}}, (0,))
    samples = TestSamples.of(summary.task)
    of_class = samples.classes.astype(float)
    assert samples._error(of_class) == 0
    noise = np.random.default_rng(0).normal(size=len(of_class))
    assert samples._error(of_class + noise) == pytest.approx(len(noise) ** -0.5, rel=0.2)
    few = TestSamples(samples.task, samples.design, np.arange(3))
    assert few._error(np.array([0.0, 1.0, 2.0])) == pytest.approx(3**-0.5)
    assert TestSamples(samples.task, samples.design, np.arange(1))._error(np.ones(1)) == 0
