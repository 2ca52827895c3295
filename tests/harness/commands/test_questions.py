import csv

import pytest

from spurgen.benchmark.suite import load_suite
from spurgen.harness.cli import main
from spurgen.harness.results.store import Store


@pytest.fixture
def answered(suite_file, tmp_path):
    """Answers to the questions of small-text, always class 1, written by the commands."""
    assert main(["questions", "--suite", suite_file, "--task", "small-text", "--out", str(tmp_path / "asked")]) == 0
    with (tmp_path / "asked" / "questions.csv").open(encoding="utf-8", newline="") as file:
        keys = [row["key"] for row in csv.DictReader(file)]
    path = tmp_path / "answers.csv"
    path.write_text("key,prediction\n" + "".join(f"{key},1\n" for key in keys))
    return str(path)


@pytest.fixture
def evaluate(suite_file, answered, tmp_path):
    where = ["--suite", suite_file, "--results", str(tmp_path / "results"), "--task", "small-text"]
    return lambda *more: main(["evaluate", "--answers", answered, *where, *more])


def test_answers_are_described_and_nothing_is_stored(evaluate, tmp_path, capsys):
    assert evaluate() == 0
    out, err = capsys.readouterr()
    assert "answers on small-text: not ranked: not significantly better than chance in test accuracy" in out
    assert "nothing was stored; --row NAME makes it a row of suite tiny" in " ".join(err.split())
    assert not (tmp_path / "results").exists()


def test_a_named_row_is_stored_and_marked(evaluate, suite_file, tmp_path, capsys):
    assert evaluate("--row", "my-llm", "--access", "val_groups") == 0
    assert "stored as row my-llm" in " ".join(capsys.readouterr().err.split())
    (result,) = Store(tmp_path / "results", "tiny").row("my-llm")["small-text"].results
    assert (result.verification, result.access, result.seed) == ("answers only", "val_groups", 0)
    task = load_suite(suite_file).task("small-text")
    assert len(result.groups) == task.num_groups
    assert evaluate("--row", "my-llm") == 0  # the same answers again
    assert main(["reproduce", "my-llm", "--suite", suite_file, "--results", str(tmp_path / "results")]) == 2
    assert "my-llm was made from answers to questions" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--row", "erm"], "--row erm: that is a baseline's name; choose another"),
        (["--row", "../x"], "--row '../x': expected"),
    ],
)
def test_a_name_that_cannot_be_a_row_is_refused(evaluate, stderr, more, message):
    assert evaluate(*more) == 2
    assert message in stderr()


def test_a_submissions_row_is_not_overwritten(evaluate, score, tmp_path, stderr):
    (tmp_path / "mine.py").write_text("def predict(b):\n    import numpy as np\n    return np.eye(3)[[1] * len(b)]\n")
    assert score(str(tmp_path / "mine.py")) == 0
    stderr()
    assert evaluate("--row", "mine") == 2
    assert "the row mine is of a submission; name another --row" in stderr()


def test_answers_need_a_task(suite_file, answered, stderr):
    assert main(["evaluate", "--answers", answered, "--suite", suite_file]) == 2
    assert "name the task whose questions were answered by --task" in stderr()
    assert main(["evaluate"]) == 2
    assert "name a table of predictions, a submission by --model, or answers to questions by --answers" in stderr()
