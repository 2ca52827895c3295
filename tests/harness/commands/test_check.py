import re
from pathlib import Path

import pytest

from spurgen.harness.cli import main
from spurgen.harness.running.preflight import Accuracy

GOOD = "MODALITIES = {'text'}\ndef predict(b):\n    return [[float(len(c)), 1, 2] for c in b.captions]"

SPARSE = """
from scipy.sparse import csr_matrix
MODALITIES = {"text"}
def encode(batch): return csr_matrix((len(batch), 4))
"""
DARK = """
import numpy as np

MODALITIES = {"image"}


def dark(images):
    return np.exp(-images.reshape(len(images), -1).astype(float))


def fit(train, val, context):
    global means
    features = dark(train.images / 255)
    means = np.stack([features[train.labels == k].mean(0) for k in range(context.num_classes)])


def predict(batch):
    return -np.linalg.norm(dark(batch.images / 255)[:, None] - means, axis=2)
"""


@pytest.fixture
def erm(monkeypatch):
    """Let ERM's accuracy be a number, since training it takes longer than all else that is checked."""
    monkeypatch.setattr("spurgen.harness.commands.check.erm_accuracy", lambda task, *_: f"0.87 on {task.name}")


@pytest.fixture
def check(suite_file, write_submission, capsys):
    """Return a function that checks a submission's code; it returns the exit code, stdout and stderr on one line."""

    def run(code, *flags, spec=None):
        status = main(["check", spec or write_submission(code), "--suite", suite_file, "--device", "cpu", *flags])
        out, err = capsys.readouterr()
        return status, out, " ".join(err.split())

    return run


@pytest.mark.usefixtures("erm")
def test_a_good_submission_gets_a_table_and_the_next_step(check, write_submission):
    code, out, err = check(GOOD)
    assert code == 0
    assert re.search(r"accuracy +\| 0\.\d\d \(chance 0\.33, ERM 0\.87 on small-text\)", out), out
    assert out.splitlines()[0].split() == ["|", "|", "text", "|"]
    assert "model: access none, offers predict" in err
    assert "training and asking it on small tasks (text); models of images take minutes" in err
    assert "One seed on all 1 main tasks of tiny that it takes needs less than a minute" in err
    next_step = err.partition("Next, for some: ")[2]
    assert next_step.startswith(f"spurgen score {write_submission(GOOD)} --suite ")
    assert "tiny.toml --tasks small-text" in next_step


@pytest.mark.slow
@pytest.mark.usefixtures("words")
def test_on_a_ladder_accuracy_is_shown_where_shortcuts_mislead_and_where_they_agree(check, steps):
    code, out, err = check(GOOD, "--suite", steps)
    assert code == 0
    shown = r"accuracy +\| 0\.\d\d misled, 0\.\d\d agreeing \(chance 0\.33, ERM 0\.\d\d misled, 0\.\d\d agreeing\)"
    assert re.search(shown, out), out
    assert re.search(r"trains without counterexamples +\| - ", out)  # it does not train
    assert "steps.toml --tasks few-6" in err
    assert re.search(r"on small tasks \(text: \d+ samples, \d+ of them counterexamples\)", err)
    assert "checking text ERM on text" in err  # without a terminal, a line for each step


@pytest.mark.usefixtures("erm")
def test_a_predict_that_does_not_preprocess_as_fit_does_is_said_to_be_at_chance(check):
    code, _, err = check(DARK.replace("batch.images / 255", "batch.images"))
    assert code == 0
    assert re.search(
        r"image: accuracy 0\.3\d is not better than chance \(0\.33\), where ERM reaches 0\.87 on small-image: "
        r"does predict preprocess as fit does\? One seed .* It runs, but is not better than chance: see above\.$",
        err,
    ), err
    assert "All checks passed" not in err


def test_a_submission_that_fails_otherwise_is_shown_its_accuracy_alone(check):
    code, out, _ = check(GOOD.replace("[float", "[np.random.rand() * float").replace("def", "import numpy as np\ndef"))
    assert code == 1
    assert re.search(r"repeatable +\| FAILED", out), out
    assert re.search(r"accuracy +\| 0\.\d\d +\|", out), out


def test_each_problem_is_printed_once_with_its_line(check):
    code, out, err = check(GOOD.replace("{'text'}", "{'text', 'multimodal'}").replace(", 1, 2]", ", 1]"))
    assert code == 1
    assert out.splitlines()[0].split() == ["|", "|", "text", "|", "multimodal", "|"]
    assert err.count("returned shape (96, 2) on 96 rows, expected (96, 3)") == 2
    assert "model.py, line 2: def predict(b)" in err
    assert "2 to fix; then run this again" in err


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("x = 1", "has none of predict(batch), predict_proba(batch) and encode(batch); add one"),
        ("MODALITIES = {'text'}\ndef fit(train): ...\ndef predict(b): ...", "model.py, line 2: def fit(train): ..."),
        (SPARSE, "not real numbers (return its toarray())"),
        ("FILES = ['weights.npy']\n" + GOOD, "FILES names weights.npy, but there is no file or folder /"),
        ("FILES = 'weights.npy'\n" + GOOD, "FILES must be a list of names in quotes"),
        ("ACCESS: str = 'all'\ndef predict(b): ...", "model.py, line 1: ACCESS: str = 'all'"),
    ],
)  # fmt: skip
def test_a_wrong_submission_or_declaration_is_explained(check, code, message):
    status, _, err = check(code, "--isolation", "process")
    assert status == 1
    assert message in err


@pytest.mark.needs("bubblewrap")
def test_what_is_no_python_is_explained_in_the_sandbox_as_well(check):
    status, _, err = check("def predict(b)\n    return 1", "--isolation", "bubblewrap")
    assert status == 1
    assert "model.py is not valid Python: line 1: expected ':'" in err


def test_a_suite_without_a_task_of_the_modality_is_named(check, suite_file):
    lines = Path(suite_file).read_text().splitlines()
    Path(suite_file).write_text("\n".join(line for line in lines if not line.startswith(("small-text", "small-both"))))
    status, _, err = check(GOOD)
    assert status == 1
    assert "nothing to check: model takes text, and tiny has image tasks; see MODALITIES and --suite" in err


def test_a_model_that_is_wrong_where_shortcuts_mislead_is_worse_than_chance():
    states = {"mislead": 0.03, "agree": 0.97}
    assert Accuracy(160, 320, 4, states).beside_chance == "worse than chance where shortcuts mislead"
    assert Accuracy(160, 320, 4, {"mislead": 0.26, "agree": 0.74}).beside_chance.startswith("not better than chance")
    assert Accuracy(256, 320, 4, {"mislead": 0.8, "agree": 0.8}).beside_chance == ""
    assert Accuracy(1, 100, 4).beside_chance == "worse than chance"
