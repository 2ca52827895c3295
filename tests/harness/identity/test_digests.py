import json
import shutil
import sys
from pathlib import Path

import pytest

import spurgen.harness.identity.digests as module
from spurgen.baselines.training.imagenet import PACKAGES
from spurgen.benchmark.errors import SubmissionError
from spurgen.harness.cell import CellSpec
from spurgen.harness.identity.digests import (
    SCORERS,
    backbone_digest,
    code_digest,
    generator_digest,
    scoring_digest,
    submission_digest,
)

CODE = '"""What it is."""\nimport math  # why\n\n\ndef f(x):\n    """Adds."""\n    return "# not a comment" + x\n'


def test_what_does_not_run_does_not_count(tmp_path):
    def digest(text):
        (tmp_path / "code.py").write_text(text)
        return code_digest({"code": tmp_path / "code.py"})

    same = CODE.replace("Adds.", "Adds one.").replace("# why", "# because").replace("\n\n\n", "\n\n")
    assert digest(same) == digest(CODE)
    assert digest(CODE.replace("+ x", "+ x + x")) != digest(CODE)


def test_of_a_stranger_everything_counts_since_it_may_read_itself(write_submission):
    first = submission_digest(write_submission(CODE))
    assert submission_digest(write_submission(CODE.replace("# why", "# because"))) != first


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A copy of SpurGen's packages, free to be edited."""
    for name in ("harness", "benchmark", "generators"):
        shutil.copytree(
            module.HOME / name, tmp_path / "home" / name, ignore=shutil.ignore_patterns("results", "*.json")
        )
    monkeypatch.setattr(module, "HOME", tmp_path / "home")
    return tmp_path / "home"


def add(path, text):
    path.write_text(f"{path.read_text()}\n{text}\n")


def test_a_copy_elsewhere_has_the_same_digests(home, monkeypatch):
    there = scoring_digest(), generator_digest()
    monkeypatch.undo()
    assert (scoring_digest(), generator_digest()) == there
    assert home != module.HOME


@pytest.mark.parametrize(
    "name", [*(name for name, only in SCORERS.items() if not only), "harness/metrics/invariance.py"]
)
def test_whatever_alters_figures_counts(home, name):
    before = scoring_digest()
    add(home / name, "# a comment")
    assert scoring_digest() == before
    add(home / name, "ADDED = 1")
    assert scoring_digest() != before


def test_what_cannot_alter_a_figure_makes_no_result_stale(home):
    before = scoring_digest()
    for path in [home / name for name, only in SCORERS.items() if only] + [home / "harness" / "worker" / "protocol.py"]:
        add(path, "ADDED = 1")
    assert scoring_digest() == before


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("worker/server.py", "astype(np.float32)", "astype(np.float16)"),
        ("worker/process.py", "MAX_CHECKPOINTS = 20", "MAX_CHECKPOINTS = 2"),
        ("answers.py", "1e-12", "1e-6"),
        ("trial.py", "trial.seed, worker.scratch", "0, worker.scratch"),
    ],
)
def test_the_parts_that_count_do(home, name, old, new):
    before = scoring_digest()
    path = home / "harness" / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    assert scoring_digest() != before


def test_the_order_in_which_files_are_found_does_not_count(tmp_path):
    files = {name: tmp_path / f"{name}.py" for name in "abc"}
    for name, path in files.items():
        path.write_text(f"x = {name!r}")
    assert code_digest(files) == code_digest(dict(reversed(files.items())))


def test_generators_count_wherever_they_lie_in_their_package(home):
    before = generator_digest()
    color = home / "generators" / "channels" / "color.py"
    add(color, "# a comment")
    assert generator_digest() == before
    color.rename(home / "generators" / "color.py")
    assert generator_digest() != before


@pytest.fixture
def base(suite_file, write_submission):
    return CellSpec(suite_file, "small-text", write_submission("def predict(b): ..."), 0)


def test_a_cell_depends_on_everything_that_changes_its_figures(base):
    suite, task, spec = base.suite, base.task, base.spec
    others = [
        CellSpec(suite, "small-image", spec, 0),
        CellSpec(suite, task, spec, 1),
        CellSpec(suite, task, spec, 0, options={"depth": 3}),
        CellSpec(suite, task, spec, 0, uncorrelated=True),
    ]
    assert len({cell.identity for cell in (base, *others)}) == 5
    assert base.identity == CellSpec(suite, task, spec, 0, device="cuda").identity


@pytest.mark.parametrize("change", ['modality = "multimodal"', 'modality = "text", backbone = "pretrained"'])
def test_a_cell_depends_on_what_the_suites_file_says_of_its_task(base, change):
    assert base.identity
    file = Path(base.suite)
    file.write_text(file.read_text().replace('modality = "text"', change))
    assert CellSpec(base.suite, base.task, base.spec, 0).identity != base.identity


def test_a_backbone_is_named_by_its_weights_even_where_they_are_not_installed(monkeypatch):
    for package in PACKAGES:
        monkeypatch.setitem(sys.modules, package, None)
    names = [backbone_digest(backbone) for backbone in ("imagenet", "pretrained", "scratch")]
    assert [len(name) for name in names] == [64, 64, len("scratch")]
    assert len(set(names)) == 3


def test_a_cell_depends_on_the_weights_that_its_task_starts_from(base, monkeypatch):
    file = Path(base.suite)
    file.write_text(file.read_text().replace('modality = "image"', 'modality = "image", backbone = "imagenet"'))
    identities = []
    for weights in (module.SHA256, "0" * 64):
        monkeypatch.setattr(module, "SHA256", weights)
        identities.append(CellSpec(base.suite, "small-image", base.spec, 0).identity)
    assert identities[0] != identities[1]


def test_a_cell_depends_on_the_frozen_data(base, suite):
    assert base.identity
    data = json.loads(suite.manifest_file.read_text())
    data["scenarios"]["small"]["parts"]["val"]["shards"][0]["images"] = "0" * 64
    suite.manifest_file.write_text(json.dumps(data))
    assert CellSpec(base.suite, base.task, base.spec, 0).identity != base.identity


@pytest.mark.parametrize("uncorrelated", [False, True])
@pytest.mark.parametrize("digest", ["generator_digest", "scoring_digest"])
def test_a_cell_depends_on_the_code_that_makes_and_scores_it(base, monkeypatch, digest, uncorrelated):
    def identity():
        return CellSpec(base.suite, base.task, base.spec, 0, uncorrelated=uncorrelated).identity

    before = identity()
    monkeypatch.setattr(f"spurgen.harness.identity.digests.{digest}", lambda: "another")
    assert identity() != before


def test_an_unreadable_source_is_named(home):
    (home / "harness" / "scoring.py").unlink()
    with pytest.raises(SubmissionError, match=r"cannot read .*scoring\.py"):
        scoring_digest()


def test_an_edit_that_moves_no_figure_leaves_the_rows_that_there_were(monkeypatch, tmp_path):
    path = tmp_path / "code.py"
    path.write_text(CODE)
    before = module._digest(path)
    path.write_text(CODE.replace("+ x", "+ x[:]"))
    since = module._digest(path)
    assert since != before
    monkeypatch.setattr(module, "SAME_FIGURES", {since: before})
    monkeypatch.setattr(module, "_essence_digest", module._essence_digest.__wrapped__)  # not what is remembered
    assert module._digest(path) == before


def test_files_known_by_an_earlier_digest_still_are_what_was_judged():
    whole = [
        path for folder in ("baselines", "generators", "submissions") for path in (module.HOME / folder).rglob("*.py")
    ]
    judged = [(path, ()) for path in whole] + [(module.HOME / name, only) for name, only in module.SCORERS.items()]
    now = {module._essence_digest(path.read_bytes(), only) for path, only in judged}
    assert set(module.SAME_FIGURES.values()) <= now  # else the entry is of no use, and can go
