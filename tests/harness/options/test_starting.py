import pytest

from spurgen.harness.cli import main
from spurgen.harness.results.store import Store

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
