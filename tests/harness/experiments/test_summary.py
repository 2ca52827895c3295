import json

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.stats import ttest_rel

from spurgen.harness.experiments.summary import ExperimentRecord, Figure, differences
from spurgen.harness.statistics.differences import holm, paired_difference


def test_the_record_comes_back_whole_and_never_holds_nan(make_experiment):
    record = make_experiment({"erm": {}, "irm": {"error": "boom"}})
    assert ExperimentRecord.model_validate_json(record.dump()) == record
    assert json.loads(record.dump())["schema_version"] == 1
    with pytest.raises(ValidationError, match="finite"):
        Figure(value=float("nan"))
    broken = record.model_copy(update={"provenance": {"x": float("nan")}})
    with pytest.raises(ValueError, match="not JSON compliant"):
        broken.dump()


def test_figures_and_channels_are_means_over_seeds_within_their_intervals(make_experiment):
    (erm,) = make_experiment({"erm": {}}).methods
    for name in ("accuracy", "wga", "sss", "ig", "core_sensitivity", "sss_placebo", "cra"):
        figure = erm.figures[name]
        assert figure.value == pytest.approx(np.mean([seed.figures[name] for seed in erm.seeds]))
        assert figure.low <= figure.value <= figure.high
    for channel, row in erm.channels.items():
        assert row["sss"].value == pytest.approx(np.mean([seed.channels[channel]["sss"] for seed in erm.seeds]))
        assert row["sss"].low < row["sss"].value < row["sss"].high


def test_differences_are_paired_and_holm_counts_every_test(make_experiment):
    methods = make_experiment({"erm": {}, "a": {}, "b": {}}).finished
    rng = np.random.default_rng(0)
    shared = rng.normal(size=500)  # cancels out
    names = ("accuracy", "wga", "sss")
    replicates = {
        m.name: {name: m.figures[name].value + shared + 0.03 * rng.normal(size=500) for name in names} for m in methods
    }
    found = differences(methods, replicates)
    assert [(d.method, d.figure) for d in found] == [(m, f) for m in "ab" for f in ("accuracy", "wga", "sss")]
    for d in found:
        erm, method = (m.figures[d.figure].value for m in methods if m.name in ("erm", d.method))
        expected = paired_difference(method, replicates[d.method][d.figure], erm, replicates["erm"][d.figure])
        assert (d.value, d.low, d.high, d.p_value) == expected
    assert [d.p_holm for d in found] == holm([d.p_value for d in found])
    by_seeds = [
        ttest_rel(*([seed.figures[d.figure] for seed in m.seeds] for m in methods if m.name in ("erm", d.method)))
        for d in found
    ]
    assert [d.p_seeds for d in found] == pytest.approx(holm([test.pvalue for test in by_seeds]))
