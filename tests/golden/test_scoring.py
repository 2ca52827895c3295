"""A change of what a job measures needs a raised `SCENARIO_SCORING_VERSION`."""

import importlib.util
import json
from pathlib import Path

import pytest

from spurgen.harness import metrics
from spurgen.harness.results.identity import SCENARIO_SCORING_VERSION

spec = importlib.util.spec_from_file_location("golden_scoring", Path(__file__).with_name("scoring.py"))
scoring = importlib.util.module_from_spec(spec)
spec.loader.exec_module(scoring)
REMEDY = (
    "what a job measures changed: if a recorded number changed, raise SCENARIO_SCORING_VERSION in "
    f"harness/results/identity.py (now {SCENARIO_SCORING_VERSION}); then, or if there are new metrics alone, run "
    "`python tests/golden/scoring.py`"
)


@pytest.mark.parametrize("name", scoring.CASES)
def test_a_changed_metric_needs_a_raised_scoring_version(name):
    record = json.loads(scoring.RECORD.read_text())
    assert record["version"] == SCENARIO_SCORING_VERSION, "record the new version: `python tests/golden/scoring.py`"
    assert scoring.differences(record["results"].get(name), scoring.measure(scoring.CASES[name])) == [], REMEDY


def test_the_guard_notices_a_changed_metric_and_another_question(monkeypatch):
    recorded = json.loads(scoring.RECORD.read_text())["results"]["text"]
    real = metrics.spurious_sensitivities
    monkeypatch.setattr(metrics, "spurious_sensitivities", lambda *arguments: 1.001 * real(*arguments))
    assert any(
        "/metrics/sss:" in line for line in scoring.differences(recorded, scoring.measure(scoring.CASES["text"]))
    )
    monkeypatch.undo()
    monkeypatch.setattr("spurgen.harness.running.run.class_names", lambda _: ("a", "b", "c"))
    assert any("/classes:" in line for line in scoring.differences(recorded, scoring.measure(scoring.CASES["text"])))


def test_new_metrics_are_recorded_and_changed_ones_refused(monkeypatch, tmp_path, capsys):
    measured = {"metrics": {"old": 0.5, "new": 1.0}}
    monkeypatch.setattr(scoring, "measure", lambda _: measured)
    monkeypatch.setattr(scoring, "RECORD", tmp_path / "scoring.json")
    results = {name: {"metrics": {"old": 0.5}} for name in scoring.CASES}
    before = json.dumps({"version": SCENARIO_SCORING_VERSION, "results": results})
    scoring.RECORD.write_text(before)
    measured["metrics"]["old"] = 0.6
    assert scoring.main() == 1
    assert "/text/metrics/old: 0.5 recorded, 0.6 now" in capsys.readouterr().err
    assert scoring.RECORD.read_text() == before
    measured["metrics"]["old"] = 0.5
    assert scoring.main() == 0
    assert json.loads(scoring.RECORD.read_text())["results"]["text"] == measured
    monkeypatch.setattr(scoring, "SCENARIO_SCORING_VERSION", SCENARIO_SCORING_VERSION + 1)
    measured["metrics"]["old"] = 0.6
    assert scoring.main() == 0
