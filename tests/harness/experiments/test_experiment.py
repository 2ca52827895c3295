import logging
import re
import warnings
from dataclasses import replace
from logging import getLogger
from pathlib import Path

import pytest
import torch
from rich.console import Console

import spurgen.harness.experiments.experiment as module
from spurgen.baselines import erm
from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.task import Task
from spurgen.benchmark.world import load_scenario
from spurgen.benchmark.worlds.pictograms import make_scenario
from spurgen.harness.experiments import METHODS
from spurgen.harness.experiments.experiment import (
    LOG,
    LOGGERS,
    Experiment,
    Method,
    empty_groups,
    find_methods,
    logged,
    plan,
    run_experiment,
    unused_flags,
)
from spurgen.harness.machine import pool
from spurgen.harness.machine.pool import Resources
from spurgen.harness.running.executing import run_missing

QUIET = Console(quiet=True)
MODEL = (
    "import numpy as np\ndef predict(batch): return np.array([[c.count('a'), c.count('e')] for c in batch.captions])"
)
FLAGS = {"feature_dim": 64, "batch_size": 8, "num_epochs": 2, "lr": 0.1}
EDITED = MODEL.replace("'a'", "'b'")


@pytest.fixture
def experiment(small):
    """An experiment of one file, model.py, with two seeds."""
    Path("model.py").write_text(MODEL)
    task = Task("small-text", load_scenario("small.toml"), "text")
    return Experiment("exp", task, (Method("model", "model.py"),), (0, 1), "cpu", small, "spurgen run")


def run(experiment):
    return run_experiment(experiment, getLogger("quiet"), QUIET, Resources(1))


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
        yield from run_missing(jobs, store, QUIET, Resources(1))
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


def test_flags_become_options_of_the_methods():
    flags = FLAGS | {"irm_lambda": 7.0, "adv_lambda": 0.5, "cont_lambda": None}
    common = {"feature_dim": 64, "batch_size": 8, "epochs": 2, "lr": 0.1}
    options = {method.name: method.options for method in find_methods((*METHODS, "erm"), flags)}
    assert options == {
        "erm": common, "irm": common | {"penalty_weight": 7.0}, "group_dro": common,
        "adversarial": common | {"adversary_weight": 0.5}, "contrastive": common,
    }  # fmt: skip
    assert erm.submission.with_options(**options["erm"]).HYPERPARAMETERS.epochs == 2


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("--methods ermm", "there is no method 'ermm'; did you mean erm"),
        ("--methods no_such.py", "there is no submission no_such.py, seen from /"),
        ("--methods a/erm.py erm", "--methods: erm and a/erm.py are both called erm"),
        ("--irm_lambda -1", "--irm-lambda -1.0: irm: penalty_weight = -1.0 must lie in [0.0, 1000000.0]"),
        ("--adv_lambda -2", "--adv-lambda -2.0: adversarial: adversary_weight = -2.0 must lie in [0.0, 100.0]"),
        ("--cont_lambda nan", "--cont-lambda nan: contrastive: contrastive_weight = nan must lie in"),
        ("--num_epochs 0", "--num-epochs 0: erm: epochs = 0 must lie in [1, 100000]"),
        ("--lr 0", "--lr 0.0: erm: lr = 0.0 must lie in"),
        ("--feature_dim 1", "--feature-dim 1: erm: feature_dim = 1 must lie in"),
        ("--batch_size 41", "--batch-size 41: larger than the train split, 40 samples; choose a smaller one"),
        ("--gpu x", "argument --gpu: 'x' is not the number of a GPU; write -1 for the CPU, 0 for the first GPU"),
        ("--gpu -2", "argument --gpu: '-2' is not the number of a GPU; write -1 for the CPU, 0 for the first GPU"),
        ("--gpu 3", "there is no device cuda:3; the GPUs here: none; use cpu"),
        ("--save_dir small.toml", "cannot write to small.toml: File exists; choose another --out"),
        ("--generate_data --data_dir small.toml/x", "small.toml: File exists; choose another folder"),
        ("--save_dir small.toml/none", "cannot write to small.toml/none: Not a directory; choose another --out"),
        ("--exp_name a/b", "--exp-name 'a/b': file names begin with it; use only letters, digits"),
        ("--seed -1", "--seed -1: expected 0 to 4611686018427387903"),
        (f"--seed {2**62}", "--seed 4611686018427387904: expected 0 to 4611686018427387903"),
        ("--num_classes 5", "--num-classes 5: small.toml has 2; leave the flag out"),
        ("--num_samples 51", "--num-samples 51: small.toml has 40; leave the flag out"),
    ],
)
def test_a_wrong_flag_is_an_error_before_any_work(small, run_command, monkeypatch, flags, message):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    code, output = run_command(f"small.toml --batch_size 8 {flags}")
    assert code == 2
    assert message in output
    assert set(small.rglob("*")) <= {small / "small.toml", small / "results", small / "results" / "log.txt"}


@pytest.mark.parametrize(
    ("old", "new", "flags", "message"),
    [
        (
            '{ name = "one", strength = { color = 0.9 } }, ', "", "--methods erm irm",
            "--methods irm: needs two or more environments, but scenario small has 1; add [[environments]]",
        ),
        (
            "{ values = 3 },", '{ values = 3, carrier = "image" },', "--methods group_dro --modality text",
            "scenario small has no channel, hence no groups, in modality text; modalities with channels: image, multim",
        ),
    ],
)  # fmt: skip
def test_a_scenario_that_cannot_serve_a_method_is_an_error(small, run_command, old, new, flags, message):
    Path("other.toml").write_text((small / "small.toml").read_text().replace(old, new))
    code, output = run_command(f"other.toml --batch_size 8 {flags}")
    assert code == 2
    assert message in output


def test_empty_groups_are_reported_for_the_methods_that_use_groups():
    def task(strength):
        channels = {"color": {"values": 3, "strength": strength}}
        splits = {"train": 400, "val": 200, "test_per_group": 2}
        scenario = make_scenario("x", suite="x", name="x", seed=0, num_classes=2, channels=channels, splits=splits)
        return Task("a", scenario, "image")

    methods = find_methods(("erm", "dfr", "group_dro"), FLAGS)
    assert empty_groups(task(0.5), methods) == []
    train, val = empty_groups(task(1.0), methods)
    assert train.startswith("train has no sample in 2 of 4 groups, which group_dro cannot take into account;")
    assert val.startswith("val has no sample in 2 of 4 groups, which dfr, group_dro cannot take into account;")
    assert empty_groups(task(1.0), methods[:1]) == []


def test_flags_without_effect_are_reported():
    methods = find_methods(("irm", "submissions/keywords.py"), FLAGS)
    assert unused_flags(methods, {"irm_lambda": 0.0, "adv_lambda": 1.0}) == [
        "--adv-lambda has no effect: adversarial is not among the methods",
        "--irm-lambda 0 removes all that distinguishes irm from erm",
        "keywords is not a baseline: --feature-dim, --batch-size, --num-epochs and --lr have no effect on it",
    ]


@pytest.mark.usefixtures("small")
def test_a_modality_that_a_method_does_not_take_is_an_error(run_command, monkeypatch):
    monkeypatch.setattr(type(erm.submission), "MODALITIES", frozenset({"image"}))
    code, output = run_command("small.toml --batch_size 8 --methods erm --modality text")
    assert (code, "--methods erm: takes image, not text; leave it out" in output) == (2, True)
    Path("model.py").write_text("MODALITIES = 'text'\ndef predict(batch): ...")
    code, output = run_command("small.toml --batch_size 8 --methods model.py")
    assert (code, "submission model.py takes text, but task small-image is image" in output) == (2, True)


def test_messages_are_appended_with_their_times(tmp_path):
    for word in ("first", "second"):
        with logged(tmp_path, QUIET) as log:
            log.info("the %s [bold]run[/bold]", word)
    lines = (tmp_path / LOG).read_text().splitlines()
    times = [re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (.*)", line) for line in lines]
    assert [time and time[1] for time in times] == [
        "INFO the first [bold]run[/bold]",
        "INFO the second [bold]run[/bold]",
    ]


def test_python_warnings_are_logged_and_handlers_removed_afterwards(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        with logged(tmp_path, QUIET):
            warnings.warn("careful", RuntimeWarning, stacklevel=1)
    assert "RuntimeWarning: careful" in (tmp_path / LOG).read_text()
    assert [logging.getLogger(name).handlers for name in LOGGERS] == [[], []]


@pytest.mark.parametrize(
    ("error", "ending"),
    [(KeyboardInterrupt(), "stopped by the user"), (OSError("disk full"), "ended by an error: disk full")],
)
def test_the_reason_for_an_early_end_is_logged(tmp_path, error, ending):
    with pytest.raises(type(error)), logged(tmp_path, QUIET):
        raise error
    assert (tmp_path / LOG).read_text().endswith(f"ERROR {ending}\n")
