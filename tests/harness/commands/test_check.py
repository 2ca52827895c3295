import pytest

from spurgen.harness.cli import main

GOOD = "MODALITIES = {'text'}\ndef predict(b):\n    return [[float(len(c)), 1, 2] for c in b.captions]"


def test_a_good_submission_gets_its_table_and_the_next_step(suite_file, write_submission, capsys):
    spec = write_submission(GOOD)
    assert main(["check", spec, "--suite", suite_file, "--device", "cpu"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[0].split() == ["|", "|", "text", "|"]
    told = " ".join(err.split())
    assert "model: access none, offers predict" in told
    assert "All is well. 1 tasks of tiny take less than a minute a seed" in told
    assert f"next: spurgen score {spec} --tasks small-text" in told


def test_each_thing_to_mend_is_told_once_and_the_exit_code_says_so(suite_file, write_submission, capsys):
    spec = write_submission(GOOD.replace("{'text'}", "{'text', 'multimodal'}").replace(", 1, 2]", ", 1]"))
    assert main(["check", spec, "--suite", suite_file, "--device", "cpu"]) == 1
    out, err = capsys.readouterr()
    assert out.splitlines()[0].split() == ["|", "|", "text", "|", "multimodal", "|"]
    assert err.count("returned shape (96, 2) on 96 rows, expected (96, 3)") == 2
    assert "model.py, line 2: def predict(b)" in err
    assert "2 to mend; then run this again" in err


def test_what_cannot_be_loaded_is_told_at_once(suite_file, write_submission, capsys):
    assert main(["check", write_submission("x = 1"), "--suite", suite_file, "--device", "cpu"]) == 1
    assert "has none of predict(batch), predict_proba(batch) and encode(batch); add one" in " ".join(
        capsys.readouterr().err.split()
    )


@pytest.mark.parametrize("isolation", ["bubblewrap", "process"])
@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("def predict(b)\n    return 1", "model.py is not valid Python: line 1: expected ':'"),
        ("FILES = ['weights.npy']\n" + GOOD, "FILES names weights.npy, but there is no file or folder /"),
        ("FILES = 'weights.npy'\n" + GOOD, "FILES must be a list of names in quotes"),
        ("import os\nMODALITIES = {'images'}\ndef predict(b): ...", "model.py, line 2: MODALITIES = {'images'}"),
        ("ACCESS: str = 'all'\ndef predict(b): ...", "model.py, line 1: ACCESS: str = 'all'"),
    ],
)
def test_a_file_that_is_there_is_not_called_missing(suite_file, write_submission, capsys, code, told, isolation):
    spec = write_submission(code)
    assert main(["check", spec, "--suite", suite_file, "--device", "cpu", "--isolation", isolation]) == 1
    assert told in capsys.readouterr().err


def test_a_sparse_matrix_is_told_how_to_become_an_array(suite_file, write_submission, capsys):
    code = "from scipy.sparse import csr_matrix\nMODALITIES = {'text'}\ndef encode(b): return csr_matrix((len(b), 4))"
    assert main(["check", write_submission(code), "--suite", suite_file, "--device", "cpu"]) == 1
    assert "not real numbers (return its toarray())" in capsys.readouterr().err


def test_a_suite_without_a_task_for_it_is_told(write_submission, capsys):
    assert main(["check", write_submission(GOOD), "--suite", "v1-imagenet", "--device", "cpu"]) == 1
    told = "nothing to check: model takes text, and v1-imagenet has image tasks; see MODALITIES and --suite"
    assert told in capsys.readouterr().err


def test_a_folder_is_no_submission(suite_file, tmp_path, capsys):
    assert main(["check", str(tmp_path), "--suite", suite_file, "--device", "cpu"]) == 1
    assert f"there is no submission {tmp_path}, seen from /" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("def predict(images, captions): ...", "it is called as predict(batch)"),
        ("def fit(train): ...\ndef predict(b): ...", "it is called as fit(train, val, context)"),
    ],
)
def test_a_function_that_takes_other_arguments_is_told_its_own(suite_file, write_submission, capsys, code, told):
    assert main(["check", write_submission(f"MODALITIES = {{'text'}}\n{code}"), "--suite", suite_file]) == 1
    assert told in capsys.readouterr().err


def test_who_returns_none_is_not_told_of_modalities(suite_file, write_submission, capsys):
    spec = write_submission("MODALITIES = {'text'}\ndef predict(batch): ...")
    assert main(["check", spec, "--suite", suite_file]) == 1
    told = capsys.readouterr().err
    assert "predict returned NoneType" in told
    assert "say what you take in MODALITIES" not in told
