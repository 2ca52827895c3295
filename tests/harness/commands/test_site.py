from pathlib import Path

import pytest

from spurgen.harness.cli import main


@pytest.fixture
def run(suite, suite_file, make_outcome, keep_row, tmp_path):
    """Return a function that builds the site of one row; arguments are further flags."""
    keep_row(tmp_path / "results", *(make_outcome(suite, 0.9, seed) for seed in range(5)))

    def build(*flags):
        paths = ["--results", str(tmp_path / "results"), "--out", str(tmp_path / "site")]
        return main(["site", "--suite", suite_file, *paths, *flags])

    return build


def test_a_site_is_made_once_and_again_only_when_a_row_changes(run, suite, make_outcome, keep_row, tmp_path, stderr):
    assert run() == 0
    assert "index.html and" in stderr()
    written = (tmp_path / "site" / "index.html").stat().st_mtime_ns
    assert run() == 0
    assert stderr().endswith("index.html is up to date")
    assert (tmp_path / "site" / "index.html").stat().st_mtime_ns == written
    keep_row(tmp_path / "results", make_outcome(suite, 0.5), label="other")
    assert run() == 0
    assert "wrote" in stderr()
    assert "other" in (tmp_path / "site" / "index.html").read_text()


def test_documentation_that_a_killed_run_left_is_linked(run, tmp_path):
    docs = tmp_path / ".site-12345678.temporary" / "old" / "docs"
    docs.mkdir(parents=True)
    (docs / "index.html").write_text("documentation")
    assert run() == 0
    assert (tmp_path / "site" / "docs" / "index.html").read_text() == "documentation"
    assert "docs/index.html" in (tmp_path / "site" / "index.html").read_text()


def test_a_suite_without_rows_is_an_error(suite_file, tmp_path, stderr):
    assert main(["site", "--suite", suite_file, "--results", str(tmp_path / "no"), "--out", str(tmp_path / "s")]) == 2
    assert "has no rows of suite tiny; run spurgen benchmark, or name the folder of rows by --results" in stderr()
    assert not (tmp_path / "s").exists()


def test_a_missing_report_is_an_error(run, stderr):
    assert run("--validity", "none.md") == 2
    assert "--validity none.md: there is no such file; spurgen validity --out FOLDER makes it" in stderr()


def test_a_folder_with_other_files_is_left_alone(run, tmp_path, stderr):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "mine.txt").write_text("")
    assert run() == 2
    assert "the folder has files that are no site of spurgen" in stderr()
    assert [path.name for path in Path(tmp_path, "site").iterdir()] == ["mine.txt"]
