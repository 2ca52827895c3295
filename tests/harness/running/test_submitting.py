"""From the command line to a row."""

import pytest

from spurgen.harness.results.store import Store

MODEL = "import numpy as np\ndef predict(batch): return np.array([[len(c), c.count('o'), 9.0] for c in batch.captions])"


@pytest.fixture
def row(tmp_path):
    """Return a function that lists a submission's results: task, seed and error."""

    def read():
        row = Store(tmp_path / "results", "tiny").row("model")
        return [(result.task, result.seed, result.error) for part in row.values() for result in part.results]

    return read


@pytest.mark.slow
def test_a_failed_result_is_replaced_when_the_job_succeeds(score, tmp_path, write_submission, stderr, row):
    code = f"import pathlib\ndef fit(*_): pathlib.Path({str(tmp_path / 'needed')!r}).read_text()\n{MODEL}"
    spec = write_submission(code)
    for _ in range(2):
        assert score(spec, "--isolation", "process") == 1
        assert "FileNotFoundError" in stderr()
    ((task, seed, error),) = row()
    assert (task, seed) == ("small-text", 0)
    assert "FileNotFoundError" in error
    (tmp_path / "needed").write_text("")
    assert score(spec, "--isolation", "process") == 0
    assert row() == [("small-text", 0, None)]


@pytest.mark.slow
def test_a_row_never_mixes_versions_of_its_submission(score, write_submission, stderr, row):
    score(write_submission(MODEL), tasks=("small-text", "small-both"), seeds="0-1")
    assert len(row()) == 4
    assert "changed since its row was made" not in stderr()
    score(write_submission(MODEL.replace("'o'", "'e'")), seeds="0")
    assert "model.py changed since its row was made, or another file has that name" in stderr()
    assert row() == [("small-text", 0, None)]


def test_the_same_file_is_the_same_submission_from_another_folder(
    score, tmp_path, write_submission, monkeypatch, stderr
):
    assert score(write_submission(MODEL)) == 0
    monkeypatch.chdir(tmp_path)
    stderr()
    assert score("model.py") == 0
    assert "nothing to run" in stderr()


def test_a_verdict_comes_before_the_table(score, write_submission, capsys):
    assert score(write_submission(MODEL)) == 0
    out = capsys.readouterr().out
    assert out.startswith("model on small-text: ")
    assert "# SpurGen tiny leaderboard" in out


def test_tasks_of_other_modalities_are_skipped(score, write_submission, stderr, row):
    spec = write_submission(MODEL + "\nMODALITIES = {'text'}")
    assert score(spec, tasks=("small-image", "small-text")) == 0
    assert f"skipped small-image, which is image: {spec} takes text" in stderr()
    assert len(row()) == 1
    assert score(spec, tasks=("small-image",)) == 2
    assert "there is nothing to run: skipped small-image" in stderr()


def test_a_submission_that_cannot_be_loaded_is_refused_before_any_work(score, write_submission, capsys, row):
    assert score(write_submission("import nothing_of_this_name")) == 2
    streams = capsys.readouterr()
    assert "nothing_of_this_name" in streams.err
    assert streams.out == ""
    assert row() == []


def test_results_that_cannot_be_written_are_refused_before_any_work(score, tmp_path, write_submission, stderr):
    (tmp_path / "file").write_text("")
    assert score(write_submission(MODEL), "--results", str(tmp_path / "file")) == 2
    assert f"argument --results: {tmp_path / 'file'} is not a folder; name a folder, or a path that is free" in stderr()


def test_a_terminal_shows_errors_without_html_escapes(score, write_submission, capsys):
    score(write_submission("def predict(batch): return batch.oops['a']"))
    assert "'Batch' object has no attribute 'oops'" in capsys.readouterr().out
