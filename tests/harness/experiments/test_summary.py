import json

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.stats import ttest_rel

from spurgen.harness.experiments.summary import TESTED, ExperimentSummary, differences_to_erm
from spurgen.harness.running.ideal import ideal_scores
from spurgen.harness.statistics.differences import holm, paired_difference
from spurgen.harness.statistics.estimate import Estimate


def test_a_summary_survives_json_and_never_holds_nan(make_experiment):
    summary = make_experiment({"erm": {}, "irm": {"error": "boom"}})
    assert ExperimentSummary.model_validate_json(summary.dump()) == summary
    assert json.loads(summary.dump())["schema_version"] == 3
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
