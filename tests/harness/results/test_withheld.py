"""Stored results among the files of a submission."""

from pathlib import Path

import pytest

from spurgen.benchmark.errors import SubmissionError
from spurgen.harness.results.sources import submission_files

GOLDEN = Path(__file__).parent / "golden" / "tiny"


@pytest.mark.parametrize("folder", ["kept", "spurgen-results/v3"])
@pytest.mark.parametrize("name", ["erm.jsonl", "erm.npz", "renamed.txt"])
def test_stored_results_are_never_shown_wherever_they_lie(write_submission, tmp_path, folder, name):
    place = tmp_path / folder
    place.mkdir(parents=True)
    content = (GOLDEN / "model.jsonl").read_bytes()
    (place / "erm.jsonl").write_bytes(content)
    (place / name).write_bytes(b"PK" if name == "erm.npz" else content)
    with pytest.raises(SubmissionError, match="is not shown to submissions; leave it out"):
        submission_files(write_submission(f"FILES = ['{folder}/{name}']"))
    (tmp_path / "lines.jsonl").write_text('{"caption": "a"}\n')
    assert "FILES/lines.jsonl" in submission_files(write_submission("FILES = ['lines.jsonl']"))
