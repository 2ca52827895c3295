import pytest

from spurgen.harness.cli import main
from spurgen.harness.experiments.report import report_of


@pytest.fixture
def results(suite, make_outcome, keep_row, as_baseline, tmp_path):
    """A folder with the rows of two of our methods on a task."""
    for label, quality in (("group_dro", 0.95), ("erm", 0.7)):
        outcomes = [make_outcome(suite, quality, seed, **as_baseline(label)) for seed in range(5)]
        keep_row(tmp_path / "results", *outcomes, label=label)
    return tmp_path / "results"


@pytest.fixture
def figures(suite_file, results, tmp_path):
    """Return a function that runs the command on those rows and returns its exit code."""
    where = ["--suite", suite_file, "--results", str(results), "--out", str(tmp_path / "out")]
    return lambda *flags: main(["figures", *where, *flags])


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_figures_and_captions_are_written_and_what_is_left_out_is_named(figures, tmp_path, stderr):
    assert figures("--format", "svg", "png", "--columns", "1") == 0
    written = files(tmp_path / "out")
    drawn = [f"{name}.{kind}" for name in ("ranks", "follows-small-text")
             for kind in ("svg", "png")]  # fmt: skip
    assert sorted(written) == sorted([*drawn, "captions.md"])
    assert "**ranks**: Accuracy if misled" in written["captions.md"].decode()
    assert b'width="234pt"' in written["ranks.svg"]
    message = stderr()
    assert "left out: small-image: no rows" in message
    assert f"wrote 2 figures, captions.md to {tmp_path / 'out'}" in message


def test_latex_files_are_written_if_asked_for(figures, tmp_path):
    assert figures("--latex", "--tasks", "small-text", "--columns", "1") == 0
    written = {name: content.decode() for name, content in files(tmp_path / "out").items() if not name.endswith("pdf")}
    assert sorted(written) == ["captions.md", "citation.bib", "figures.tex", "table-small-text.tex"]
    assert r"\includegraphics{ranks}" in written["figures.tex"]
    assert r"\graphicspath{{path/to/this/folder/}}" in written["figures.tex"].splitlines()[0]
    assert "suite tiny, manifest SHA-256 " in written["citation.bib"]
    assert r"\toprule" in written["table-small-text.tex"]


@pytest.mark.parametrize("columns", ["1", "2"])
def test_latex_typesets_what_was_written(figures, typeset, tmp_path, columns):
    assert figures("--latex", "--tasks", "small-text", "--columns", columns) == 0
    inputs = [f"\\input{{out/{path.name}}}" for path in sorted((tmp_path / "out").glob("*.tex"))]
    assert len(inputs) == 2
    parts = [r"\graphicspath{{out/}} \cite{spurgen}", *inputs, r"\bibliographystyle{plain} \bibliography{out/citation}"]
    typeset("\n".join(parts))
    assert "manifest SHA-256" in (tmp_path / "paper.bbl").read_text()
    assert typeset(r"\input{out/table-small-text.tex}") == []


def test_an_experiment_is_drawn_from_its_file(make_experiment, tmp_path):
    file = tmp_path / "exp_results.json"
    file.write_text(report_of(make_experiment({"erm": {"quality": 0.6}, "group_dro": {"quality": 0.97}})).to_json())
    assert main(["figures", "--experiment", str(file), "--out", str(tmp_path / "out"), "--format", "png"]) == 0
    assert {"ranks.png", "follows-exp.png", "captions.md"} == {*files(tmp_path / "out")}
    assert main(["figures", "--experiment", str(file), "--out", str(tmp_path / "out"), "--latex"]) == 0
    table = (tmp_path / "out" / "table-exp.tex").read_text()
    assert "group\\_dro" in table
    assert " better" in table


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        (["--tasks", "small-both"], "suite tiny has no rows that can be ranked on small-both"),
        (["--tasks", "small"], "suite tiny has no task 'small'"),
        (["--format", "eps"], "--format: there is no 'eps'"),
        (["--experiment", "none.json"], "cannot read the report of spurgen run none.json"),
        (["--experiment", "none.json", "--tasks", "x"], "--tasks and --experiment exclude each other"),
    ],
)
def test_mistakes_are_named(figures, stderr, flags, problem):
    assert figures(*flags) == 2
    assert problem in stderr()
