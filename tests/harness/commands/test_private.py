"""Private splits from the command line: commit, score, reveal, verify."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from spurgen.harness.cli import main, make_parser
from spurgen.harness.commands.score import _plan_private

MODEL = """
MODALITIES = {"text"}
def predict(batch): return [[float(c.count(letter)) for letter in "aeo"] for c in batch.captions]
"""


@pytest.mark.needs("bubblewrap")
@pytest.mark.slow
def test_commit_score_reveal_and_verify(suite_file, score, write_submission, tmp_path, capsys, forgotten):
    secret = tmp_path / "kept" / "secret"
    where = ["--suite", suite_file, "--secret", str(secret)]
    assert main(["splits", "commit", *where]) == 0
    spec = write_submission(MODEL)
    board_file = tmp_path / "board.json"
    assert score(spec, "--private", "--secret", str(secret), "--json", str(board_file)) == 0
    out, err = capsys.readouterr()
    assert Path(spec) in forgotten
    assert 0 < err.index("results: ") < err.index("private splits of commitment 1")  # the public part comes first
    path = tmp_path / "results" / "tiny" / "private" / "model.jsonl"
    board = json.loads(board_file.read_text())
    part = board["tasks"]["small-text"]
    assert [row[part["columns"].index("submission")] for row in part["rows"]] == ["model"]
    text = secret.read_text()
    written = [file for file in tmp_path.rglob("*") if file.is_file() and file != secret]
    assert not [file for file in written if text.encode() in file.read_bytes()]
    assert text not in out + err
    before = path.read_bytes()
    assert score(spec, "--private", "--secret", str(secret)) == 0  # nothing is missing
    assert path.read_bytes() == before
    assert main(["splits", "reveal", *where]) == 0
    assert main(["splits", "verify", "--suite", suite_file, "--jobs", "1"]) == 0
    message = " ".join(capsys.readouterr().err.split())
    assert "commitment 1: its secret and its data are those committed to" in message
    published = tmp_path / "suites" / "tiny.private.json"
    assert text in published.read_text()
    published.write_text(published.read_text().replace(text, "0" * 64))
    assert main(["splits", "verify", "--suite", suite_file, "--jobs", "1"]) == 1
    assert "the revealed secret is not the one committed to" in " ".join(capsys.readouterr().err.split())


@pytest.fixture
def secret(suite_file, tmp_path):
    """A file with the secret of an open commitment, whose data nobody made."""
    text = "5" * 64
    commitment = {"number": 1, "committed": "2026-01-01", "data_sha256": "d" * 64}
    commitment["secret_sha256"] = hashlib.sha256(text.encode()).hexdigest()
    Path(suite_file).with_name("tiny.private.json").write_text(json.dumps([commitment]))
    file = tmp_path / "secret"
    file.write_text(text)
    file.chmod(0o600)
    return file


@pytest.mark.parametrize("command", ["score", "benchmark"])
@pytest.mark.parametrize("name", ["kept/secret", "weights.txt"])
def test_a_submission_whose_files_include_the_secret_is_refused_unrun(
    run_jobs, write_submission, secret, tmp_path, stderr, command, name
):
    (tmp_path / "kept").mkdir()
    secret.rename(tmp_path / name)
    folder = name.partition("/")[0]
    ran = tmp_path / "ran"
    spec = write_submission(f"FILES = [{folder!r}]\nopen({str(ran)!r}, 'w')\n{MODEL}")
    given = [spec] if command == "score" else ["--submissions", spec]
    asked = ["--isolation", "process"]
    private = [*asked, "--private", "--secret", str(tmp_path / name)]
    for flags in [asked, private] if command == "score" else [asked]:
        assert run_jobs(command, *given, *flags) == 2
        assert (
            f"its files include {tmp_path / name}, and the secret of suite tiny's private splits must not be shown to "
            "a submission; move it out of the submission's folder, or leave it out of FILES and imports"
        ) in stderr()
    assert not ran.exists()


def test_an_imported_secret_and_results_are_refused_as_well(run_jobs, write_submission, secret, tmp_path, stderr):
    secret.rename(tmp_path / "numbers_.py")
    assert run_jobs("score", write_submission(f"import numbers_\n{MODEL}")) == 2
    assert f"its files include {tmp_path / 'numbers_.py'}, and the secret of suite tiny's" in stderr()
    (tmp_path / "results" / "tiny").mkdir(parents=True)
    (tmp_path / "results" / "tiny" / "other.jsonl").write_text("")
    assert run_jobs("score", write_submission(f"FILES = ['results']\n{MODEL}")) == 2
    assert "other.jsonl, and the results must not be shown to a submission" in stderr()


@pytest.mark.usefixtures("secret")
def test_a_file_beside_the_secret_is_no_secret(score, write_submission, tmp_path):
    (tmp_path / "weights.txt").write_text("6" * 64)
    (tmp_path / "weights.bin").write_bytes(bytes(range(256)) * 9)
    assert score(write_submission(f"FILES = ['weights.txt', 'weights.bin']\n{MODEL}"), "--dry-run") == 0


def test_a_dry_run_plans_the_private_jobs_by_their_own_results(score, write_submission, secret, tmp_path, capsys):
    spec = write_submission(MODEL)
    assert score(spec) == 0
    flags = ["--dry-run", "--private", "--isolation", "process", "--secret"]
    before = set((tmp_path / "results").rglob("*"))
    capsys.readouterr()
    assert score(spec, *flags, str(secret)) == 0
    out, err = capsys.readouterr()
    public, _, private = " ".join(err.split()).partition("private splits of commitment 1, 2026-01-01")
    assert "nothing to run: all results are there (1)" in public
    assert "1 of 1 jobs to run, 1 at a time: less than a minute" in private
    assert "small-text (0)" in out
    assert secret.read_text() not in out + err
    assert set((tmp_path / "results").rglob("*")) == before
    assert score(spec, *flags, str(tmp_path / "none")) == 2
    err = " ".join(capsys.readouterr().err.split())
    assert f"cannot read the secret {tmp_path / 'none'}: No such file or directory; name its file with" in err
    assert "nothing to run" not in err


def test_a_share_of_the_jobs_is_a_share_of_the_private_ones(score, write_submission, secret, capsys):
    flags = ["--dry-run", "--private", "--isolation", "process", "--secret", str(secret), "--share", "0/2"]
    assert score(write_submission(MODEL), *flags, seeds="0-2") == 0
    assert capsys.readouterr().err.count("2 of 2 jobs to run") == 2  # the public jobs, then the private ones


@pytest.mark.needs("bubblewrap")
def test_private_jobs_are_sandboxed_wherever_they_run(suite_file, write_submission, secret):
    command = ["score", write_submission(MODEL), "--suite", suite_file, "--private", "--secret", str(secret)]
    command += ["--tasks", "small-text", "--seeds", "0"]
    for flags, isolation in (([], "bubblewrap"), (["--isolation", "process"], "process")):
        (job,) = _plan_private(make_parser(command).parse_args([*command, *flags]), command[1]).jobs
        assert job.limits.isolation == isolation


def test_a_secret_without_private_is_refused(score, write_submission, stderr):
    assert score(write_submission(MODEL), "--secret", "secret") == 2
    assert "--secret is for --private; add it, or leave the secret out" in stderr()


@pytest.mark.needs("bubblewrap")
def test_scoring_on_private_splits_needs_a_commitment(score, write_submission, stderr):
    assert score(write_submission(MODEL), "--private") == 2
    assert "suite tiny has no open commitment; run spurgen splits commit" in stderr()


@pytest.mark.usefixtures("words", "coarse", "here")
def test_features_of_private_worlds_do_not_stay_in_the_cache(steps, tmp_path):
    suite = str(shutil.copytree(Path(steps).parent, tmp_path / "copy") / "steps.toml")
    secret = ["--secret", str(tmp_path / "secret")]
    asked = ["score", "erm", "--suite", suite, "--tasks", "few-6", "--seeds", "0", "--cluster", "serial", "--results"]
    asked += [str(tmp_path / "rungs")]
    assert main(["splits", "commit", "--suite", suite, *secret]) == 0
    assert main(asked) == 0
    public = set((tmp_path / "cache").rglob("*.f32"))
    assert main([*asked, "--private", "--isolation", "process", *secret]) == 0
    assert set((tmp_path / "cache").rglob("*.f32")) == public
