import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import spurgen.harness.results.identity as module
from spurgen.baselines.training.encoders import ENCODERS, backbone_digest
from spurgen.benchmark.suite import load_suite
from spurgen.harness.results.identity import job_identity, submission_digest
from spurgen.harness.results.sources import HOME

IMPORTS = (
    "from spurgen.baselines.erm import submission",
    "from spurgen.baselines import erm",
    "from spurgen.baselines.training.loop import train",
)
CODE = '"""A model."""\nimport math  # why\n\n\ndef predict(batch):\n    return []\n'
IN_TREE = "import sys; sys.path[:0] = sys.argv[1:]; from test_identity import identities; print(*identities())"


def identities():
    """Return the identities of 33 jobs: of three methods on eleven rungs."""
    digests = [submission_digest(f"spurgen.baselines.{name}:submission") for name in ("erm", "jtt", "group_dro")]
    tasks = list(load_suite("v3").tasks.values())[:11]
    return [job_identity(task, one, data="data", seed=0, options={}) for task in tasks for one in digests]


def replace_everywhere(tree, pattern, new):
    edited = 0
    for path in tree.rglob("*.py"):
        text, count = re.subn(pattern, new, path.read_text())
        path.write_text(text)
        edited += count
    assert edited > 0


def test_a_rename_a_moved_import_and_another_format_make_no_result_stale(tmp_path):
    tree, before = tmp_path / "spurgen", identities()
    for name in ("benchmark", "generators", "baselines", "harness"):
        shutil.copytree(HOME / name, tree / name, ignore=shutil.ignore_patterns("*-*.json", "*.png"))
    assert len(set(before)) == len(before) == 33
    replace_everywhere(tree, r"\bshuffled\b", "in_random_order")  # a function that methods share
    (tree / "baselines/training/samplers.py").rename(tree / "baselines/training/sampling_order.py")
    replace_everywhere(tree, r"baselines\.training\.samplers\b", "baselines.training.sampling_order")
    (tree / "harness/running/scoring.py").rename(tree / "harness/running/metrics_of_a_job.py")
    replace_everywhere(tree, r"harness\.running\.scoring\b", "harness.running.metrics_of_a_job")
    replace_everywhere(tree, "\n\n\ndef ", "\n# Another format.\n\n\n\ndef ")
    command = [sys.executable, "-c", IN_TREE, str(tmp_path), str(Path(__file__).parent)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.split() == before


@pytest.mark.parametrize(
    ("name", "raised", "changed"),
    [
        ("TRAINING_VERSION", 99, 33), ("SCORING_VERSION", 99, 33),
        ("method_version", lambda name, known=module.method_version: 99 if name == "jtt" else known(name), 11),
    ],
)  # fmt: skip
def test_a_raised_version_makes_exactly_its_own_results_stale(monkeypatch, name, raised, changed):
    before = identities()
    monkeypatch.setattr(module, name, raised)
    assert sum(one != other for one, other in zip(before, identities(), strict=True)) == changed


def test_every_byte_of_a_strangers_submission_counts(write_submission):
    first = submission_digest(write_submission(CODE))
    assert submission_digest(write_submission(CODE.replace("# why", "# because"))) != first


def test_a_strangers_submission_depends_on_the_training_code_it_may_import(write_submission, monkeypatch):
    plain = write_submission(CODE, "plain")
    specs = [write_submission(f"{line}\n{CODE}", f"model{k}") for k, line in enumerate(IMPORTS)]
    before, untouched = [submission_digest(spec) for spec in specs], submission_digest(plain)
    with monkeypatch.context() as patch:
        patch.setattr(module, "TRAINING_VERSION", 99)
        assert all(submission_digest(spec) != old for spec, old in zip(specs, before, strict=True))
        assert submission_digest(plain) == untouched
    monkeypatch.setattr(module, "method_version", lambda name: {"erm": 99}.get(name, 1))
    assert [submission_digest(spec) != old for spec, old in zip(specs, before, strict=True)] == [True, True, False]


def test_the_attribute_that_a_spec_names_counts(write_submission):
    spec = write_submission(f"{CODE}\na = b = predict")
    assert len({submission_digest(name) for name in (spec, f"{spec}:a", f"{spec}:b")}) == 3


def test_a_job_depends_on_everything_that_changes_its_metrics(suite):
    task = suite.task("small-text")
    arguments = {"data": "d", "seed": 0, "options": {}}
    identities = {
        job_identity(task, "s", **arguments),
        job_identity(task, "other submission", **arguments),
        job_identity(task, "s", **(arguments | {"data": "other data"})),
        job_identity(task, "s", **(arguments | {"seed": 1})),
        job_identity(task, "s", **(arguments | {"options": {"lr": 1.0}})),
        job_identity(task, "s", **arguments, uncorrelated=True),
        job_identity(task, "s", **arguments, uncorrelated=True, matched=True),
        job_identity(task, "s", **arguments, uncorrelated=True, matched=True, draw=1),
        job_identity(replace(task, backbone="finetuned"), "s", **arguments),
        job_identity(suite.task("small-image"), "s", **arguments),
    }
    assert len(identities) == 10


def test_a_job_that_is_no_matched_control_is_identified_as_before_there_were_any(monkeypatch):
    task = load_suite("v3").task("things-text-32")
    monkeypatch.setattr(module, "_sha256", lambda parts: parts)
    named = {
        matched: job_identity(task, "s", data="d", seed=0, options={}, matched=matched) for matched in (False, True)
    }
    assert list(named[False]) == [
        "suite", "task", "modality", "backbone", "weights", "seed", "uncorrelated", "options", "submission", "data",
        "scoring",
    ]  # fmt: skip
    assert named[True] == {**named[False], "matched": True}


def test_a_job_depends_on_the_weights_that_its_task_starts_from(suite, monkeypatch):
    task = replace(suite.task("small-image"), backbone="finetuned")
    first = job_identity(task, "s", data="d", seed=0, options={})
    monkeypatch.setattr(module, "backbone_digest", lambda _: "other weights")
    assert job_identity(task, "s", data="d", seed=0, options={}) != first


def test_weights_that_are_not_installed_have_a_digest(monkeypatch):
    monkeypatch.setitem(sys.modules, ENCODERS["image"].packages[0], None)
    assert re.fullmatch("[0-9a-f]{64}/[0-9a-f]{64}", backbone_digest("finetuned"))
    assert backbone_digest("scratch") == "scratch"
