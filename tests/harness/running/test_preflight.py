"""`spurgen check` on a rung of a ladder."""

import numpy as np
import pytest

from spurgen.benchmark.suite import load_suite
from spurgen.benchmark.task import Task
from spurgen.benchmark.worlds.pictograms import make_scenario
from spurgen.benchmark.worlds.things import SHRUNK
from spurgen.harness.running.preflight import CHECKS, Accuracy, check_modality, erm_accuracy, example_tasks, shrunk
from spurgen.harness.sandbox.limits import DEFAULT, Limits

HEAD = """
import numpy as np
count = 0
seen = {}
def lengths(b): return np.array([[len(c)] * 3 for c in b.captions], float)
"""
MANY = {
    "suite": "t", "name": "many", "seed": 1, "num_classes": 10,
    "channels": {"background": {}, "color": {}, "shape": {}},
    "splits": {"train": 20_000, "val": 4000, "val_per_group": 20},
}  # fmt: skip
PLAIN = Limits(isolation="process")  # it starts sooner than a sandbox
TRAINS = "def fit(train, val, context):\n    global rng\n    rng = np.random.default_rng({seed})\n"


@pytest.fixture
def examine(suite, write_submission):
    """Return a function that checks a submission's `predict` on the tiny suite's captions."""

    def run(body, head="", what="predict"):
        code = f"{HEAD}{head}def {what}(b):\n    global count\n    count += 1\n    {body}"
        return check_modality(write_submission(code), example_tasks(suite)["text"], PLAIN, "cpu")

    return run


def test_an_honest_submission_passes_every_check(examine):
    findings = examine("return lengths(b)", TRAINS.format(seed="context.seed"))
    assert list(findings.outcomes) == list(CHECKS)
    assert findings.failures == findings.notes == []
    assert {findings.outcomes[check] for check in CHECKS[2:8]} == {"ok"}
    assert findings.outcomes["fit"].endswith(" s")
    assert int(findings.outcomes["peak memory"].removesuffix(" MiB")) > 20
    assert findings.seconds > 0
    assert examine("return lengths(b)").outcomes["fit"] == "none"


@pytest.mark.parametrize(
    ("body", "head", "check", "message"),
    [
        ("return lengths(b)", "raise OSError(5, 'no')\n", "contract", "importing"),
        ("return lengths(b)", "def fit(*_): return 1 / 0\n", "fit", "ZeroDivisionError"),
        ("return lengths(b)[:, :2]", "", "answers", "returned shape (96, 2) on 96 rows, expected (96, 3)"),
        ("return oops", "", "answers", "NameError"),
        ("return lengths(b) * np.nan", "", "finite", "returned nan on 96 rows"),
        ("return lengths(b) - np.inf", "", "finite", "returned -inf on 96 rows"),
        ("return np.ones((len(b), 3)) * [1, 2, 3]", "", "varied", "all of 96 different inputs get the same answer"),
        ("return lengths(b) * [1, count % 3, 2]", "", "repeatable", "the same batch again gets other answers"),
        ("return lengths(b) * [1, len(b) % 5, 2]", "", "any batch", "the same rows in other batches get other answers"),
        ("return np.resize(lengths(b), (len(b), 3 if len(b) > 40 else 4))", "", "any batch", "returned shape"),
        (
            "return np.stack([seen.setdefault(c, np.eye(3)[len(seen) % 3]) for c in b.captions])", "",
            "no memory", "a fresh process gives other answers",
        ),
    ],
)  # fmt: skip
def test_each_failure_is_reported_once_by_its_own_check_with_a_line_of_code(examine, body, head, check, message):
    findings = examine(body, head)
    assert findings.outcomes[check] == "FAILED"
    before = [name for name in CHECKS[: CHECKS.index(check)] if name != "fit"]
    assert [findings.outcomes[name] for name in before] == ["ok"] * len(before)
    assert len(findings.failures) == 1  # no follow-up failures
    assert list(findings.outcomes.values()).count("FAILED") == 1
    assert message in findings.failures[0]
    assert "model.py" in findings.failures[0].partition("\n")[2]  # the line of code


def test_features_are_checked_like_logits(examine):
    findings = examine("return lengths(b)", "def encode(b): return lengths(b)[:, :1] + len(b)\n")
    assert findings.outcomes["any batch"] == "FAILED"
    assert "encode: the same rows" in findings.failures[0]


def test_unseeded_training_fails_a_check(examine):
    unseeded = "def fit(train, val, context):\n    global of\n    of = np.random.default_rng().normal(size=(200, 3))\n"
    findings = examine("return of[[len(caption) for caption in b.captions]]", unseeded)
    assert findings.outcomes["no memory"] == "FAILED"
    assert "and seed training with context.seed" in findings.failures[0]


@pytest.mark.parametrize("what", ["predict", "encode"])
def test_the_accuracy_is_that_on_samples_that_training_did_not_see(examine, what):
    """Captions are all different, so that a submission can learn those it was given by heart, and knows no other."""
    learns = "def fit(train, val, context):\n    for part in (train, val):\n"
    learns += "        seen.update(zip(part.captions, part.labels))\n"
    knows = "return np.eye(3)[[seen.get(c, 0) for c in b.captions]] + 1e-3 * lengths(b)[:, :1]"
    accuracy = examine(knows, learns, what=what).accuracy
    assert accuracy.count == 60  # all of a small test
    assert accuracy.value < 0.6


def test_an_accuracy_is_at_chance_unless_it_is_significantly_better():
    assert Accuracy(80, 800, 10).at_chance
    assert Accuracy(94, 800, 10).at_chance
    assert not Accuracy(96, 800, 10).at_chance


def test_training_on_several_cores_counts_by_its_cpu_time_but_lasts_its_wall_time(examine, monkeypatch):
    cpu = iter(np.arange(100) * 90.0)
    monkeypatch.setattr("spurgen.harness.sandbox.launch.WorkerProcess.cpu_seconds", property(lambda _: next(cpu)))
    findings = examine("return lengths(b)", TRAINS.format(seed="0"))
    assert findings.outcomes["no memory"] == "not tried"
    assert findings.notes == [
        "training takes 90 s of CPU time, so it was not tried twice; spurgen reproduce does, before a row is ranked"
    ]
    assert findings.seconds < 60


@pytest.mark.parametrize("access", ["none", "val_groups"])
def test_training_is_given_val_without_its_first_samples_where_these_are_kept_from_it(access, write_submission):
    task = Task("t", make_scenario("test", **MANY), "text")
    balanced = task.scenario.num_balanced_val
    assert balanced > 200
    checked = f"assert (len(train.labels), len(val.labels)) == (400, {200 + (access == 'val_groups') * balanced})"
    head = f"ACCESS = {access!r}\ndef fit(train, val, context): {checked}\n"
    spec = write_submission(
        f"{HEAD}{head}def predict(b): return np.array([[len(c) % k for k in range(1, 11)] for c in b.captions], float)"
    )
    assert check_modality(spec, task, DEFAULT, "cpu").failures == []


@pytest.mark.parametrize(("what", "probed"), [("predict", 0), ("encode", 90)])
def test_the_estimated_time_scales_with_training_samples_and_rows(examine, monkeypatch, what, probed):
    ticks = iter(np.arange(100) * 10.0)  # everything that is timed takes 10 seconds
    monkeypatch.setattr("spurgen.harness.running.preflight.time.perf_counter", lambda: next(ticks))
    findings = examine("return lengths(b)", TRAINS.format(seed="0"), what=what)
    # the tiny suite: train, twice; val 45, test 60, twins (3 + 2 x 3) x 24
    assert findings.seconds == pytest.approx(2 * 10 + 10 * (45 + 60 + 9 * 24 + probed) / 1000)


def test_a_batch_of_the_largest_size_in_a_run_is_checked(examine):
    findings = examine("if len(b) > 500: raise MemoryError('too much')\n    return lengths(b)")
    assert findings.outcomes["peak memory"] == "FAILED"
    assert "MemoryError" in findings.failures[0]


WORDS = """
import numpy as np
MODALITIES, ACCESS = {"text"}, "val_groups"
counts = {}
def fit(train, val, context):
    ODD
    for caption, label in zip(train.captions, train.labels):
        for word in caption.split():
            counts.setdefault(word, np.ones(3))[label] += 1
def predict(batch):
    known = [[np.ones(3), *(counts[w] for w in caption.split() if w in counts)] for caption in batch.captions]
    return np.array([np.log(np.array(words) / np.sum(words, 1, keepdims=True)).sum(0) for words in known])
"""


@pytest.fixture
def text(steps):
    return example_tasks(load_suite(steps))["text"]


@pytest.fixture
def on_rung(text, write_submission):
    return lambda odd="": check_modality(write_submission(WORDS.replace("ODD", odd or "...")), text, DEFAULT, "cpu")


def test_a_submission_that_counts_words_is_misled_and_the_check_shows_it(text, on_rung):
    assert text.name == "few-6"  # the highest rung
    findings = on_rung()
    assert list(findings.outcomes) == list(CHECKS)
    assert (findings.failures, findings.outcomes["trains without counterexamples"]) == ([], "ok")
    assert findings.accuracy.count == 2 * 3 * 8
    assert findings.accuracy.by_state["agree"] > 0.9
    assert findings.accuracy.by_state["mislead"] < 0.3
    assert findings.accuracy.value == pytest.approx(sum(findings.accuracy.by_state.values()) / 2)


def test_a_failure_on_the_rung_without_counterexamples_names_it(on_rung):
    misled = "if not (val.group_ids % 2).any(): raise ValueError('no minority')"
    findings = on_rung(misled)
    assert findings.outcomes["accuracy"] == "0.00 misled, 1.00 agreeing"
    assert findings.outcomes["trains without counterexamples"] == "FAILED"
    (failure,) = findings.failures
    assert "task few-0: " in failure
    assert "no minority" in failure


@pytest.mark.slow
@pytest.mark.usefixtures("words")
def test_erm_is_trained_on_the_features_of_the_same_samples(text):
    accuracy = erm_accuracy(text, DEFAULT, "cpu")
    assert accuracy.count == 48
    assert set(accuracy.by_state) == {"mislead", "agree"}


def test_a_large_ladder_is_made_small_and_keeps_its_things_and_shortcuts():
    rung = load_suite("v4").task("things-text-64").in_world(10)
    made = shrunk(rung)
    assert made.counterexamples == 50
    assert made.scenario.parts["train"] == SHRUNK["train"] // 12 * 12  # proportions 3 : 4 : 3 : 2
    assert made.scenario.parts["test/agree"] == SHRUNK["test_per_class"] // 12 * 12 * rung.num_classes
    assert (made.scenario.name, made.scenario.shortcuts) == (rung.scenario.name, rung.scenario.shortcuts)


def test_the_time_of_a_run_counts_the_rows_of_the_whole_rung(text, on_rung, monkeypatch):
    monkeypatch.setattr("spurgen.harness.running.preflight.time.perf_counter", iter(range(0, 1000, 10)).__next__)
    parts = text.scenario.parts
    asked = parts["calibration"] + sum(size for part, size in parts.items() if part.startswith(("test/", "seen/")))
    assert on_rung().seconds == pytest.approx(2 * 10 + 10 * asked / 1000)
