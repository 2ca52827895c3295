"""What every example in submissions/ must do: run, and have learned something."""

import sys
from pathlib import Path

import pytest

from spurgen.harness.cell import CellSpec
from spurgen.harness.statistics.ranking import better_than_chance
from spurgen.harness.worker.loading import load_submission

EXAMPLES = sorted(path for path in Path(__file__).parents[2].glob("submissions/*.py") if path.stem != "__init__")
TASKS = {"image": "small-image", "text": "small-text", "multimodal": "small-both"}


def test_examples_are_found():
    assert {"color_histogram", "keywords", "thumbnails"} <= {path.stem for path in EXAMPLES}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_and_is_better_than_chance_on_what_it_takes(path, suite_file, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])  # loading adds to it
    for modality in load_submission(f"spurgen.submissions.{path.stem}").modalities:
        cell = CellSpec(suite_file, TASKS[modality], str(path), 0).run()
        assert cell.error is None, cell.error
        assert better_than_chance(sum(cell.groups), 60, 3), cell.figures["accuracy"]
