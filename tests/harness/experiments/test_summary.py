import json

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.stats import ttest_rel

from spurgen.harness.experiments.summary import TESTED, ExperimentSummary, _estimate, bootstrapped, differences_to_erm
from spurgen.harness.metrics import basic_interval, percentile_interval
from spurgen.harness.results.rows import make_task_row
from spurgen.harness.running.ideal import ideal_scores
from spurgen.harness.statistics.differences import holm, paired_difference
from spurgen.harness.statistics.estimate import Estimate


def test_a_summary_survives_json_and_never_holds_nan(make_experiment):
    summary = make_experiment({"erm": {}, "irm": {"error": "boom"}})
    assert ExperimentSummary.model_validate_json(summary.dump()) == summary
    assert json.loads(summary.dump())["schema_version"] == 4
    with pytest.raises(ValidationError, match="finite"):
        Estimate(float("nan"))
    environment = summary.environment.model_copy(update={"limits": {"memory": float("nan")}})
    broken = summary.model_copy(update={"environment": environment})
    with pytest.raises(ValueError, match="not JSON compliant"):
        broken.dump()


def test_estimates_are_means_over_seeds_within_their_intervals(make_experiment):
    (erm,) = make_experiment({"erm": {}}).methods
    for name in ("accuracy", "wga", "sss", "ig", "core_sensitivity", "sss_placebo", "cra"):
        estimate = erm.estimates[name]
        assert estimate.value == pytest.approx(np.mean([result.metrics[name] for result in erm.results]))
        assert estimate.low <= estimate.value <= estimate.high
    for channel, row in erm.channels.items():
        assert row["sss"].value == pytest.approx(np.mean([r.channels[channel]["sss"] for r in erm.results]))
        assert row["sss"].low < row["sss"].value < row["sss"].high


def test_the_ideal_observer_stands_beside_the_methods(make_experiment):
    summary = make_experiment({"erm": {}})
    scores = ideal_scores(summary.task)
    assert summary.ideal["wga"] == scores.metrics["wga"]
    assert {name for name in summary.ideal if "/" in name} == {f"sss/{name}" for name in summary.task.channels}
    assert summary.ideal["sss/color"] == scores.channels["color"]["sss"]


def test_differences_are_paired_and_holm_corrected_over_every_test(make_experiment):
    methods = make_experiment({"erm": {}, "a": {}, "b": {}}).finished
    rng = np.random.default_rng(0)
    shared = rng.normal(size=500)  # cancels out

    replicates = {
        method.name: {name: method.estimates[name].value + shared + 0.03 * rng.normal(size=500) for name in TESTED}
        for method in methods
    }
    tests = differences_to_erm(methods, replicates)
    assert [(t.method, t.metric) for t in tests] == [(m, name) for m in "ab" for name in TESTED]
    p_seeds = []
    for test in tests:
        erm, method = (m for m in methods if m.name in ("erm", test.method))
        ours, its = ((m.estimates[test.metric].value, replicates[m.name][test.metric]) for m in (method, erm))
        expected = paired_difference(*ours, *its)
        assert (test.difference.value, test.difference.ends, test.p_value) == expected
        p_seeds.append(
            ttest_rel(*([result.metrics[test.metric] for result in m.results] for m in (method, erm))).pvalue
        )
    assert [test.p_holm for test in tests] == holm([test.p_value for test in tests])
    assert [test.p_seeds for test in tests] == pytest.approx(holm(p_seeds))


@pytest.mark.parametrize(("metric", "basic"), [("robust_accuracy", True), ("wga", True), ("accuracy", False)])
def test_minima_have_basic_intervals_and_means_percentiles(make_experiment, metric, basic):
    """Replicates of a minimum lie too low, and so would their percentiles."""
    row = make_task_row([(result, {}) for result in make_experiment({"erm": {}}).methods[0].results])
    mean = row.mean(metric)
    replicates = mean - np.linspace(0.0, 0.1, 1000)
    ends = basic_interval(mean, replicates) if basic else percentile_interval(replicates)
    assert _estimate(metric, row, replicates) == Estimate(mean, *ends)
    assert (ends[0] >= mean - 1e-9) == basic


def test_core_use_may_be_negative(make_experiment):
    results = make_experiment({"erm": {}}).methods[0].results
    changed = [r.model_copy(update={"metrics": {**r.metrics, "core_use": -0.1}}) for r in results]
    row = make_task_row([(result, {"correct": np.ones(2, bool), "core_use": np.zeros(2)}) for result in changed])
    assert _estimate("core_use", row, np.linspace(-0.2, 0.0, 100)).low < -0.1
    assert "core_use" in bootstrapped([row])
    assert "core_use" not in bootstrapped([row, make_task_row([(result, {}) for result in results])])
