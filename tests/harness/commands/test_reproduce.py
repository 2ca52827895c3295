from pathlib import Path
from types import SimpleNamespace

import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.board.comparison import UNKNOWN
from spurgen.harness.cli import main
from spurgen.harness.commands.reproduce import _refuse_changes, _thorough
from spurgen.harness.results.store import Store
from spurgen.harness.sandbox.limits import Limits

MODEL = """
MODALITIES = {"text"}
def fit(train, val, context): ...
def predict(batch):
    return [[float(c.count(letter)) for letter in "aeo"] for c in batch.captions]
"""

BURNS = """
    import time
    start = time.process_time()
    while time.process_time() < start + 0.1: ...
"""
LONG = MODEL.replace(" ...\n", BURNS)
LEARNS = LONG.replace("def predict(batch):", "seen = {}\ndef predict(batch):").replace(
    '[float(c.count(letter)) for letter in "aeo"]',
    "seen.setdefault(c, [9.0 * ((len(seen) + len(c)) % 3 == k) for k in range(3)])",
)


pytestmark = pytest.mark.usefixtures("here")


@pytest.fixture
def asked(monkeypatch):
    """What is asked for beyond a row's own limits, and left out: forgetting pages slows whatever runs beside it."""
    found = []
    monkeypatch.setattr(
        "spurgen.harness.commands.reproduce.replace", lambda limits, **more: found.append(more) or limits
    )
    return found


@pytest.fixture
def row(score, suite_file, write_submission, tmp_path, asked):
    """Return a function that scores a submission, and one that runs its row again, with its results in the store."""
    folder = tmp_path / "results"
    store = Store(folder, "tiny")
    flags = ["--suite", suite_file, "--results", str(folder), "--device", "cpu", "--jobs", "1"]

    def results():
        return store.row("model")["small-text"].results

    def claim(**fields):
        store.update("model", [r.model_copy(update=fields) for r in results()])

    def raise_metric(name, by):
        changed = [r.model_copy(update={"metrics": r.metrics | {name: r.metrics[name] + by}}) for r in results()]
        store.update("model", changed)

    return SimpleNamespace(
        score=lambda *flags, seeds="0", code=MODEL: score(write_submission(code), *flags, seeds=seeds),
        reproduce=lambda *more: main(["reproduce", "model", *more, *flags]),
        results=results,
        claim=claim,
        asked=asked,
        raise_metric=raise_metric,
    )


@pytest.mark.slow
def test_a_row_is_reproduced_exactly_and_that_can_be_noted(row, capsys):
    row.score()
    (before,) = row.results()
    capsys.readouterr()
    assert row.reproduce() == 0
    assert row.asked == [{"forget_pages": True, "retrain_seconds": 24 * 3600.0}]
    out, err = capsys.readouterr()
    assert row.results() == (before,)
    lines = [line for line in out.splitlines() if line.startswith("| small-text")]
    assert len(lines) == sum(name in before.metrics for name in UNKNOWN) + len(before.channels)
    assert all(line.rstrip(" |").endswith("exact") for line in lines)
    assert "results run again: 1 exact" in err
    assert row.reproduce("--record") == 0
    assert "noted in the row as re-run: 1; " in capsys.readouterr().err
    (result,) = row.results()
    assert result.verification == "re-run"
    assert result.provenance.reproduction.verdict == "exact"
    assert result.provenance.reproduction.finished >= result.provenance.finished


@pytest.mark.slow
@pytest.mark.usefixtures("asked")
def test_a_rung_of_a_ladder_is_trained_again_and_its_metrics_compared(steps, write_submission, tmp_path, capsys):
    spec, folder = write_submission(MODEL), tmp_path / "results"
    flags = ["--suite", steps, "--results", str(folder), "--device", "cpu", "--jobs", "1", "--seeds", "0-1"]
    assert main(["score", spec, "--tasks", "few-6", *flags]) == 0
    store = Store(folder, "steps")
    assert main(["reproduce", "model", *flags]) == 0
    out, err = capsys.readouterr()
    assert "results run again: 2 exact" in err
    shown = {line.split("|")[3].strip() for line in out.splitlines() if line.startswith("| few-6")}
    rung = {"robust_accuracy", "wga", "accuracy", "follows", "uses_thing", "sss", "ig"}
    assert shown == rung | {f"follows/{name}" for name in ("hue", "place")}
    moved = [
        result.model_copy(update={"metrics": result.metrics | {"follows": result.metrics["follows"] - 0.3}})
        for result in store.row("model")["few-6"].results
    ]
    store.update("model", moved)
    assert main(["reproduce", "model", *flags]) != 0


def test_a_training_of_any_length_is_repeated_and_on_a_gpu_none_is():
    limits = _thorough(Limits(cpu_seconds=10, retrain_seconds=0.1))
    assert limits.forget_pages
    assert limits.retrains(9.9, "cpu")
    assert not limits.retrains(0.1, "cuda")


@pytest.mark.slow
def test_a_fresh_process_confirms_the_answers_of_a_long_training_when_they_are_reproduced(row):
    row.score("--retrain-seconds", "0.001", code=LONG)
    assert row.results()[0].provenance.consistency.worker == "same"
    assert row.reproduce("--record") == 0
    assert row.results()[0].provenance.consistency.worker == "same"
    assert row.results()[0].provenance.reproduction.consistency.worker == "fresh"


@pytest.mark.slow
def test_answers_that_depend_on_earlier_questions_are_not_reproduced(row, capsys):
    """The second answer to a caption is that of the first: what a caption is answered depends on those before."""
    row.score("--retrain-seconds", "0.001", code=LEARNS)
    assert row.results()[0].error is None
    capsys.readouterr()
    assert row.reproduce("--record") == 1
    out, err = capsys.readouterr()
    assert "failed: " in out
    assert "by a fresh process, trained with the same seed" in out
    assert "nothing noted in the row" in err


@pytest.mark.slow
@pytest.mark.parametrize("false", [{"metrics": 0.5}, {"access": "envs"}, {"uses_generator": True}])
def test_what_the_row_says_and_a_second_run_does_not_is_shown_and_not_noted(row, capsys, false):
    row.score()
    ((name, value),) = false.items()
    if name == "metrics":
        row.raise_metric(name := "wga", value)
    else:
        row.claim(**false)
    capsys.readouterr()
    assert row.reproduce("--record") == 1
    out, err = capsys.readouterr()
    assert next(line for line in out.splitlines() if f"| {name}" in line).rstrip(" |").endswith("differs")
    assert "results run again: 1 differs" in err
    assert "nothing noted in the row" in err
    assert row.results()[0].verification == "self-reported"


@pytest.mark.slow
def test_a_mean_that_drifted_is_shown_and_not_noted(row, capsys):
    row.score(seeds="0-2")
    row.raise_metric("sss", 0.02)
    capsys.readouterr()
    assert row.reproduce("--record") == 1
    out, err = capsys.readouterr()
    assert "results run again: 3 within tolerance" in err
    assert "small-text: the mean over its seeds differs" in err
    assert "differs" in next(line for line in out.splitlines() if "| mean" in line and "| sss" in line)
    assert {result.verification for result in row.results()} == {"self-reported"}


@pytest.mark.slow
def test_a_row_that_cannot_be_run_again_is_refused_with_the_reason(row, write_submission, stderr):
    row.score()
    assert row.reproduce("--tasks", "small-image") == 2
    assert "there is no task of this row 'small-image'; did you mean small-text" in stderr()
    write_submission(MODEL.replace("aeo", "aei"))
    assert row.reproduce() == 2
    message = stderr()
    assert "changed since the row was made (SHA-256" in message
    assert "restore the file, or score it again" in message
    Path(row.results()[0].spec).unlink()
    assert row.reproduce() == 2
    assert "model.py, seen from " in stderr()


def test_a_method_that_changed_names_the_commit_that_made_the_row():
    environment = SimpleNamespace(commit="1c1333d3")
    result = SimpleNamespace(
        spec="spurgen.baselines.erm:submission", submission_sha256="1" * 64,
        provenance=SimpleNamespace(environment=environment),
    )  # fmt: skip
    with pytest.raises(SpurgenError, match=r"erm:submission changed since .*; check out the commit .* it, 1c1333d3$"):
        _refuse_changes([(SimpleNamespace(submission_sha256="2" * 64), result)])
