import fcntl
import io
from unittest.mock import Mock

import pytest
from rich.console import Console

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.anchor import study as module
from spurgen.harness.anchor import training
from spurgen.harness.anchor.record import AnchorResult, read_anchor
from spurgen.harness.anchor.study import Study

CONSOLE = Console(file=io.StringIO())
METHODS = ["contrastive", "crt", "erm", "mixup"]


@pytest.fixture
def trained(monkeypatch):
    """Simulate training, and return the jobs that were run; methods in `failing` fail, and settings get better."""
    jobs, failing = [], {}

    def run(data, job, design, identity):
        del data, design
        jobs.append(job)
        correct = None if job.world == "tuning" else (20, 10, 20, 10)
        return AnchorResult(
            method=job.method, access="none", world=job.world, correlated=job.correlated, options=job.options,
            identity=identity, score=() if job.method in failing else (job.options.get("lr", 0.0),), correct=correct,
            error=failing.get(job.method), seconds=1.0,
        )  # fmt: skip

    monkeypatch.setattr(module, "train_and_score", run)
    run.jobs, run.failing = jobs, failing
    return run


@pytest.fixture
def make(planted, small, tmp_path):
    def make(methods=METHODS, trials=3, worlds=2, data=None):
        return Study(data or planted(), tmp_path / "planted.json", methods, trials, worlds, small)

    return make


def test_every_method_is_tuned_on_one_world_and_trained_on_the_others(make, trained):
    study = make()
    content = study.run(CONSOLE)
    assert study.total == len(trained.jobs) == len(content.results) == 3 * (3 + 2) + 2
    assert set(content.left_out) == {"contrastive"}
    mixup = [job for job in trained.jobs if job.method == "mixup"]
    assert [job.world for job in mixup] == ["tuning"] * 3 + ["0", "1"]
    assert mixup[3].options == max(mixup[:3], key=lambda job: job.options["lr"]).options


def test_the_reference_has_the_options_of_erm(make, trained):
    make().run(CONSOLE)
    references = [job for job in trained.jobs if not job.correlated]
    assert [(job.method, job.world) for job in references] == [("erm", "0"), ("erm", "1")]
    figures = [job for job in trained.jobs if job.method == "erm" and job.correlated and job.world != "tuning"]
    assert [job.options for job in references] == [job.options for job in figures]


def test_features_are_trained_with_the_tuned_settings_of_erm(make, trained):
    make().run(CONSOLE)
    (options,) = {str(job.options) for job in trained.jobs if job.method == "erm" and job.world == "0"}
    for job in trained.jobs:
        if job.method == "crt":
            assert str({key: job.options[key] for key in ("lr", "weight_decay")}) == options
    assert len({job.options["head_lr"] for job in trained.jobs if job.method == "crt"}) == 3


def test_a_study_goes_on_where_it_was(make, trained, monkeypatch):
    real, stop_after = module.train_and_score, 4

    def stopped(*arguments):
        if len(trained.jobs) == stop_after:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(module, "train_and_score", stopped)
    with pytest.raises(KeyboardInterrupt) as caught:
        make().run(CONSOLE)
    assert "run the same command again to continue" in " ".join(caught.value.__notes__)
    study = make()
    assert len(read_anchor(study.path).results) == stop_after
    monkeypatch.setattr(module, "train_and_score", real)
    study.run(CONSOLE)
    assert len(trained.jobs) == study.total
    make().run(CONSOLE)
    assert len(trained.jobs) == study.total


def test_results_of_other_methods_stay_and_stale_ones_go(make, trained):
    make(["erm", "mixup"]).run(CONSOLE)
    content = make(["erm"], trials=2).run(CONSOLE)
    assert len(trained.jobs) == 2 * 5 + 2
    by_method = [result.method for result in content.results]
    assert (by_method.count("erm"), by_method.count("mixup")) == (2 + 2 + 2, 3 + 2)


@pytest.mark.usefixtures("trained")
def test_two_studies_on_one_file_keep_all_trainings(make):
    first, second = make(["erm", "mixup"]), make(["crt", "erm"])  # both begin before a training is stored
    first.run(CONSOLE)
    content = second.run(CONSOLE)
    assert {result.method for result in content.results} == {"crt", "erm", "mixup"}
    assert len(content.results) == 3 * (3 + 2) + 2
    assert read_anchor(second.path) == content


@pytest.mark.usefixtures("trained")
def test_the_file_is_locked_while_it_is_written(make, monkeypatch):
    write, study = Mock(wraps=module.write_anchor), make(["erm"])

    def locked_write(path, content):
        with open(path.parent / ".lock") as lock, pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        write(path, content)

    monkeypatch.setattr(module, "write_anchor", locked_write)
    study.run(CONSOLE)
    assert write.call_count == 3 + 2 + 2 + 1


@pytest.mark.usefixtures("trained")
def test_results_on_other_data_are_not_overwritten(make, planted):
    content = make(["erm"]).run(CONSOLE)
    with pytest.raises(SpurgenError, match=r"planted.json has results on other data.*name another folder"):
        make(["erm"], data=planted(1300))
    assert read_anchor(make(["erm"]).path) == content


def test_a_method_begun_again_with_other_options_has_no_figures_of_both(make, trained, monkeypatch):
    make(["erm", "mixup"], trials=1).run(CONSOLE)
    real = module.train_and_score

    def stopped(data, job, design, identity):
        if job.method == "mixup" and job.world == "1":
            raise KeyboardInterrupt
        return real(data, job, design, identity)

    monkeypatch.setattr(module, "train_and_score", stopped)
    with pytest.raises(KeyboardInterrupt):
        make(["erm", "mixup"], trials=3).run(CONSOLE)
    assert [job.world for job in trained.jobs if job.method == "mixup"][-1] == "0"
    assert not [result for result in make(["erm"]).run(CONSOLE).results if result.method == "mixup"]


def test_results_of_an_older_version_go_and_the_most_settings_are_said(make, trained, monkeypatch):
    assert make(["erm", "mixup"], trials=3).run(CONSOLE).trials == 3
    monkeypatch.setattr(training, "method_version", {"erm": 1, "mixup": 10**6}.get)
    content = make(["erm"], trials=1).run(CONSOLE)
    assert {result.method for result in content.results} == {"erm"}
    assert content.trials == 1
    assert trained.jobs[-1].method == "erm"


def test_a_method_without_a_setting_that_works_is_left_out_with_its_error(make, trained):
    trained.failing["mixup"] = "the loss is nan"
    content = make().run(CONSOLE)
    assert content.left_out["mixup"] == "no setting worked: the loss is nan"
    assert [job.world for job in trained.jobs if job.method == "mixup"] == ["tuning"] * 3
    trained.failing.clear()
    assert "mixup" not in make().run(CONSOLE).left_out
