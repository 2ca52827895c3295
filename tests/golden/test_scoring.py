"""A change of what a job measures needs a raised `SCORING_VERSION`."""

import importlib.util
import json
from pathlib import Path

import pytest

from spurgen.harness import metrics
from spurgen.harness.results.identity import SCORING_VERSION

spec = importlib.util.spec_from_file_location("golden_scoring", Path(__file__).with_name("scoring.py"))
scoring = importlib.util.module_from_spec(spec)
spec.loader.exec_module(scoring)
REMEDY = (
    "what a job measures changed: raise SCORING_VERSION in harness/results/identity.py "
    f"(now {SCORING_VERSION}), then run `python tests/golden/scoring.py`"
)


def differences(recorded, measured, where=""):
    """Return the names of the numbers that differ by more than the last digits of a sum."""
    if isinstance(recorded, dict) and isinstance(measured, dict):
        keys = recorded.keys() | measured.keys()
        return [d for key in sorted(keys) for d in differences(recorded.get(key), measured.get(key), f"{where}/{key}")]
    if isinstance(recorded, list) and isinstance(measured, list) and len(recorded) == len(measured):
        pairs = enumerate(zip(recorded, measured, strict=True))
        return [d for k, (one, other) in pairs for d in differences(one, other, f"{where}/{k}")]
    same = measured == (pytest.approx(recorded, rel=1e-9, abs=1e-9) if isinstance(recorded, float) else recorded)
    return [] if same else [f"{where}: {recorded} recorded, {measured} now"]


@pytest.mark.parametrize("name", scoring.CASES)
def test_a_changed_metric_needs_a_raised_scoring_version(name):
    record = json.loads(scoring.RECORD.read_text())
    assert record["version"] == SCORING_VERSION, "record the new version: `python tests/golden/scoring.py`"
    assert differences(record["results"].get(name), scoring.measure(scoring.CASES[name])) == [], REMEDY


def test_the_guard_notices_a_changed_metric_and_another_question(monkeypatch):
    recorded = json.loads(scoring.RECORD.read_text())["results"]["text"]
    real = metrics.spurious_sensitivities
    monkeypatch.setattr(metrics, "spurious_sensitivities", lambda *arguments: 1.001 * real(*arguments))
    assert any("/metrics/sss:" in line for line in differences(recorded, scoring.measure(scoring.CASES["text"])))
    monkeypatch.undo()
    monkeypatch.setattr("spurgen.harness.running.run.class_names", lambda _: ("a", "b", "c"))
    assert any("/classes:" in line for line in differences(recorded, scoring.measure(scoring.CASES["text"])))
