"""From the command line to a row: what is run, what is kept, what is said."""

import pytest

MODEL = "import numpy as np\ndef predict(batch): return np.array([[len(c), c.count('o'), 9.0] for c in batch.captions])"


def row(tmp_path, name="model"):
    return sorted(path.name for path in (tmp_path / "results" / "tiny" / name).glob("*"))


@pytest.mark.slow
def test_a_failure_is_run_again_and_replaced_when_the_machine_is_mended(score, tmp_path, write_submission, stderr):
    spec = write_submission(
        f"import pathlib\ndef fit(*_): pathlib.Path({str(tmp_path / 'needed')!r}).read_text()\n{MODEL}"
    )
    for _ in range(2):
        assert score(spec, "--isolation", "process") == 1
        assert "FileNotFoundError" in stderr()
    (failed,) = row(tmp_path)
    assert failed.endswith(".failed.json")
    (tmp_path / "needed").write_text("")
    assert score(spec, "--isolation", "process") == 0
    assert row(tmp_path) == [failed.replace(".failed", "")]


@pytest.mark.slow
def test_a_row_never_mixes_versions_of_its_submission(score, tmp_path, write_submission, stderr):
    score(write_submission(MODEL), tasks=("small-text", "small-both"), seeds="2")
    assert len(row(tmp_path)) == 4
    assert "is not the version" not in stderr()
    score(write_submission(MODEL.replace("'o'", "'e'")), seeds="1")
    assert "model.py is not the version that its row was made with, or another file of that name" in stderr()
    (left,) = row(tmp_path)
    assert left.startswith("small-text-0-")


def test_the_same_file_is_the_same_submission_from_another_folder(score, tmp_path, write_submission, monkeypatch):
    spec = write_submission(MODEL)
    assert score(spec) == 0
    monkeypatch.chdir(tmp_path)
    assert score("model.py") == 0


def test_tasks_that_a_model_does_not_take_are_skipped(score, tmp_path, write_submission, stderr):
    spec = write_submission(MODEL + "\nMODALITIES = {'text'}")
    assert score(spec, tasks=("small-image", "small-text")) == 0
    assert f"skipped small-image, which is image: {spec} takes text" in stderr()
    assert len(row(tmp_path)) == 1
    assert score(spec, tasks=("small-image",)) == 2
    assert "no submission takes any of the tasks asked" in stderr()


def test_what_cannot_be_loaded_is_told_before_any_work_and_gets_no_row(score, tmp_path, write_submission, capsys):
    assert score(write_submission("import nothing_of_this_name")) == 2
    streams = capsys.readouterr()
    assert "nothing_of_this_name" in streams.err
    assert streams.out == ""
    assert row(tmp_path) == []


def test_results_that_cannot_be_written_are_told_before_any_work(score, tmp_path, write_submission, stderr):
    (tmp_path / "file").write_text("")
    assert score(write_submission(MODEL), "--results", str(tmp_path / "file")) == 2
    assert f"cannot write to {tmp_path / 'file'}" in stderr()


def test_the_terminal_shows_text_as_it_is(score, write_submission, capsys):
    score(write_submission("def predict(batch): return batch.oops['a']"))
    out = capsys.readouterr().out
    assert "'Batch' object has no attribute 'oops'" in out
