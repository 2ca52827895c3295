import warnings
from logging import getLogger
from pathlib import Path

import pytest
from rich.console import Console

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.scenario import load_scenario
from spurgen.benchmark.suite import Task
from spurgen.harness.experiments import experiment as module
from spurgen.harness.experiments.checks import Method
from spurgen.harness.experiments.experiment import WARNINGS, Experiment, Run, identity, plan, run_missing
from spurgen.harness.results.identity import submission_digest
from spurgen.harness.running.run import Trial

MODEL = (
    "import numpy as np\ndef predict(batch): return np.array([[c.count('a'), c.count('e')] for c in batch.captions])"
)


def make_experiment_in(folder, methods, seeds=(0, 1), **changes):
    task = Task("small-text", load_scenario("small.toml").model_copy(update=changes), "text")
    found = tuple(Method(name, f"{name}.py") for name in methods)
    return Experiment("exp", task, found, seeds, "cpu", folder, "spurgen run")


def test_a_result_belongs_to_all_that_it_depends_on(small):
    Path("model.py").write_text(MODEL)
    experiment = make_experiment_in(small, ["model"])
    first, second = plan(experiment)
    assert [run.trial.seed for run in (first, second)] == [0, 1]
    assert first.identity == plan(experiment)[0].identity
    named = Experiment("other", experiment.task, experiment.methods, (0,), "cpu", small, "")
    assert plan(named)[0].file(small) == first.file(small)  # another name shares it
    others = [second, *plan(make_experiment_in(small, ["model"], label_noise=0.1, seed=3))]
    image = Trial(Task("small-text", experiment.task.scenario, "image"), "model.py", 0)
    options = Trial(experiment.task, "model.py", 0, options={"lr": 1.0})
    source = submission_digest("model.py")
    identities = {first.identity, *(o.identity for o in others), identity(image, source), identity(options, source)}
    Path("model.py").write_text(MODEL.replace("'a'", "'b'"))
    assert len(identities | {plan(experiment)[0].identity}) == 7


@pytest.mark.usefixtures("small")
def test_what_a_trial_warns_of_is_kept(monkeypatch):
    Path("model.py").write_text(MODEL)
    task = Task("small-text", load_scenario("small.toml"), "text")
    real = module.run_trial

    def warned(*arguments, **named):
        warnings.warn("ill-conditioned", RuntimeWarning, stacklevel=1)
        return real(*arguments, **named)

    monkeypatch.setattr(module, "run_trial", warned)
    trial = Trial(task, "model.py", 0)
    planned = module.identity(trial, submission_digest("model.py"))
    cell = Run("model", trial, planned).run()
    assert cell.provenance[WARNINGS] == ["RuntimeWarning: ill-conditioned"]
    assert (cell.error, cell.identity, cell.data_sha256) == (None, planned, task.scenario.digest)


@pytest.mark.usefixtures("small")
def test_a_trial_whose_source_was_edited_since_it_was_planned_fails():
    Path("model.py").write_text(MODEL)
    trial = Trial(Task("small-text", load_scenario("small.toml"), "text"), "model.py", 0)
    planned = module.identity(trial, submission_digest("model.py"))
    Path("model.py").write_text(MODEL + "\nx = 1\n")
    cell = Run("model", trial, planned).run()
    assert cell.error.startswith("submission model.py, seed 0: its source was edited")


def test_experiments_that_share_a_folder_keep_each_others_results(small):
    for text in (MODEL, MODEL.replace("'a'", "'b'")):
        Path("model.py").write_text(text)
        experiment = make_experiment_in(small, ["model"], seeds=(0,))
        run_missing(experiment, plan(experiment), getLogger("quiet"), Console(quiet=True), 1)
    assert len(list((small / "trials").rglob("*.json"))) == 2


def test_a_killed_process_loses_nothing(small, monkeypatch):
    Path("model.py").write_text(MODEL)
    experiment = make_experiment_in(small, ["model"])
    runs = plan(experiment)

    def dies(jobs, _):
        yield jobs[0], jobs[0].run()
        raise SpurgenError("killed")

    monkeypatch.setattr(module.pool, "run", dies)
    with pytest.raises(SpurgenError, match="killed"):
        run_missing(experiment, runs, getLogger("quiet"), Console(quiet=True))
    assert [run.file(small).exists() for run in runs] == [True, False]
