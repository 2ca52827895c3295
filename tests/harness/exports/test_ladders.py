"""Data sets of a ladder with one rung."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spurgen.benchmark.plugins import discover
from spurgen.benchmark.suite import load_suite
from spurgen.benchmark.world import load_scenario
from spurgen.generators.things.world import sample_part
from spurgen.generators.world import NOTHING, world_of
from spurgen.harness.cli import main
from spurgen.harness.exports.plan import FORMATS, Plan
from spurgen.harness.exports.writing import export
from spurgen.harness.running.data import fitted
from spurgen.harness.running.plan import plan_unfrozen

SPLITS = ("train", "val", "test")


@pytest.fixture
def task(ladder_suite):
    return ladder_suite.task("few-image-4").in_world(0)


@pytest.fixture
def ladder(task):
    return task.scenario.on_rung(4)


@pytest.fixture
def lines(tmp_path):
    """Return a function that reads a table of a data set, by part."""

    def read(table):
        with open(tmp_path / table, newline="") as file:
            found = {}
            for row in csv.DictReader(file):
                found.setdefault(row["split"], []).append(row)
            return found

    return read


def test_every_format_has_the_same_content(ladder, tmp_path):
    parts = ladder.chosen_parts(SPLITS, twins=True)
    plans = [Plan(ladder, parts, form, 50, "hue" if form == "wilds" else "") for form in discover(FORMATS)]
    assert len({export(plan, tmp_path / plan.format).content_sha256 for plan in plans}) == 1


@pytest.mark.parametrize("hidden", [(), ("wall",)])
def test_train_and_val_are_what_a_submission_is_given_on_the_rung(task, hidden, write_submission):
    task = replace(task, scenario=task.scenario.model_copy(update={"hidden": hidden}))
    ladder = task.scenario.on_rung(4)
    job = plan_unfrozen(task, write_submission("def predict(b): ..."), 0, "cpu", {})
    for split in ("train", "val"):
        size, world = ladder.parts[split], world_of(ladder)
        given, written = fitted(job, split), world.rows(split, 4, range(size))
        np.testing.assert_array_equal(written.images, given.images)
        np.testing.assert_array_equal(written.group_ids, given.group_ids)
        np.testing.assert_array_equal(written.channel_values["hue"], given.channel_values["hue"])
        pieces = [world.rows(split, 4, range(start, start + 1)).captions for start in range(size)]
        assert [caption for piece in pieces for caption in piece] == written.captions


def test_the_command_writes_a_task_of_a_suite_and_its_scenario_makes_the_same_again(ladder_file, tmp_path, lines):
    first = tmp_path / "set"
    assert main(["generate", "few-image-4", "--suite", ladder_file, "--world", "1", "--out", str(first)]) == 0
    made = lines("set/metadata.csv")
    states = [f"{split}/{state}" for split in ("test", "seen") for state in ("agree", "mislead", "neutral")]
    assert list(made) == ["train", "val", *states]
    aligned = [(row["hue_aligned"], row["wall_aligned"], int(row["group_id"]) % 2) for row in made["train"]]
    assert aligned == [("True", "True", 0)] * 60 + [("False", "False", 1)] * 4
    assert [row["class_name"] for row in made["test/agree"][:3]] == ["animal", "vehicle", "food"]
    assert "`train`: the last 4 samples are counterexamples" in (first / "README.md").read_text()
    assert "  - split: test_mislead\n" in (first / "README.md").read_text()
    assert "Apache" in (first / "LICENSE").read_text()
    again = tmp_path / "again"
    assert main(["generate", str(first / "scenario.toml"), "--out", str(again)]) == 0
    assert (again / "dataset.json").read_bytes() == (first / "dataset.json").read_bytes()


def test_a_ladder_of_captions_is_written_as_tables_alone(steps, tmp_path, lines, stderr):
    from datasets import load_dataset  # slow to import

    asked = ["generate", "few-6", "--suite", steps]
    assert main([*asked, "--out", str(tmp_path / "no")]) == 2
    assert "few-w0 has captions and no images; write --format captions" in stderr()
    assert main([*asked, "--out", str(tmp_path / "set"), "--format", "captions", "--twins"]) == 0
    train, twins = lines("set/train.csv")["train"], lines("set/test-hue.csv")["test/hue"]
    rung = load_suite(steps).task("few-6").in_world(0).scenario
    assert train[0]["caption"] == sample_part(rung, "train", [0], ("caption",)).captions[0]
    assert [row["hue"] for row in twins] == [str(k // 12) for k in range(12 * 5)]
    assert [row["index"] for row in twins] == [str(k % 12) for k in range(12 * 5)]
    splits = load_dataset(str(tmp_path / "set"), cache_dir=str(tmp_path / "cache"))
    assert len(splits["train"]) == 90


def test_a_file_of_ones_own_may_have_any_number_of_counterexamples(ladder_file, tmp_path, stderr):
    file = str(Path(ladder_file).parent / "steps" / "few.toml")
    asked = ["generate", file, "--splits", "train", "--format", "captions", "--out"]
    assert main([*asked, str(tmp_path / "highest")]) == 0
    assert main([*asked, str(tmp_path / "five"), "--counterexamples", "5"]) == 0
    highest, five = (load_scenario(tmp_path / name / "scenario.toml") for name in ("highest", "five"))
    assert (highest.rungs, five.rungs) == ((16,), (5,))
    stderr()
    assert main([*asked, str(tmp_path / "two"), "--counterexamples", "2"]) == 2
    assert "few-w0 cannot have 2 counterexamples; choose 0, or from 3 to 32" in stderr()
    assert main(["generate", "few-image-4", "--suite", ladder_file, "--counterexamples", "5", "--out", "x"]) == 2
    assert "--counterexamples 5 is for a ladder's file" in stderr()


def test_label_noise_leaves_the_class_shown_beside_the_label(ladder, tmp_path, lines):
    noisy = ladder.model_copy(update={"label_noise": 0.4})
    export(Plan(noisy, ("train",), "captions"), tmp_path / "set")
    clean = sample_part(ladder, "train", range(60), NOTHING).labels
    rows = lines("set/train.csv")["train"]
    assert [int(row["true_label"]) for row in rows[:60]] == clean.tolist()
    assert 0.1 < np.mean([row["label"] != row["true_label"] for row in rows]) < 0.7
