from functools import partial

import pytest

from spurgen.harness.cli import main
from spurgen.harness.results.store import read_cell, seal

MODEL = """
MODALITIES = {"text"}
def fit(train, val, context): ...
def predict(batch):
    return [[float(c.count(letter)) for letter in "aeo"] for c in batch.captions]
"""


@pytest.fixture
def row(score, suite_file, write_submission, tmp_path):
    """Scores a submission; returns a function that runs its row again, and its file."""
    spec = write_submission(MODEL)
    assert score(spec) == 0
    (path,) = (tmp_path / "results" / "tiny" / "model").iterdir()
    flags = ["--suite", suite_file, "--results", str(tmp_path / "results"), "--device", "cpu", "--jobs", "1"]
    return partial(lambda *more: main(["reproduce", "model", *more, *flags])), path


@pytest.mark.slow
def test_a_row_comes_out_again_and_that_can_be_noted(row, capsys):
    reproduce, path = row
    before = path.read_text()
    assert reproduce() == 0
    out, err = capsys.readouterr()
    assert path.read_text() == before
    lines = [line for line in out.splitlines() if line.startswith("| small-text")]
    assert len(lines) == 6
    assert all(line.rstrip(" |").endswith("exact") for line in lines)
    assert "1 runs again: 1 exact" in err
    assert reproduce("--record") == 0
    assert "1 noted in the row" in capsys.readouterr().err
    cell = read_cell(path)
    assert cell.verification == "re-run"
    assert cell.provenance["again"]["verdict"] == "exact"
    assert cell.provenance["again"]["finished"] >= cell.provenance["finished"]


@pytest.mark.slow
def test_figures_that_do_not_come_out_are_told_and_nothing_is_noted(row, capsys):
    reproduce, path = row
    cell = read_cell(path)
    better = cell.model_copy(update={"figures": cell.figures | {"wga": cell.figures["wga"] + 0.5}})
    path.write_text(seal(better.model_dump_json(indent=1)))
    assert reproduce("--record") == 1
    out, err = capsys.readouterr()
    assert "differs" in next(line for line in out.splitlines() if "| wga" in line)
    assert "1 runs again: 1 differs" in err
    assert "nothing noted" in err
    assert read_cell(path).verification == "self-reported"


@pytest.mark.slow
def test_a_mean_that_drifted_is_told_and_nothing_is_noted(score, suite_file, write_submission, tmp_path, capsys):
    assert score(write_submission(MODEL), seeds="4") == 0
    files = sorted((tmp_path / "results" / "tiny" / "model").iterdir())
    for path in files:
        cell = read_cell(path)
        better = cell.model_copy(update={"figures": cell.figures | {"sss": cell.figures["sss"] + 0.02}})
        path.write_text(seal(better.model_dump_json(indent=1)))
    flags = ["--suite", suite_file, "--results", str(tmp_path / "results"), "--device", "cpu", "--jobs", "1"]
    assert main(["reproduce", "model", "--record", *flags]) == 1
    out, err = capsys.readouterr()
    assert "4 runs again: 4 within tolerance" in err
    assert "small-text: the mean over its seeds differs" in err
    assert "differs" in next(line for line in out.splitlines() if "| mean" in line and "| sss" in line)
    assert {read_cell(path).verification for path in files} == {"self-reported"}


def test_a_row_of_other_sources_is_refused_with_the_commit_that_made_it(row, write_submission, stderr):
    reproduce, path = row
    write_submission(MODEL.replace("aeo", "aei"))
    assert reproduce() == 2
    told = stderr()
    assert "small-text, seed 0: the row was made by other sources, data or scoring code (identity" in told
    assert f"check out the commit that made it, {read_cell(path).provenance['commit']}" in told


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--tasks", "small-image"], "there is no task of this row 'small-image'; did you mean small-text"),
        (["--isolation", "bubblewrap", "--seeds", "0"], "must be 1 or more"),
    ],
)
def test_what_is_not_there_is_told(row, more, told, stderr):
    reproduce, _ = row
    try:
        assert reproduce(*more) == 2
    except SystemExit as ended:
        assert ended.code == 2  # noqa: PT017  # argparse's own
    assert told in stderr()
