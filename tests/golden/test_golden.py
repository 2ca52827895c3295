"""Every method trains, and a job measures, what is recorded; the comparisons notice when one does not."""

import copy
import importlib.util
import json
from pathlib import Path

import pytest

from spurgen.baselines import focal, jtt
from spurgen.baselines.training import loop
from spurgen.baselines.training.method import Baseline
from spurgen.baselines.training.version import TRAINING_VERSION
from spurgen.benchmark.plugins import discover
from spurgen.benchmark.worlds.things import Ladder
from spurgen.harness import metrics
from spurgen.harness.results.answered import _key, answered
from spurgen.harness.results.identity import SCORING_VERSION

METHODS = discover("spurgen.baselines")


def load(name):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


golden, scoring = load("record"), load("scoring")
RECORDED = golden.read()
SLOW = ("text", "finetuned")  # the case that loads a library for ten seconds


def raised(method):
    version = method.VERSION + 1
    return Baseline(method._module, method._fit, method.HYPERPARAMETERS, access=method.ACCESS, version=version)


@pytest.mark.parametrize("name", [*sorted(METHODS.keys() - {"erm"}), pytest.param("erm", marks=pytest.mark.minilm)])
def test_results_are_the_recorded_ones(name):
    complaint = golden.complaint(METHODS[name].submission, RECORDED.get(name))
    assert complaint is None, complaint


def test_only_existing_methods_are_recorded():
    assert set(RECORDED) <= set(METHODS), "run `python tests/golden/record.py`"


def test_changed_loss_is_noticed_with_the_line_to_change(monkeypatch):
    exact = focal.focal_losses
    monkeypatch.setattr(focal, "focal_losses", lambda *arguments: 1.01 * exact(*arguments))
    complaint = golden.complaint(focal.submission, RECORDED["focal"])
    assert complaint.startswith("results of focal changed (")
    assert (
        f"raise `version` in baselines/focal.py (now {focal.submission.VERSION}), "
        "then run `python tests/golden/record.py focal`"
    ) in complaint


def test_changed_shared_code_is_noticed_in_every_quick_case(monkeypatch):
    quick = {name: case for name, case in golden.cases_of(METHODS["erm"].submission).items() if case != SLOW}
    recorded = RECORDED["erm"] | {"cases": {name: RECORDED["erm"]["cases"][name] for name in quick}}
    monkeypatch.setattr(golden, "cases_of", lambda _: quick)
    monkeypatch.setattr(loop, "WARM_UP", 0.3)
    complaint = golden.complaint(METHODS["erm"].submission, recorded)
    assert len(quick) == 4
    for case in quick:
        assert f"{case}: " in complaint
    assert "raise TRAINING_VERSION in baselines/training/version.py" in complaint


@pytest.fixture
def untrained(monkeypatch):
    """Let every case of a method have the recorded results, without training."""
    names = {case: name for name, case in golden.cases_of(METHODS["erm"].submission).items()}
    monkeypatch.setattr(golden, "run_case", lambda method, *case: RECORDED[method.NAME]["cases"][names[case]])


@pytest.mark.usefixtures("untrained")
@pytest.mark.parametrize("options", [{}, {"epochs": 4}, {"upweight": 21}])
def test_changed_default_is_noticed(options):
    complaint = golden.complaint(jtt.submission.with_options(**options), RECORDED["jtt"])
    for name, value in options.items():
        assert f"({name}: {getattr(jtt.submission.HYPERPARAMETERS, name)} before, {value} now)" in complaint
    assert options or complaint is None


@pytest.mark.usefixtures("untrained")
def test_removed_hyper_parameter_is_noticed():
    recorded = copy.deepcopy(RECORDED["erm"])
    recorded["hyperparameters"]["momentum"] = 0.9
    assert "(momentum: 0.9 before, None now)" in golden.complaint(METHODS["erm"].submission, recorded)


@pytest.mark.parametrize("part", ["losses", "logits"])
@pytest.mark.parametrize(("change", "same"), [(1e-4, True), (-1e-4, True), (3e-3, False), (-3e-3, False)])
def test_only_rounding_is_tolerated(part, change, same):
    before = {"losses": [1.0, 0.5], "logits": [0.1, 1.0]}
    for place in (0, 1):
        now = copy.deepcopy(before)
        now[part][place] += change
        assert golden.agree(before, now) is same


def test_missing_epoch_is_noticed():
    assert not golden.agree({"losses": [1.0, 1.0], "logits": [0, 1]}, {"losses": [1.0], "logits": [0, 1]})


def test_raised_version_asks_for_a_recording(monkeypatch):
    now = jtt.submission.VERSION
    entry = {"version": now, "training_version": golden.TRAINING_VERSION}
    assert golden.complaint(raised(jtt.submission), entry) == (
        f"version of jtt is {now + 1}, recorded {now}: run `python tests/golden/record.py jtt`"
    )
    assert golden.complaint(jtt.submission, None) == (
        "jtt has no recorded results: run `python tests/golden/record.py jtt`"
    )
    monkeypatch.setattr(golden, "TRAINING_VERSION", 99)
    assert golden.complaint(jtt.submission, entry) == (
        f"TRAINING_VERSION is 99, recorded {TRAINING_VERSION}: run `python tests/golden/record.py`"
    )


def test_only_new_methods_and_raised_versions_are_recorded(tmp_path, monkeypatch):
    path, erm = tmp_path / "training.json", METHODS["erm"].submission
    monkeypatch.setattr(golden, "run_case", lambda *_: {"losses": [1.0], "logits": [0.0, 1.0]})
    assert golden.record([erm, jtt.submission], path) == ["erm", "jtt"]
    assert golden.record([erm, raised(jtt.submission)], path) == ["jtt"]
    assert golden.record([erm, jtt.submission], path) == []  # a version is never lowered
    versions = {"erm": erm.VERSION, "jtt": jtt.submission.VERSION + 1}
    assert {name: entry["version"] for name, entry in golden.read(path).items()} == versions
    with monkeypatch.context() as patch:
        patch.setattr(golden, "CASES", (*golden.CASES, ("text", "finetuned")))
        patch.setattr(golden, "run_case", lambda *_: {"losses": [2.0], "logits": [0.0, 1.0]})
        assert golden.record([erm, raised(jtt.submission)], path) == ["jtt"]
    cases = golden.read(path)["jtt"]["cases"]  # a new case is added, the others stay
    assert {name: case["losses"] for name, case in cases.items()} == {
        "image, scratch": [1.0], "text, scratch": [1.0], "text, finetuned": [2.0]
    }  # fmt: skip
    monkeypatch.setattr(golden, "TRAINING_VERSION", golden.TRAINING_VERSION + 1)
    assert golden.record([erm, raised(jtt.submission)], path) == ["erm", "jtt"]


@pytest.mark.parametrize("name", scoring.CASES)
def test_a_changed_metric_needs_a_raised_scoring_version(name):
    complaint = scoring.complaint(name)
    assert complaint is None, complaint


def changed_in(name):
    """Return the numbers of a case that the guard reports as changed, and the line to change."""
    *lines, remedy = scoring.complaint(name).splitlines()
    return {line.partition(":")[0].removeprefix(f"{name}/") for line in lines}, remedy


def without_neutral_part(ladder, modality, real=Ladder.layout):
    """Return the layout of a ladder, but without the part with neutral values."""
    layout = real(ladder, modality)
    return layout._replace(averaged={name: part for name, part in layout.averaged.items() if "neutral" not in name})


def without_neutral(rung, classes):
    """Return what follows from the classes, but the robust accuracy without that on neutral values."""
    found = answered(rung, classes)
    lowest = min(found.metrics["accuracy_agree"], found.metrics["accuracy_mislead"])
    return found._replace(metrics=found.metrics | {"robust_accuracy": lowest})


RUNNING, THINGS = "spurgen.harness.running", "spurgen.benchmark.worlds.things.Ladder"
PLANTED = {
    "no temperature": (f"{RUNNING}.query.Answers.temperature", 1.0, "text", {"metrics/sss", "metrics/ig"}),
    "robust without neutral": (
        f"{RUNNING}.scoring.answered", without_neutral, "uncorrelated", {"metrics/robust_accuracy"}
    ),
    "no neutral": (
        f"{THINGS}.layout", without_neutral_part, "text", {"metrics/accuracy_neutral"}
    ),
    "no counterexamples": (
        f"{THINGS}.pieces", lambda self, split, _: ((split, range(self.parts[split])),), "text",
        {"report/curves/0/inputs", "report/curves/1/inputs"},
    ),
}  # fmt: skip


@pytest.fixture
def _no_known_keys():
    """Forget what `answered` knows of worlds, before and after a layout is changed."""
    _key.cache_clear()
    yield
    _key.cache_clear()


@pytest.mark.usefixtures("_no_known_keys")
@pytest.mark.parametrize("bug", PLANTED)
def test_the_guard_notices_a_bug_in_rungs_and_names_their_version(bug, monkeypatch):
    place, replacement, case, expected = PLANTED[bug]
    monkeypatch.setattr(f"{RUNNING}.run.runs_here", lambda _: True)
    monkeypatch.setattr(place, replacement)
    lines, remedy = changed_in(f"ladder, {case}")
    assert lines >= expected
    assert remedy == (
        f"if a recorded number changed, raise SCORING_VERSION in harness/results/identity.py (now {SCORING_VERSION}); "
        "then, or if there are new metrics alone, run `python tests/golden/scoring.py`"
    )


def test_each_of_the_three_accuracies_alone_is_the_lowest_in_a_case_of_ladders():
    lowest = set()
    for name in ("ladder, text", "ladder, uncorrelated", "ladder, contrary"):
        found = scoring.read()["results"][name]["metrics"]
        (low, state), (next_low, _), _ = sorted((found[f"accuracy_{s}"], s) for s in ("agree", "mislead", "neutral"))
        assert low < next_low
        lowest.add(state)
    assert lowest == {"agree", "mislead", "neutral"}


def test_the_guard_notices_a_changed_metric_and_another_question(monkeypatch):
    real = metrics.spurious_sensitivities
    monkeypatch.setattr(metrics, "spurious_sensitivities", lambda *arguments: 1.001 * real(*arguments))
    lines, remedy = changed_in("text")
    assert "metrics/sss" in lines
    assert f"raise SCORING_VERSION in harness/results/identity.py (now {SCORING_VERSION})" in remedy
    monkeypatch.undo()
    monkeypatch.setattr("spurgen.generators.pictograms.world.PictogramWorld.class_names", ("a", "b", "c"))
    assert "report/curves/0/classes" in changed_in("text")[0]


def test_new_metrics_are_recorded_and_changed_ones_refused(monkeypatch, tmp_path, capsys):
    measured = {"metrics": {"old": 0.5, "new": 1.0}}
    monkeypatch.setattr(scoring, "measure", lambda case: measured if case.counterexamples is None else {"metrics": {}})
    monkeypatch.setattr(scoring, "RECORD", tmp_path / "scoring.json")
    results = {name: {"metrics": {"old": 0.5}} for name in scoring.CASES}
    before = json.dumps({"versions": scoring.versions(), "results": results})
    scoring.RECORD.write_text(before)
    measured["metrics"]["old"] = 0.6
    assert scoring.main() == 1
    said = capsys.readouterr().err
    assert "text/metrics/old: 0.5 recorded, 0.6 now" in said
    assert "raise SCORING_VERSION in harness/results/identity.py to record these numbers" in said
    assert scoring.RECORD.read_text() == before
    measured["metrics"]["old"] = 0.5
    assert scoring.main() == 0
    assert scoring.read()["results"]["text"] == measured
    monkeypatch.setattr(scoring, "SCORING_VERSION", SCORING_VERSION + 1)
    measured["metrics"]["old"] = 0.6
    assert scoring.complaint("text") == (
        f"SCORING_VERSION is {SCORING_VERSION + 1}, recorded {SCORING_VERSION}: run `python tests/golden/scoring.py`"
    )
    assert scoring.main() == 0
    monkeypatch.setattr(scoring, "measure", lambda _: {"metrics": {"old": 0.7}})
    assert scoring.main() == 1
    assert "raise SCORING_VERSION in " in capsys.readouterr().err
