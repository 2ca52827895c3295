from pathlib import Path

import pytest

from spurgen.benchmark.errors import SubmissionError
from spurgen.harness.cell import CellSpec
from spurgen.harness.identity import essence, submission_digest

CODE = '"""What it is."""\nimport math  # why\n\n\ndef f(x):\n    """Adds."""\n    return "# not a comment" + x\n'


def test_the_essence_has_no_comments_docstrings_or_blank_lines():
    assert essence(CODE) == 'import math\ndef f(x):\n    return "# not a comment" + x'


def test_what_does_not_run_does_not_count(write_submission):
    first = submission_digest(write_submission(CODE))
    same = CODE.replace("Adds.", "Adds one.").replace("# why", "# because").replace("\n\n\n", "\n\n")
    assert submission_digest(write_submission(same)) == first
    assert submission_digest(write_submission(CODE.replace("+ x", "+ x + x"))) != first


def test_a_helper_beside_the_submission_counts(write_submission):
    write_submission("DEPTH = 3", "helper")
    model = write_submission("from helper import DEPTH\ndef predict(b): ...")
    first = submission_digest(model)
    write_submission("DEPTH = 4", "helper")
    assert submission_digest(model) != first


def test_a_baseline_counts_the_training_code(monkeypatch):
    read = []
    original = Path.read_text

    def spy(path, *arguments, **more):
        read.append(path.name)
        return original(path, *arguments, **more)

    monkeypatch.setattr(Path, "read_text", spy)
    submission_digest("spurgen.baselines.erm:submission")
    assert {"erm.py", "loop.py", "backbones.py", "samplers.py"} <= set(read)
    assert "group_dro.py" not in read


def test_a_submission_is_read_but_never_imported(tmp_path, monkeypatch):
    (tmp_path / "boom").mkdir()
    (tmp_path / "boom" / "__init__.py").write_text("raise SystemExit('imported')")
    (tmp_path / "boom" / "model.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    assert len(submission_digest("boom.model:thing")) == 64


@pytest.mark.parametrize("spec", ["/no/such.py", "no_such_module", "json.nothing"])
def test_what_cannot_be_found_says_so(spec):
    with pytest.raises(SubmissionError, match="there is no submission"):
        submission_digest(spec)


def test_invalid_python_says_where(write_submission):
    spec = write_submission("def f(:")
    with pytest.raises(SubmissionError, match=r"model\.py is not valid Python"):
        submission_digest(spec)


def test_a_cell_depends_on_everything_that_changes_its_figures(suite_file, write_submission):
    spec = write_submission("def predict(b): ...")
    base = CellSpec(suite_file, "small-text", spec, 0)
    others = [
        CellSpec(suite_file, "small-image", spec, 0),
        CellSpec(suite_file, "small-text", spec, 1),
        CellSpec(suite_file, "small-text", spec, 0, options={"depth": 3}),
        CellSpec(suite_file, "small-text", spec, 0, uncorrelated=True),
    ]
    assert len({cell.identity for cell in (base, *others)}) == 5
    assert base.identity == CellSpec(suite_file, "small-text", spec, 0, device="cuda").identity
