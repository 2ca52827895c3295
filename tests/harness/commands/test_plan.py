"""Jobs that machines share through files: plan them, run shares, merge."""

import json

import pytest
from untimed import without_times

from spurgen.harness.cli import main
from spurgen.harness.results.store import OWN
from spurgen.harness.running import run
from spurgen.harness.running.plan import PlannedJob, read_plan

SUBMISSION = """
import numpy as np


def predict(batch):
    lengths = np.array([len(caption) for caption in batch.captions])
    return np.stack([np.sin(lengths + k) for k in range(3)], axis=1)
"""


WRITE = ["benchmark", "--plan", "plan.jsonl", "--submissions", "mine.py"]
PLAN = [*WRITE, "--tasks", "small-text", "small-both", "--seeds", "0-2"]


pytestmark = pytest.mark.usefixtures("here")


@pytest.fixture
def planned(suite_file, tmp_path, monkeypatch):
    """The plan of three seeds of a submission on two tasks."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(SUBMISSION)
    assert main([*PLAN, "--suite", suite_file]) == 0
    return tmp_path / "plan.jsonl"


def as_json(suite_file, results, tmp_path, name):
    """Return a leaderboard without wall times, which differ between runs."""
    assert main(["leaderboard", "--suite", suite_file, "--results", str(results), "--json", str(tmp_path / name)]) == 0
    return without_times((tmp_path / name).read_text())


def test_a_plan_has_a_line_per_job(planned):
    lines = [json.loads(line) for line in planned.read_text().splitlines()]
    assert [(line["task"], line["seed"]) for line in lines] == [
        (task, seed) for task in ("small-both", "small-text") for seed in range(3)
    ]


def test_a_new_submission_is_planned_with_the_time_and_memory_of_others_on_the_same_task(
    planned, suite, suite_file, make_outcome, keep_row
):
    for label, seconds, peak in (("one", 2.0, 700), ("other", 6.0, 900)):
        result, samples = make_outcome(suite, 0.8)
        measured = result.provenance.model_copy(update={"seconds": {"fit": seconds}, "peak_memory_bytes": peak})
        keep_row(OWN, (result.model_copy(update={"provenance": measured}), samples), label=label)
    assert main([*WRITE, "--suite", suite_file, "--tasks", "small-text", "--seeds", "0"]) == 0
    [job] = map(json.loads, planned.read_text().splitlines())
    assert (job["memory_bytes"], job["seconds"]) == (900, 4.0)


def test_a_plan_of_several_suites_is_refused(planned, suite_file, stderr):
    assert main([*PLAN, "--suite", suite_file]) == 0
    lines = [json.loads(line) for line in planned.read_text().splitlines()]
    lines[1]["suite"] = "v4"
    planned.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert main(["benchmark", str(planned), "--results", "x"]) == 2
    assert "has jobs of several suites; plan each by itself" in stderr()


@pytest.mark.slow
def test_shares_merge_to_what_one_machine_makes(planned, suite_file, tmp_path, stderr):
    tasks = ["--tasks", "small-text", "--seeds", "0-2"]
    assert main([*WRITE, *tasks, "--suite", suite_file]) == 0
    for k in range(3):
        assert main(["benchmark", str(planned), "--share", f"{k}/3", "--results", f"shares/{k}", "--jobs", "1"]) == 0
    assert "done: shares/2/tiny has the results, 1 in all" in stderr()
    merging = ["leaderboard", "--suite", suite_file, "--merge", "shares/2", "shares/*", "--results", "merged"]
    for _ in range(2):  # merging again changes nothing
        assert main(merging) == 0
        assert "merged into merged: folders 3, rows 1" in stderr()
    place = ["--suite", suite_file, "--results", "alone", "--jobs", "1"]
    assert main(["score", "mine.py", *tasks, *place]) == 0
    assert as_json(suite_file, "merged", tmp_path, "a") == as_json(suite_file, "alone", tmp_path, "b")


def test_a_bug_of_ours_in_a_planned_job_is_named_and_not_stored(planned, monkeypatch, stderr):
    monkeypatch.setattr(run, "score", lambda *_: [][1])
    assert main(["benchmark", str(planned), "--results", "x"]) == 1
    assert "seed 2: IndexError: list index out of range (test_plan.py" in stderr()
    assert not list(planned.parent.rglob("x/**/*.jsonl"))


def test_a_plan_without_a_job_is_not_written(planned, suite_file, stderr):
    own = ["--tasks", "small-text", "--seeds", "0", "--suite", suite_file]
    assert main(["score", "mine.py", *own, "--jobs", "1"]) == 0
    stderr()
    assert main(["benchmark", "--plan", "none.jsonl", "--submissions", "mine.py", *own]) == 0
    assert "none.jsonl is not written: it would hold no job" in stderr()
    assert not planned.with_name("none.jsonl").exists()


def test_a_share_without_a_job_does_nothing(planned, score, tmp_path, stderr):
    assert main(["benchmark", str(planned), "--share", "7/8", "--results", "x"]) == 0
    assert "nothing to run" in stderr()
    assert score(str(planned.with_name("mine.py")), "--share", "7/8", seeds="0-2") == 0
    told = stderr()
    assert "nothing to run" in told
    assert "verifying" not in told
    assert "next: the other shares, each with --results of its own, then spurgen leaderboard --suite" in told
    assert "--merge FOLDER ..., which joins them" in told
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("change", "share", "message"),
    [
        (lambda text: text, "4/4", "--share 4/4: 4 shares have the numbers 0 to 3"),
        (lambda text: text.replace("{", '{"schema_version":1,', 1), "0/6", "line 1 is no planned job: schema_version"),
        (lambda text: text.replace('"seed":0', '"seed":-1', 1), "0/6", "line 1 is no planned job: seed"),
        (lambda text: text[:-9], "5/6", "line 6 is no JSON"),
        (lambda text: text[:-9], "2/3", "line 6 is no JSON"),
        (lambda _: "", "0/1", "plans no job"),
    ],
)
def test_a_bad_plan_or_share_is_refused(planned, change, share, message, stderr):
    planned.write_text(change(planned.read_text()))
    stderr()
    assert main(["benchmark", str(planned), "--share", share, "--results", "x"]) == 2
    assert message in stderr()


def test_a_share_reads_its_own_lines_only(planned):
    lines = planned.read_text().splitlines()
    planned.write_text("\n".join(["{", lines[1], "{", "{", lines[4], "{"]))
    for index, count, places in ((1, 3, [1, 4]), (4, 6, [4])):
        assert read_plan(planned, index, count) == [PlannedJob.model_validate_json(lines[place]) for place in places]


def test_a_submission_that_was_edited_must_be_planned_again(planned, stderr):
    (planned.parent / "mine.py").write_text(SUBMISSION + "\nNAME = 'other'\n")
    stderr()
    assert main(["benchmark", str(planned), "--results", "x"]) == 2
    assert "mine on small-both, seed 0, is not the job that was planned" in stderr()


def test_shards_are_dealt_from_the_jobs_that_a_submission_takes(suite_file, write_submission, tmp_path, stderr):
    spec = write_submission("MODALITIES = {'text'}\n" + SUBMISSION)
    tasks = ["--tasks", "small-image", "small-text", "--seeds", "0,1"]
    shared = ["score", spec, "--suite", suite_file, *tasks, "--dry-run"]
    shared += ["--results", str(tmp_path / "results")]
    for shard in ("0/2", "1/2"):
        assert main([*shared, "--share", shard]) == 0
        assert "1 of 1 jobs to run" in stderr()
    assert main([*shared, "--share", "2/3"]) == 0
    assert "nothing to run: there are fewer jobs than shares" in stderr()


def test_a_shard_without_the_number_of_shards_is_refused(score, stderr):
    assert score("erm", "--share", "1") == 2
    assert "--share: '1' is no share; write 1/4 for the second of four, 0/4 to 3/4" in stderr()


@pytest.mark.usefixtures("nothing_runs")
@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("--plan x --share 0/2", "--share has no effect with --plan; leave it out"),
        ("--plan x --fit-hours 3", "--fit-hours has no effect with --plan; leave it out"),
        ("plan.jsonl --tasks small-text", "--tasks has no effect on the jobs of plan.jsonl; leave it out"),
        ("plan.jsonl --plan x", "--plan has no effect on the jobs of plan.jsonl; leave it out"),
        ("--results s3://b/x", "s3://b/x is a URL; name a folder on this machine"),
    ],
)
def test_a_flag_without_effect_on_a_plan_is_refused(flags, message, stderr):
    assert main(["benchmark", *flags.split()]) == 2
    assert message in stderr()
