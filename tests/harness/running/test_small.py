"""`spurgen check` on a rung of a ladder."""

import pytest

from spurgen.benchmark.suite import load_suite
from spurgen.benchmark.worlds.things import SHRUNK
from spurgen.harness.running.preflight import CHECKS, check_modality, erm_accuracy, example_tasks
from spurgen.harness.running.small import shrunk
from spurgen.harness.sandbox.limits import DEFAULT

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
def examine(text, write_submission):
    return lambda odd="": check_modality(write_submission(WORDS.replace("ODD", odd or "...")), text, DEFAULT, "cpu")


def test_a_submission_that_counts_words_is_misled_and_the_check_shows_it(text, examine):
    assert text.name == "few-6"  # the highest rung
    findings = examine()
    assert list(findings.outcomes) == list(CHECKS)
    assert (findings.failures, findings.outcomes["trains without counterexamples"]) == ([], "ok")
    assert findings.accuracy.count == 2 * 3 * 8
    assert findings.accuracy.by_state["agree"] > 0.9
    assert findings.accuracy.by_state["mislead"] < 0.3
    assert findings.accuracy.value == pytest.approx(sum(findings.accuracy.by_state.values()) / 2)


def test_a_failure_on_the_rung_without_counterexamples_names_it(examine):
    misled = "if not (val.group_ids % 2).any(): raise ValueError('no minority')"
    findings = examine(misled)
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
    rung = load_suite("v3").task("things-text-128").in_world(10)
    made = shrunk(rung)
    assert made.counterexamples == 50
    assert made.scenario.parts["train"] == SHRUNK["train"]
    assert made.scenario.parts["test/agree"] == SHRUNK["test_per_class"] * rung.num_classes
    assert (made.scenario.name, made.scenario.shortcuts) == (rung.scenario.name, rung.scenario.shortcuts)


def test_the_time_of_a_run_counts_the_rows_of_the_whole_rung(text, examine, monkeypatch):
    monkeypatch.setattr("spurgen.harness.running.preflight.time.perf_counter", iter(range(0, 1000, 10)).__next__)
    parts = text.scenario.parts
    asked = parts["calibration"] + sum(size for part, size in parts.items() if part.startswith(("test/", "seen/")))
    assert examine().seconds == pytest.approx(2 * 10 + 10 * asked / 1000)
