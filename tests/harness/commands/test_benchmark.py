import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from spurgen.benchmark.plugins import names_in
from spurgen.benchmark.suite import load_suite
from spurgen.harness.board.leaderboard import build_board
from spurgen.harness.cli import main
from spurgen.harness.experiments import curves
from spurgen.harness.options import submissions
from spurgen.harness.results.store import Store
from spurgen.harness.running import run
from spurgen.harness.splits import frozen

NAIVE_BAYES = """
import numpy as np
MODALITIES = {"text"}
counts = {}
def fit(train, val, context):
    for caption, label in zip(train.captions, train.labels):
        for word in caption.split():
            counts.setdefault(word, np.ones(3))[label] += 1
def predict(batch):
    known = [[counts[word] for word in caption.split() if word in counts] for caption in batch.captions]
    return np.array([np.log(np.array(words) / np.sum(words, 1, keepdims=True)).sum(0) for words in known])
"""
GUESSES = "import numpy as np\ndef predict(batch): return np.array([[len(c), 9.0, 1.0] for c in batch.captions])"


@pytest.fixture
def specs(write_submission):
    return [write_submission(NAIVE_BAYES, "bayes"), write_submission(GUESSES, "guesses")]


@pytest.fixture
def results(tmp_path):
    """Return a function that lists all results, by label, task and seed, with the time when each ended."""

    def read():
        rows = Store(tmp_path / "results", "tiny").rows()
        every = [(label, result) for label, row in rows.items() for part in row.values() for result in part.results]
        return {(label, r.task, r.seed): r.provenance.finished for label, r in every}

    return read


def test_only_missing_results_are_made_and_all_are_shown(run_jobs, specs, results, tmp_path, capsys):
    files = [word for kind in ("markdown", "csv", "json") for word in (f"--{kind}", str(tmp_path / kind))]
    assert run_jobs("benchmark", "--submissions", specs[1]) == 0
    before, message = results(), capsys.readouterr().err
    assert before.keys() == {("guesses", "small-text", 0)}
    assert "suite tiny: regenerated 435 samples" in message

    assert run_jobs("benchmark", "--submissions", *specs, *files, seeds="0-1") == 0
    second, made = capsys.readouterr(), results()
    assert before.items() < made.items()
    assert set(made) == {(name, "small-text", seed) for name in ("bayes", "guesses") for seed in (0, 1)}
    lines = [" ".join(line.split()[:4]) for line in second.err.splitlines() if "  accuracy if misled " in line]
    assert sorted(lines) == sorted("{} {} seed {}".format(*job) for job in set(made) - set(before))
    assert "regenerated" not in second.err  # the splits were verified before, with this code
    assert "> bayes" not in second.out
    (line,) = (line.split() for line in second.out.splitlines() if " bayes " in line and "best is" not in line)
    assert line[:2] == ["none", "bayes"]  # without a rank, which takes five seeds
    assert "Not ranked: guesses: not significantly better than chance in test accuracy" in second.out
    assert second.out.splitlines()[-2].startswith("small-text: best is bayes, 0.")
    board = {kind: (tmp_path / kind).read_bytes() for kind in ("markdown", "csv", "json")}

    assert run_jobs("benchmark", "--submissions", *specs, *files, seeds="0-1") == 0
    third = capsys.readouterr()
    assert results() == made
    assert "nothing to run: all results are there (4)" in third.err
    assert third.out == second.out
    assert {kind: (tmp_path / kind).read_bytes() for kind in board} == board


def test_by_default_all_baselines_run_on_all_tasks(run_jobs, suite_file, monkeypatch):
    planned = []
    monkeypatch.setattr("spurgen.harness.options.submissions.plan", lambda *asked, **_: planned.append(asked) or [])
    assert run_jobs("benchmark", tasks=(), seeds="0-3") == 0
    specs = [f"spurgen.baselines.{name}:submission" for name in names_in("spurgen.baselines")]
    assert planned == [(suite_file, [], specs, (0, 1, 2, 3))]


def test_a_bug_of_ours_fails_its_job_alone_and_is_not_stored(run_jobs, specs, results, monkeypatch, capsys):
    score = run.score

    def broken(task, answers, source):
        if "guesses" in source:
            return [][1]
        return score(task, answers, source)

    monkeypatch.setattr(run, "score", broken)
    flags = ["--submissions", *reversed(specs), "--cluster", "serial"]
    assert run_jobs("benchmark", *flags) == 1
    out, err = capsys.readouterr()
    assert set(results()) == {("bayes", "small-text", 0)}
    assert "bayes" in out
    line = "guesses  small-text  seed 0: IndexError: list index out of range (test_benchmark.py, line "
    assert line in err.splitlines()[-1]
    assert "a bug in SpurGen, please report it; nothing is stored of this job" in err.splitlines()[-1]
    monkeypatch.setattr(run, "score", score)
    assert run_jobs("benchmark", *flags) == 0
    assert set(results()) == {(name, "small-text", 0) for name in ("bayes", "guesses")}


def test_nothing_runs_on_other_data_than_the_frozen_ones(run_jobs, specs, suite, unfreeze, results, tmp_path, stderr):
    unfreeze(suite)
    assert run_jobs("benchmark", "--submissions", *specs, "--csv", str(tmp_path / "board.csv")) == 1
    assert "differs in factors" in stderr()
    assert results() == {}
    assert not (tmp_path / "board.csv").exists()


def test_the_tasks_of_the_run_are_printed_and_all_are_in_a_file(
    run_jobs, specs, suite, make_outcome, keep_row, tmp_path, capsys
):
    keep_row(tmp_path / "results", make_outcome(suite, 0.9, task="small-image"), label="other")
    assert run_jobs("benchmark", "--submissions", specs[1]) == 0
    assert "small-image" not in capsys.readouterr().out
    assert run_jobs("benchmark", "--submissions", specs[1], "--json", str(tmp_path / "x.json")) == 0
    assert "small-image" not in capsys.readouterr().out
    assert {*json.loads((tmp_path / "x.json").read_text())["tasks"]} == {"small-text", "small-image"}


def mean_of_three(row):
    return float(np.mean([row.metric(f"accuracy_{state}") for state in ("agree", "mislead", "neutral")]))


@pytest.mark.slow
@pytest.mark.usefixtures("words", "coarse", "here")  # other processes would have the real encoder
def test_controls_are_run_once_and_stand_on_the_board(steps, tmp_path, monkeypatch):
    ours = ["spurgen.baselines.controls.groups_from_errors:submission"]  # the others load MiniLM
    monkeypatch.setattr("spurgen.harness.commands.benchmark.tricks", lambda: ours)
    paths = ["--results", str(tmp_path / "results")]
    asked = ["benchmark", "--suite", steps, "--submissions", "erm", "--jobs", "1", "--device", "cpu", *paths]
    asked += ["--tasks", "few-6", "--seeds", "0"]
    assert main([*asked, "--controls"]) == 0
    stored = {kind: Store(tmp_path / "results", "steps", kind).rows() for kind in ("ceiling", "matched", "tricks")}
    assert {kind: sorted(rows) for kind, rows in stored.items()} == {
        "ceiling": ["erm"], "matched": ["erm", "erm-draw=1", "erm-draw=2"], "tricks": ["groups_from_errors"],
    }  # fmt: skip
    assert {kind: [*rows["erm"]] for kind, rows in stored.items() if "erm" in rows} == {
        "ceiling": ["few-6"], "matched": ["few-6"],
    }  # fmt: skip
    draws = [row["few-6"].results[0] for row in stored["matched"].values()]
    assert [(r.matched, r.draw) for r in draws] == [(True, 0), (True, 1), (True, 2)]
    assert len({r.identity for r in draws}) == 3
    made = {kind: stored[kind]["erm"] for kind in ("ceiling", "matched")}
    for kind, row in made.items():
        assert [(r.seed, r.uncorrelated, r.matched) for r in row["few-6"].results] == [(0, True, kind == "matched")]
    suite, rows = load_suite(steps), Store(tmp_path / "results", "steps").rows()
    controls = build_board(suite, tmp_path / "results", rows).overall["few"].controls
    assert controls.ceiling == mean_of_three(made["ceiling"]["few-6"])
    each = [mean_of_three(row["few-6"]) for row in stored["matched"].values()]
    assert controls.matched == {6: pytest.approx(np.mean(each))}
    assert [trick.name for trick in controls.tricks] == ["groups from errors"]
    before = {path: path.read_bytes() for path in (tmp_path / "results").rglob("*.jsonl")}
    assert main([*asked, "--controls"]) == 0
    assert {path: path.read_bytes() for path in (tmp_path / "results").rglob("*.jsonl")} == before


def test_controls_are_of_ladders(run_jobs, specs, steps, stderr):
    assert run_jobs("benchmark", "--submissions", *specs, "--controls") == 2
    assert "--controls are of ladders: choose tasks with counterexamples, such as things-text-16" in stderr()
    assert main(["benchmark", "--suite", steps, "--tasks", "few-0", "--controls"]) == 2
    assert "--controls are of ladders" in stderr()


REMARKS = """
table = "remarks/all.csv"
texts = ["comment_text"]
classes = ["civil", "toxic"]
values = ["none named", "identity named"]
sizes = { train = 24, counter = 8, val = 8, val_counter = 4 }
get = "ask their authors"
about = "Remarks."
"""


@pytest.fixture
def described(ladder_file, tmp_path):
    """A suite that describes two data sets, and a folder that has the table of one."""
    folder = Path(ladder_file).with_suffix("") / "described"
    folder.mkdir()
    (folder / "remarks.toml").write_text(REMARKS)
    (folder / "others.toml").write_text(REMARKS.replace("remarks", "others"))
    (tmp_path / "data" / "remarks").mkdir(parents=True)
    k = np.arange(200)
    words = np.array(["nice", "vile"])[k % 2]
    table = pd.DataFrame({
        "comment_text": [f"{word} remark {n}" for n, word in enumerate(words)], "split": "train",
        "toxicity": np.where(k % 2, 0.9, 0.1), "identity_any": np.where(k // 2 % 2, 1.0, 0.0),
    })  # fmt: skip
    table.to_csv(tmp_path / "data" / "remarks" / "all.csv", index=False)
    return ladder_file, tmp_path / "data"


def test_data_sets_that_a_suite_describes_stand_beside_its_ladders(
    described, words, unfreeze, monkeypatch, tmp_path, capsys
):
    del words
    unfreeze(load_suite(described[0]))  # what is frozen is not made again
    monkeypatch.setattr(curves.pool, "run", lambda work, jobs, *_: ((job, work(job)) for job in jobs))
    monkeypatch.setattr(submissions.features, "compute", lambda work, _: (len(each.features()) for each in work))
    suite, data = described
    asked = [
        "--data-dir",
        str(data),
        "--submissions",
        "erm",
        "--tasks",
        "remarks-2",
        "--results",
        str(tmp_path / "rows"),
    ]
    run = ["benchmark", "--suite", suite, "--seeds", "0-1", "--cluster", "serial", "--device", "cpu", *asked]
    assert main(run) == 0
    told = capsys.readouterr()
    assert f"others is skipped: there is no {data}/others/all.csv; ask their authors" in told.err
    assert f"{data}/spurgen/steps.toml: suite steps with remarks" in told.err
    whole = load_suite(str(data / "spurgen" / "steps.toml"))
    assert [*whole.ladders] == ["few-text", "few-image", "remarks"]
    assert 0.4 < whole.ladders["remarks"][0].scenario.ceiling <= 1
    assert whole.manifest.scenarios.items() > load_suite(suite).manifest.scenarios.items()
    assert len(whole.manifest.scenarios) == 5 + 10  # worlds and draws
    assert [
        result.seed for part in Store(tmp_path / "rows", "steps").row("erm").values() for result in part.results
    ] == [0, 1]

    monkeypatch.setattr(curves, "climb", None)  # nothing is measured or made again
    monkeypatch.setattr(frozen, "hash_suite", lambda chosen, *_: iter(()) if not chosen.tasks else None)
    assert main(run) == 0


def test_a_suite_that_describes_nothing_and_a_folder_that_is_not_there_are_said(described, run_jobs, tmp_path, capsys):
    suite, _ = described
    assert run_jobs("benchmark", "--data-dir", str(tmp_path)) == 2
    assert "suite tiny describes no published data sets; leave out --data-dir" in capsys.readouterr().err
    assert main(["benchmark", "--suite", suite, "--data-dir", str(tmp_path / "none")]) == 2
    assert f"--data-dir {tmp_path}/none: there is no such folder" in capsys.readouterr().err
