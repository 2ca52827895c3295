"""The flags that choose where jobs run."""

import re

import pytest
import torch

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.cli import main, make_parser
from spurgen.harness.machine.pool import ANYWHERE
from spurgen.harness.options.jobs import RESOURCES, check_cluster, device_of, limits_of, resources_of
from spurgen.harness.results.store import Store


def arguments(*flags):
    return make_parser(["benchmark"]).parse_args(["benchmark", *flags])


@pytest.mark.parametrize(
    ("cluster", "flags", "message"),
    [
        ("local", "--memory-per-job 2", "--memory-per-job has no effect with --cluster local, only with ray or slurm;"),
        ("local", "--minutes-per-job 2", "only with slurm; leave it out"),
        ("serial", "--gpus-per-job 2", "only with local or ray or slurm; leave it out"),
        ("serial", "--retries 2", "only with ray or slurm; leave it out"),
        ("ray", "--minutes-per-job 2", "only with slurm; leave it out"),
        ("local://there:1", "", "local has no address; leave ://there:1 out"),
        ("serial://there:1", "", "serial has no address; leave ://there:1 out"),
        ("local", "--gpus-per-job 1.5", "must be a fraction of a GPU or a whole number of them, not 1.5"),
    ],
)
def test_a_flag_without_effect_is_an_error_before_any_work(stderr, monkeypatch, cluster, flags, message):
    monkeypatch.setattr("spurgen.harness.options.submissions.load_suite", None)
    assert main(["benchmark", "--cluster", cluster, *flags.split()]) == 2
    assert message in stderr()


def test_flags_that_an_executor_heeds_reach_it():
    flags = ["--gpus-per-job", ".5", "--memory-per-job", "4", "--minutes-per-job", "9", "--retries", "1"]
    given = arguments("--cluster", "slurm://big", *flags)
    check_cluster(given)
    made = resources_of(given, "cuda")
    assert (made.executor, made.address) == ("slurm", "big")
    assert (made.gpus, made.memory_gib, made.minutes, made.retries) == (0.5, 4.0, 9, 1)
    assert limits_of(given).gpu_share == 0.5
    assert limits_of(arguments("--gpus-per-job", "2")).gpu_share == limits_of(arguments()).gpu_share == 1


@pytest.mark.parametrize(
    ("flags", "device", "room"),
    [("", "cuda", 3), ("--gpus-per-job .5", "cuda", 6), ("--jobs 2", "cuda", 2), ("", "cuda:1", 1), ("", "cpu", None)],
)
def test_all_gpus_of_this_machine_are_used_unless_one_is_named(flags, device, room, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    made = resources_of(arguments(*flags.split()), device)
    assert made.room() == room
    assert made.visible == (("0", "1", "2") if device == "cuda" else ())


@pytest.mark.parametrize(
    ("count", "device", "message"),
    [
        (".5", "cpu", "--gpus-per-job 0.5: the jobs run on a CPU; leave it out, or choose --device cuda"),
        ("4", "cuda", "--gpus-per-job 4: --device cuda names 3 on this machine; ask for less"),
        ("2", "cuda:1", "--gpus-per-job 2: --device cuda:1 names 1 on this machine; ask for less"),
    ],
)
def test_gpus_that_a_job_cannot_have_on_this_machine_are_an_error(count, device, message, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    with pytest.raises(SpurgenError, match=re.escape(message)):
        resources_of(arguments("--gpus-per-job", count), device)
    assert resources_of(arguments("--gpus-per-job", "0"), device).gpus == 0
    assert resources_of(arguments("--gpus-per-job", count, "--cluster", "slurm"), device).gpus == float(count)


@pytest.mark.parametrize(
    ("flags", "device"),
    [
        ("--cluster slurm --device cuda", "cuda"),
        ("--cluster slurm --gpus-per-job 1", "cuda"),
        ("--cluster ray --gpus-per-job .5 --device auto", "cuda"),
        ("--cluster slurm", "cpu"),
        ("--cluster ray --device cpu --gpus-per-job 1", "cpu"),
        ("--gpus-per-job 1", "cpu"),
    ],
)
def test_jobs_of_a_cluster_may_use_gpus_that_this_machine_lacks(flags, device, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device_of(arguments(*flags.split())) == device


def test_a_device_that_no_machine_has_is_an_error():
    with pytest.raises(SpurgenError, match="unknown device 'tpu'"):
        device_of(arguments("--cluster", "slurm", "--device", "tpu"))


def test_without_flags_a_job_has_a_gpu_where_it_runs_on_one_and_the_defaults():
    for cluster in ("local", "slurm"):
        given = arguments("--cluster", cluster)
        check_cluster(given)
        made = resources_of(given, "cuda")
        assert made.gpus == 1.0
        others = [name for name in RESOURCES if name != "gpus"]
        assert [getattr(made, name) for name in others] == [getattr(ANYWHERE, name) for name in others]
    assert resources_of(arguments(), "cpu").gpus == 0.0


MODEL = "MODALITIES = {'text'}\ndef predict(b): return [[float(len(c)), 1, 2] for c in b.captions]"


@pytest.mark.usefixtures("nothing_runs")
def test_without_a_choice_only_the_plan_is_printed(suite_file, tmp_path, capsys):
    flags = ["--suite", suite_file, "--device", "cpu", "--jobs", "2"]
    for more, start in ((), True), (("--dry-run",), False), (("--dry-run", "--tasks", "small-text"), False):
        assert main(["benchmark", "--results", str(tmp_path / "new"), *flags, *more]) == 0
        out, err = capsys.readouterr()
        assert "| Submission " in out
        assert ("small-image, small-text, small-both (0" in out) is ("--tasks" not in more)
        assert "jobs to run, 2 at a time; their time is unknown" in err
        assert ("nothing was started; add --yes to start all of them, or choose --tasks" in err) is start
    assert not (tmp_path / "new").exists()


@pytest.mark.usefixtures("nothing_runs")
def test_the_plan_of_one_process_counts_one_at_a_time(suite_file, tmp_path, stderr):
    flags = ["--suite", suite_file, "--device", "cpu", "--jobs", "7", "--dry-run", "--results", str(tmp_path / "new")]
    assert main(["benchmark", "--cluster", "serial", *flags]) == 0
    assert "jobs to run, 1 at a time;" in stderr()


@pytest.mark.parametrize("more", [["--yes"], ["--tasks", "small-text"]])
def test_yes_or_a_choice_starts_the_jobs(more, suite_file, tmp_path, monkeypatch):
    started = []
    monkeypatch.setattr("spurgen.harness.machine.pool.run", lambda _, jobs, *__: started.append(len(jobs)) or [])
    monkeypatch.setattr("spurgen.harness.options.verifying.stamped", lambda *_: True)
    main(["benchmark", "--results", str(tmp_path / "new"), "--suite", suite_file, "--device", "cpu", *more])
    assert started


def test_a_dry_run_of_score_and_reproduce_changes_nothing(
    score, suite_file, write_submission, tmp_path, capsys, stderr
):
    spec, results = write_submission(MODEL), str(tmp_path / "results")
    assert score(spec, "--dry-run", seeds="0-1") == 0
    assert not (tmp_path / "results").exists()
    assert "small-text (0-1)" in capsys.readouterr().out
    assert score(spec) == 0
    before = Store(tmp_path / "results", "tiny").row("model")
    capsys.readouterr()
    flags = ["--suite", suite_file, "--results", results, "--device", "cpu", "--dry-run"]
    assert main(["reproduce", "model", *flags, "--record"]) == 0
    out, err = capsys.readouterr()
    assert "small-text (0)" in out
    assert "1 of 1 jobs to run, 1 at a time: less than a minute, estimated from stored results" in err
    assert main(["reproduce", "model", *flags, "--seeds", "3"]) == 2
    assert "model has no result with the seeds 3 on small-text that did not fail" in capsys.readouterr().err
    write_submission(f"{MODEL}\n")
    assert score(spec, "--dry-run") == 0
    assert "all results of the row model are replaced as soon as a new one is there" in stderr()
    assert Store(tmp_path / "results", "tiny").row("model")["small-text"].results == before["small-text"].results


def test_score_says_what_it_starts_and_what_comes_next(score, write_submission, tmp_path, stderr):
    spec, where = write_submission(MODEL), f"--results {tmp_path / 'results'}"
    assert score(spec) == 0
    message = stderr()
    assert "1 of 1 jobs to run, 1 at a time; their time is unknown" in message
    suite = f"--suite {tmp_path}/suites/tiny.toml"
    ranked = f"spurgen score {spec} {suite} {where} --tasks small-text --seeds 0-4, which gives it a rank"
    assert f"next: {ranked}, or spurgen leaderboard {suite} {where}, which shows all rows" in message
    assert score(spec, "--dry-run", "--markdown", str(tmp_path / "board.md")) == 0
    assert "nothing to run: all results are there (1)" in stderr()
    assert not (tmp_path / "board.md").exists()


def test_a_file_of_the_same_name_never_replaces_anothers_row(
    suite, make_outcome, keep_row, score, write_submission, tmp_path, stderr
):
    store = keep_row(tmp_path / "results", make_outcome(suite, 0.9, spec="other/model.py"))
    before = store.row("model")["small-text"].results
    assert score(write_submission(MODEL)) == 2
    assert "the row model belongs to other/model.py; rename " in stderr()
    assert store.row("model")["small-text"].results == before


def test_a_run_of_tasks_that_are_skipped_or_done_has_nothing_to_do(score, write_submission, stderr):
    spec = write_submission(MODEL)
    assert score(spec) == 0
    stderr()
    assert score(spec, tasks=("small-text", "small-image")) == 0
    assert "skipped small-image" in (message := stderr())
    assert "nothing to run: all results are there (1)" in message
