from dataclasses import replace
from logging import getLogger
from pathlib import Path

import pytest
from rich.console import Console

import spurgen.harness.experiments.experiment as module
from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.task import Task
from spurgen.benchmark.world import load_scenario
from spurgen.harness.experiments.checks import Method
from spurgen.harness.experiments.experiment import Experiment, plan, run_experiment
from spurgen.harness.machine import pool
from spurgen.harness.machine.pool import Resources
from spurgen.harness.running.missing import run_missing

MODEL = (
    "import numpy as np\ndef predict(batch): return np.array([[c.count('a'), c.count('e')] for c in batch.captions])"
)
EDITED = MODEL.replace("'a'", "'b'")


@pytest.fixture
def experiment(small):
    """An experiment of one file, model.py, with two seeds."""
    Path("model.py").write_text(MODEL)
    task = Task("small-text", load_scenario("small.toml"), "text")
    return Experiment("exp", task, (Method("model", "model.py"),), (0, 1), "cpu", small, "spurgen run")


def run(experiment):
    return run_experiment(experiment, getLogger("quiet"), Console(quiet=True), Resources(1))


@pytest.fixture
def runs(monkeypatch):
    """The seeds of the jobs that were run, in this process."""
    seeds = []

    def run_here(work, jobs, *_):
        for job in jobs:
            seeds.append(job.seed)
            yield job, work(job)

    monkeypatch.setattr(pool, "run", run_here)
    return seeds


def test_a_result_belongs_to_everything_that_it_depends_on(experiment):
    def identity(changed):
        return plan(changed)["model", 0].identity

    task = experiment.task
    noisy = replace(task, scenario=task.scenario.model_copy(update={"label_noise": 0.1}))
    options = (Method("model", "model.py", {"lr": 1.0}),)
    changes = [{"task": noisy}, {"task": replace(task, modality="image")}, {"methods": options}]
    identities = {identity(experiment), plan(experiment)["model", 1].identity}
    identities |= {identity(replace(experiment, **change)) for change in changes}
    assert identity(replace(experiment, name="other", seeds=(0,), command="")) == identity(experiment)
    Path("model.py").write_text(EDITED)
    assert len(identities | {identity(experiment)}) == 6


def test_results_are_reused_whatever_the_other_seeds(experiment, runs):
    first = run(experiment)
    assert [result.seed for result in first["model"].results] == runs == [0, 1]
    more = run(replace(experiment, name="other", seeds=(1, 2)))
    assert (more["model"].seeds, runs) == ([1, 2], [0, 1, 2])
    assert run(experiment)["model"].results == first["model"].results
    Path("model.py").write_text(EDITED)
    assert run(experiment)["model"].results[0].identity != first["model"].results[0].identity
    assert runs == [0, 1, 2, 0, 1]


def test_a_failed_job_is_run_again(experiment, runs):
    Path("model.py").write_text("def predict(batch): raise ValueError('boom')")
    for _ in range(2):
        assert "boom" in run(replace(experiment, seeds=(0,)))["model"].results[0].error
    assert runs == [0, 0]


def test_an_edited_file_that_fails_is_not_reported_by_the_results_of_its_older_version(experiment, runs):
    first = run(replace(experiment, seeds=(0,)))["model"]
    Path("model.py").write_text("def predict(batch): raise ValueError('boom')")
    failed = run(experiment)["model"]
    assert (failed.seeds, runs) == ([0, 1], [0, 0, 1])
    assert all("boom" in result.error for result in failed.results)
    Path("model.py").write_text(MODEL)
    assert run(replace(experiment, seeds=(0,)))["model"].results == first.results
    assert runs == [0, 0, 1]


@pytest.mark.usefixtures("runs")
def test_a_result_of_another_version_that_came_in_the_meantime_is_not_reported(experiment, monkeypatch):
    def replaced(jobs, store, *_):
        yield from run_missing(jobs, store, Console(quiet=True), Resources(1))
        for job in jobs:
            part = store.row(job.label)[job.task.name]
            store.update(job.label, [result.model_copy(update={"identity": "other"}) for result in part.results])

    monkeypatch.setattr(module, "run_missing", replaced)
    with pytest.raises(SpurgenError, match=r"the row model-seed0 in .* got a result of another version of model\.py"):
        run(experiment)


def test_a_killed_process_keeps_the_finished_results(experiment, runs, monkeypatch):
    run_here = pool.run

    def die(work, jobs, processes, *_):
        yield next(run_here(work, jobs, processes))
        raise SpurgenError("killed")

    monkeypatch.setattr(pool, "run", die)
    with pytest.raises(SpurgenError, match="killed"):
        run(experiment)
    monkeypatch.setattr(pool, "run", run_here)
    assert run(experiment)["model"].seeds == [0, 1]
    assert runs == [0, 1]
