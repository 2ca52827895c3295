import csv
import json
import re

import pytest

from spurgen.benchmark.manifest import dump_manifest
from spurgen.benchmark.suite import load_suite
from spurgen.harness.cli import main
from spurgen.harness.results.store import Store
from spurgen.harness.splits.freeze import freeze


@pytest.fixture
def answered(suite_file, tmp_path):
    """Answers to the questions of small-text, always class 1, written by the commands."""
    return answers_to(suite_file, "small-text", tmp_path)


def answers_to(suite_file, task, tmp_path, predicted=1, *more):
    """Write the questions of a task, and answers that are always one class; return the path of the answers."""
    asked = tmp_path / f"asked-{task}-{predicted}"
    place = ["--out", str(asked)]
    assert main(["questions", "--suite", suite_file, "--task", task, *place, *more]) == 0
    with (asked / "questions.csv").open(encoding="utf-8", newline="") as file:
        keys = [row["key"] for row in csv.DictReader(file)]
    path = tmp_path / f"{task}-{predicted}.csv"
    path.write_text("key,prediction\n" + "".join(f"{key},{predicted}\n" for key in keys))
    return str(path)


@pytest.fixture
def worlds_file(suite):
    """The tiny suite with a scenario of two worlds."""
    file = suite.scenario_file("small")
    file.write_text(file.read_text().replace("seed = 11", "seed = 11\nworlds = 2"))
    path = suite.folder / "tiny.toml"
    suite.manifest_file.write_text(dump_manifest(freeze(load_suite(str(path)), jobs=1)))
    return str(path)


@pytest.fixture
def evaluate(suite_file, answered, tmp_path):
    where = ["--suite", suite_file, "--results", str(tmp_path / "results")]
    where += ["--task", "small-text"]
    return lambda *more: main(["evaluate", "--answers", answered, *where, *more])


def test_every_metric_of_answers_is_printed_and_written_and_nothing_is_stored(evaluate, suite_file, tmp_path, capsys):
    file = tmp_path / "answers.json"
    assert evaluate("--json", str(file)) == 0
    out, err = capsys.readouterr()
    assert "answers on small-text: not ranked: not significantly better than chance in test accuracy" in out
    assert "nothing was stored; --row NAME makes it a row of suite tiny" in " ".join(err.split())
    assert not (tmp_path / "results").exists()
    told = json.loads(file.read_text())
    (run,) = told["runs"]
    assert (told["suite"], told["task"], run["run"]) == ("tiny", "small-text", 0)
    for name, value in run["metrics"].items():
        assert re.search(rf"^ +{name} +{re.escape(f'{value:.3f}')}", out, re.MULTILINE), name
    assert {"robust_accuracy", "wga", "follows", "uses_thing", "sss", "ig"} <= run["metrics"].keys()
    for channel, metrics in run["channels"].items():
        line = re.search(rf"^ +{channel} +(.*)$", out, re.MULTILINE)[1]
        assert set(line.split()) == {f"{value:.3f}" for value in metrics.values()}
    assert len(run["correct_by_group"]) == load_suite(suite_file).task("small-text").num_groups
    assert told["verdict"][0] in out


def test_a_named_row_is_stored_and_marked(evaluate, suite_file, tmp_path, capsys):
    assert evaluate("--row", "my-llm", "--access", "val_groups") == 0
    assert "stored as row my-llm" in " ".join(capsys.readouterr().err.split())
    (result,) = Store(tmp_path / "results", "tiny").row("my-llm")["small-text"].results
    assert (result.verification, result.access, result.seed) == ("answers only", "val_groups", 0)
    assert evaluate("--row", "my-llm", "--access", "val_groups") == 0
    assert "these answers were stored before, as row my-llm" in " ".join(capsys.readouterr().err.split())
    assert evaluate("--row", "my-llm") == 2
    told = " ".join(capsys.readouterr().err.split())
    assert "row my-llm says that training used val_groups; add --access val_groups" in told
    assert main(["reproduce", "my-llm", "--suite", suite_file, "--results", str(tmp_path / "results")]) == 2
    assert "my-llm was made from answers to questions" in " ".join(capsys.readouterr().err.split())


def test_answers_to_several_tasks_make_one_row_and_none_is_replaced(suite_file, evaluate, tmp_path, stderr):
    assert evaluate("--row", "my-llm") == 0
    where = ["--suite", suite_file, "--results", str(tmp_path / "results")]
    image = answers_to(suite_file, "small-image", tmp_path)
    assert main(["evaluate", "--answers", image, *where, "--task", "small-image", "--row", "my-llm"]) == 0
    other = answers_to(suite_file, "small-text", tmp_path, 2)
    stderr()
    assert main(["evaluate", "--answers", other, *where, "--task", "small-text", "--row", "my-llm"]) == 2
    assert "row my-llm has other answers to small-text, run 0; name another --row" in stderr()
    assert set(Store(tmp_path / "results", "tiny").row("my-llm")) == {"small-text", "small-image"}


def test_worlds_can_be_answered_one_after_the_other(worlds_file, tmp_path, stderr):
    where = ["--suite", worlds_file, "--results", str(tmp_path / "results")]
    for seed in (1, 0):
        answers = answers_to(worlds_file, "small-text", tmp_path, seed, "--seeds", str(seed))
        assert main(["evaluate", "--answers", answers, *where, "--task", "small-text", "--row", "my-llm"]) == 0
    assert Store(tmp_path / "results", "tiny").row("my-llm")["small-text"].seeds == [0, 1]
    stderr()
    assert main(["questions", "--suite", worlds_file, "--task", "small-text", "--out", "x", "--seeds", "2"]) == 2
    assert "task small-text has no world 2: seeds are worlds here, 0 to 1" in stderr()


def test_questions_of_other_data_than_the_frozen_ones_are_neither_written_nor_scored(
    suite, suite_file, unfreeze, evaluate, tmp_path, capsys
):
    unfreeze(suite)
    assert main(["questions", "--suite", suite_file, "--task", "small-text", "--out", str(tmp_path / "new")]) == 1
    assert evaluate("--row", "my-llm") == 1
    assert "differs in factors" in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "new").exists()
    assert not (tmp_path / "results").exists()


def test_answers_of_another_scale_are_refused_with_their_file(evaluate, answered, stderr, monkeypatch):
    monkeypatch.setattr("spurgen.harness.running.scoring.LARGEST_LEAD", 0)
    assert evaluate() == 2
    assert f"{answered}, run 0, task small-text: scores on test differ by up to 10" in stderr()


def test_a_name_that_cannot_be_a_row_or_is_a_submissions_is_refused(
    evaluate, suite, make_outcome, keep_row, tmp_path, stderr
):
    keep_row(tmp_path / "results", make_outcome(suite, 0.9), label="mine")
    for name, message in (
        ("erm", "--row erm: that is a baseline's name; choose another"),
        ("../x", "--row '../x': expected letters"),
        ("mine", "the row mine is of a submission; name another --row"),
    ):
        assert evaluate("--row", name) == 2
        assert message in stderr()


def test_answers_need_a_task(suite_file, answered, stderr):
    assert main(["evaluate", "--answers", answered, "--suite", suite_file]) == 2
    assert "name the task whose questions were answered by --task" in stderr()
    assert main(["evaluate"]) == 2
    assert "name a table of predictions, a submission by --model, or answers to questions by --answers" in stderr()


def test_the_questions_of_a_rung_are_answered_in_all_its_worlds(steps, tmp_path, capsys):
    answers = answers_to(steps, "few-6", tmp_path)
    where = ["--suite", steps, "--task", "few-6", "--results", str(tmp_path / "results"), "--row", "constant"]
    capsys.readouterr()
    assert main(["evaluate", "--answers", answers, *where]) == 0
    out, err = capsys.readouterr()
    assert "answers only, no consistency check was possible" in " ".join(err.split())
    assert "accuracy_mislead" in out
    assert "Pattern" not in out
    results = Store(tmp_path / "results", "steps").row("constant")["few-6"].results
    assert [result.seed for result in results] == [0, 1]
    assert [result.metrics["accuracy_mislead"] for result in results] == pytest.approx([1 / 3] * 2)
