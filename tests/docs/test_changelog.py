"""The versions of formats that CHANGELOG.md lists are those of the code."""

import re
from pathlib import Path

from spurgen.baselines.training.version import TRAINING_VERSION
from spurgen.benchmark import result
from spurgen.harness.board import schema
from spurgen.harness.experiments.tuning import TuningResult
from spurgen.harness.results.identity import SCORING_VERSION
from spurgen.harness.validity import report as validity

CHANGELOG = (Path(__file__).parents[2] / "CHANGELOG.md").read_text(encoding="utf-8")


def of(model):
    return model.model_fields["schema_version"].default


def test_versions_are_listed():
    listed = re.findall(r"^\| (.+) \| `schema_version` (\d+) \|$", CHANGELOG, re.MULTILINE)
    assert {what: int(version) for what, version in listed} == {
        "stored rows, `<label>.jsonl` with `<label>.npz`": result.SCHEMA_VERSION,
        "JSON of `spurgen leaderboard`, `compare` and reports": schema.SCHEMA_VERSION,
        "lines of `tools/sweep.py`": of(TuningResult),
        "`validity.json`": validity.SCHEMA_VERSION,
    }
    assert f"| {SCORING_VERSION}, {TRAINING_VERSION}, in its file |" in CHANGELOG
