import pytest

from spurgen.benchmark.plugins import names_in
from spurgen.harness.cli import main

COUNTS = """
import numpy as np
MODALITIES = {"text"}
seen = {}
def fit(train, val, context):
    for said, label in zip(train.captions, train.labels):
        for word in said.split():
            seen.setdefault(word, np.ones(3))[label] += 1
def predict(batch):
    known = [[seen[word] for word in said.split() if word in seen] for said in batch.captions]
    return np.array([np.log(np.array(some) / np.sum(some, 1, keepdims=True)).sum(0) for some in known])
"""
GUESSES = "import numpy as np\ndef predict(batch): return np.array([[len(c), 9.0, 1.0] for c in batch.captions])"


@pytest.fixture
def specs(write_submission):
    return [write_submission(COUNTS, "counts"), write_submission(GUESSES, "guesses")]


@pytest.fixture
def kept(tmp_path):
    """Returns a function that lists the cells' files by what their names begin with, each with its time."""
    folder = tmp_path / "results" / "tiny"
    return lambda: {
        f"{path.parent.name}/{path.name.rpartition('-')[0]}": path.stat().st_mtime_ns for path in folder.rglob("*.json")
    }


def test_what_is_missing_is_run_and_ranked_and_a_second_run_finds_nothing_to_do(
    run_cells, specs, kept, tmp_path, capsys, read_table
):
    assert run_cells("benchmark", "--submissions", *specs, seeds="2") == 0
    first = capsys.readouterr()
    cells = kept()
    assert sorted(cells) == [f"{name}/small-text-{seed}" for name in ("counts", "guesses") for seed in (0, 1)]
    assert "suite tiny: all 435 samples" in first.err
    told = [" ".join(line.split()[:4]) for line in first.err.splitlines() if " WGA " in line]
    assert sorted(told) == [f"{name} small-text seed {seed}" for name in ("counts", "guesses") for seed in (0, 1)]
    assert "> counts" not in first.out
    (line,) = read_table("\n".join(line for line in first.out.splitlines() if line.startswith("|")))
    assert (line["Rank"], line["Submission"], line["Access"], line["Seeds"]) == ("1", "counts", "none", "2")
    assert "Not ranked: guesses: not significantly better than chance in test accuracy" in first.out
    board = {path.name: path.read_bytes() for path in tmp_path.glob("leaderboard-tiny.*")}
    assert len(board) == 3

    assert run_cells("benchmark", "--submissions", *specs, seeds="2") == 0
    second = capsys.readouterr()
    assert kept() == cells
    assert "suite tiny: verified before with this code" in second.err
    assert "4/4" in second.err
    assert " WGA " not in second.err
    assert second.out == first.out
    assert {path.name: path.read_bytes() for path in tmp_path.glob("leaderboard-tiny.*")} == board


def test_only_what_is_missing_is_run(run_cells, specs, kept, monkeypatch):
    ran = []
    monkeypatch.setattr(
        "spurgen.harness.machine.pool.run", lambda jobs, _: ((job, ran.append(job) or job.run()) for job in jobs)
    )
    assert run_cells("benchmark", "--submissions", specs[1]) == 0
    before = kept()
    assert run_cells("benchmark", "--submissions", *specs) == 0
    assert before.items() < kept().items()
    assert [job.spec for job in ran] == [specs[1], specs[0]]


def test_a_cell_that_was_not_shut_in_is_run_again_where_that_is_asked_for(run_cells, specs, kept, stderr):
    asked = ("benchmark", "--submissions", specs[0])
    assert run_cells(*asked, "--isolation", "process") == 0
    before = kept()
    assert run_cells(*asked) == 0
    assert kept() == before
    assert run_cells(*asked, "--isolation", "bubblewrap") == 0
    after = kept()
    assert after.keys() == before.keys()
    assert after != before
    assert run_cells(*asked, "--isolation", "bubblewrap") == 0
    assert kept() == after
    assert stderr().count(" WGA ") == 2


def test_unless_named_all_baselines_are_run_on_all_tasks(run_cells, suite_file, monkeypatch, stderr):
    planned = []
    monkeypatch.setattr("spurgen.harness.commands.benchmark.plan", lambda *asked, **_: planned.append(asked) or [])
    assert run_cells("benchmark", tasks=(), seeds="4") == 2
    assert "there is nothing to run" in stderr()
    specs = [f"spurgen.baselines.{name}:submission" for name in names_in("spurgen.baselines")]
    assert planned == [(suite_file, [], specs, 4)]


def test_on_damaged_splits_nothing_is_run(run_cells, specs, suite_file, kept, tmp_path, stderr):
    place = ["--suite", suite_file, "--out", str(tmp_path / "data")]
    assert main(["splits", "regenerate", *place, "--parts", "val"]) == 0
    (shard,) = (tmp_path / "data").rglob("*.npz")
    shard.write_bytes(shard.read_bytes()[:-9])
    assert run_cells("benchmark", "--submissions", *specs) == 1
    assert "00000.npz is damaged" in stderr()
    assert kept() == {}
    assert not list(tmp_path.glob("leaderboard*"))
