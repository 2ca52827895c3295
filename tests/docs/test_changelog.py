"""The versions of formats that CHANGELOG.md lists are those of the code."""

import re
from pathlib import Path

from spurgen.baselines.training.version import TRAINING_VERSION
from spurgen.benchmark import result
from spurgen.harness.board import schema
from spurgen.harness.results.identity import SCORING_VERSION

CHANGELOG = (Path(__file__).parents[2] / "CHANGELOG.md").read_text(encoding="utf-8")


def test_versions_are_listed():
    listed = re.findall(r"^\| (.+) \| `schema_version` (\d+) \|$", CHANGELOG, re.MULTILINE)
    assert {what: int(version) for what, version in listed} == {
        "stored rows, `<label>.jsonl` with `<label>.npz`, and lines of `tools/sweep.py`": result.SCHEMA_VERSION,
        "JSON of `spurgen leaderboard`, `compare`, `validity` and reports": schema.SCHEMA_VERSION,
    }
    assert f"| {SCORING_VERSION}, {TRAINING_VERSION}, in its file |" in CHANGELOG
