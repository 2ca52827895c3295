import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

import spurgen.harness.results.identity as module
from spurgen.baselines.training.encoders import ENCODERS, backbone_digest
from spurgen.benchmark.errors import SubmissionError
from spurgen.benchmark.plugins import is_baseline
from spurgen.benchmark.suite import load_suite
from spurgen.harness.results import identity
from spurgen.harness.results.identity import (
    DATA_BYTES,
    HOME,
    MAX_FILES,
    SOURCE_BYTES,
    imports_generator,
    is_current_baseline,
    is_of_our_code,
    job_identity,
    submission_digest,
    submission_files,
)

IMPORTS = (
    "from spurgen.baselines.erm import submission",
    "from spurgen.baselines import erm",
    "from spurgen.baselines.training.loop import train",
)
CODE = '"""A model."""\nimport math  # why\n\n\ndef predict(batch):\n    return []\n'
IN_TREE = "import sys; sys.path[:0] = sys.argv[1:]; from test_identity import identities; print(*identities())"


def identities():
    """Return the identities of 33 jobs: of three methods on eleven rungs."""
    digests = [submission_digest(f"spurgen.baselines.{name}:submission") for name in ("erm", "jtt", "group_dro")]
    tasks = list(load_suite("v4").tasks.values())[:11]
    return [job_identity(task, one, data="data", seed=0, options={}) for task in tasks for one in digests]


def replace_everywhere(tree, pattern, new):
    edited = 0
    for path in tree.rglob("*.py"):
        text, count = re.subn(pattern, new, path.read_text())
        path.write_text(text)
        edited += count
    assert edited > 0


def test_a_rename_a_moved_import_and_another_format_make_no_result_stale(tmp_path):
    tree, before = tmp_path / "spurgen", identities()
    for name in ("benchmark", "generators", "baselines", "harness"):
        shutil.copytree(HOME / name, tree / name, ignore=shutil.ignore_patterns("*-*.json", "*.png"))
    assert len(set(before)) == len(before) == 33
    replace_everywhere(tree, r"\bshuffled\b", "in_random_order")  # a function that methods share
    (tree / "baselines/training/samplers.py").rename(tree / "baselines/training/sampling_order.py")
    replace_everywhere(tree, r"baselines\.training\.samplers\b", "baselines.training.sampling_order")
    (tree / "harness/running/scoring.py").rename(tree / "harness/running/metrics_of_a_job.py")
    replace_everywhere(tree, r"harness\.running\.scoring\b", "harness.running.metrics_of_a_job")
    replace_everywhere(tree, "\n\n\ndef ", "\n# Another format.\n\n\n\ndef ")
    command = [sys.executable, "-c", IN_TREE, str(tmp_path), str(Path(__file__).parent)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.split() == before


@pytest.mark.parametrize(
    ("name", "raised", "changed"),
    [
        ("TRAINING_VERSION", 99, 33), ("SCORING_VERSION", 99, 33),
        ("method_version", lambda name, known=module.method_version: 99 if name == "jtt" else known(name), 11),
    ],
)  # fmt: skip
def test_a_raised_version_makes_exactly_its_own_results_stale(monkeypatch, name, raised, changed):
    before = identities()
    monkeypatch.setattr(module, name, raised)
    assert sum(one != other for one, other in zip(before, identities(), strict=True)) == changed


def test_our_code_is_known_in_every_version_and_only_the_last_is_current():
    def known(version, training):
        digest = module._baseline_digest("jtt", version, training)
        result = SimpleNamespace(spec="spurgen.baselines.jtt:submission", options={}, submission_sha256=digest)
        return is_of_our_code(result), is_current_baseline(result)

    last, training = module.method_version("jtt"), module.TRAINING_VERSION
    assert known(last, training) == (True, True)
    assert known(last - 1, training) == known(last, training - 1) == known(1, 1) == (True, False)
    assert known(last + 1, training) == known(last, training + 1) == (False, False)


def test_every_byte_of_a_strangers_submission_counts(write_submission):
    first = submission_digest(write_submission(CODE))
    assert submission_digest(write_submission(CODE.replace("# why", "# because"))) != first


def test_a_strangers_submission_depends_on_the_training_code_it_may_import(write_submission, monkeypatch):
    plain = write_submission(CODE, "plain")
    specs = [write_submission(f"{line}\n{CODE}", f"model{k}") for k, line in enumerate(IMPORTS)]
    before, untouched = [submission_digest(spec) for spec in specs], submission_digest(plain)
    with monkeypatch.context() as patch:
        patch.setattr(module, "TRAINING_VERSION", 99)
        assert all(submission_digest(spec) != old for spec, old in zip(specs, before, strict=True))
        assert submission_digest(plain) == untouched
    monkeypatch.setattr(module, "method_version", lambda name: {"erm": 99}.get(name, 1))
    assert [submission_digest(spec) != old for spec, old in zip(specs, before, strict=True)] == [True, True, False]


def test_the_attribute_that_a_spec_names_counts(write_submission):
    spec = write_submission(f"{CODE}\na = b = predict")
    assert len({submission_digest(name) for name in (spec, f"{spec}:a", f"{spec}:b")}) == 3


def test_a_job_depends_on_everything_that_changes_its_metrics(suite):
    task = suite.task("small-text")
    arguments = {"data": "d", "seed": 0, "options": {}}
    identities = {
        job_identity(task, "s", **arguments),
        job_identity(task, "other submission", **arguments),
        job_identity(task, "s", **(arguments | {"data": "other data"})),
        job_identity(task, "s", **(arguments | {"seed": 1})),
        job_identity(task, "s", **(arguments | {"options": {"lr": 1.0}})),
        job_identity(task, "s", **arguments, uncorrelated=True),
        job_identity(task, "s", **arguments, uncorrelated=True, matched=True),
        job_identity(task, "s", **arguments, uncorrelated=True, matched=True, draw=1),
        job_identity(replace(task, backbone="finetuned"), "s", **arguments),
        job_identity(suite.task("small-image"), "s", **arguments),
    }
    assert len(identities) == 10


def test_a_job_that_is_no_matched_control_is_identified_as_before_there_were_any(monkeypatch):
    task = load_suite("v4").task("things-text-16")
    monkeypatch.setattr(module, "_sha256", lambda parts: parts)
    named = {
        matched: job_identity(task, "s", data="d", seed=0, options={}, matched=matched) for matched in (False, True)
    }
    assert list(named[False]) == [
        "suite", "task", "modality", "backbone", "weights", "seed", "uncorrelated", "options", "submission", "data",
        "scoring",
    ]  # fmt: skip
    assert named[True] == {**named[False], "matched": True}


def test_a_job_depends_on_the_weights_that_its_task_starts_from(suite, monkeypatch):
    task = replace(suite.task("small-image"), backbone="finetuned")
    first = job_identity(task, "s", data="d", seed=0, options={})
    monkeypatch.setattr(module, "backbone_digest", lambda _: "other weights")
    assert job_identity(task, "s", data="d", seed=0, options={}) != first


def test_weights_that_are_not_installed_have_a_digest(monkeypatch):
    monkeypatch.setitem(sys.modules, ENCODERS["image"].packages[0], None)
    assert re.fullmatch("[0-9a-f]{64}/[0-9a-f]{64}", backbone_digest("finetuned"))
    assert backbone_digest("scratch") == "scratch"


GOLDEN = Path(__file__).parent / "golden" / "tiny"


def write(folder, **files):
    """Write files whose names have __ for a slash."""
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


PACKAGE = {
    "model": "from pkg.sub import tool\ndef predict(b): ...",
    "pkg__init": "from .begun import x", "pkg__begun": "", "pkg__sub__init": "SCALE = 1",
    "pkg__sub__tool": "from .. import other\nimport pkg.absolute",
    "pkg__other": "from .deep.one import x", "pkg__absolute": "", "pkg__deep__one": "", "pkg__unused": "", "beside": "",
}  # fmt: skip


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "mine"
    write(folder, **{name.replace("__init", "__#"): text for name, text in PACKAGE.items()})
    for path in folder.rglob("#.py"):
        path.rename(path.with_name("__init__.py"))
    return folder


FOUND = {
    "pkg": "pkg/__init__.py", "pkg.begun": "pkg/begun.py", "pkg.sub": "pkg/sub/__init__.py",
    "pkg.sub.tool": "pkg/sub/tool.py",
    "pkg.other": "pkg/other.py", "pkg.absolute": "pkg/absolute.py", "pkg.deep.one": "pkg/deep/one.py",
}  # fmt: skip


def test_a_helper_package_is_followed_with_its_inits_relative_and_absolute_imports(package):
    found = submission_files(str(package / "model.py"))
    expected = {"model": "model.py", **FOUND}
    assert {name: path.relative_to(package).as_posix() for name, path in found.items()} == expected


@pytest.mark.parametrize("installed", [True, False])
def test_a_module_is_followed_within_its_package_and_an_installed_one_no_further(package, monkeypatch, installed):
    folder = package.rename(package.parent / "site-packages") if installed else package
    (folder / "pkg" / "sub" / "tool.py").write_text("from .. import other\nimport pkg.absolute, beside")
    monkeypatch.syspath_prepend(folder)
    found = submission_files("pkg.sub.tool:attribute")
    assert set(found) == {*FOUND, *(() if installed else ("beside",))}


def test_a_module_may_lie_in_the_current_folder(package, monkeypatch):
    monkeypatch.chdir(package)
    assert set(submission_files("model")) == {"model", *FOUND}


@pytest.mark.parametrize(
    ("source", "uses"),
    [
        ("from spurgen.generators import sample", True),
        ("from spurgen import generators", True),
        ("import spurgen.harness.splits.frozen", True),
        ("def predict(b):\n    from spurgen.generators.pictograms.captions import NOUNS", True),
        ("import helper", True),
        ("from spurgen.baselines import erm\nimport spurgen.benchmark", False),
        ("import generators, harness", False),
    ],
)
def test_an_import_of_the_generators_is_found(write_submission, source, uses):
    model = write_submission(source)
    Path(model).with_name("helper.py").write_text("import spurgen.generators")
    assert imports_generator(model) is uses


def test_libraries_are_not_followed(write_submission):
    model = write_submission(
        "import numpy.linalg, json, spurgen.harness.running.job\nfrom spurgen.generators import sample"
    )
    assert set(submission_files(model)) == {"model"}


@pytest.mark.parametrize("beside", [True, False])
def test_no_path_leads_to_what_makes_or_scores_the_data(tmp_path, monkeypatch, beside):
    monkeypatch.setattr(sys, "path", [place for place in sys.path if Path(place).resolve() != HOME])
    home = tmp_path / "home"
    write(home, generators__sampling="", harness__scoring="", benchmark__contract="", tool="")
    monkeypatch.setattr(identity, "HOME", home)
    monkeypatch.chdir(home)
    model = (home if beside else tmp_path) / "model.py"
    model.write_text("if False: import generators.sampling, harness.scoring, benchmark.contract, tool")
    assert set(submission_files(str(model))) == ({"model", "tool"} if beside else {"model"})
    monkeypatch.syspath_prepend(home)
    assert set(submission_files(str(model))) == {"model", "tool"}
    if beside:
        model.write_text("FILES = ['benchmark']")
        with pytest.raises(SubmissionError, match=r"FILES names benchmark, and .*contract.py is not shown to "):
            submission_files(str(model))


def test_the_same_source_has_the_same_digest_anywhere(tmp_path):
    digests = set()
    for folder, helper in ((tmp_path / "a", "z/helper"), (tmp_path / "z", "a/helper")):
        write(folder / "work", model="import helper\ndef predict(b): ...")
        write(folder / helper, helper="x = 1")
        with pytest.MonkeyPatch.context() as patch:
            patch.syspath_prepend(folder / helper)
            digests.add(submission_digest(str(folder / "work" / "model.py")))
    assert len(digests) == 1


def test_two_modules_that_change_places_change_the_digest(tmp_path):
    digests = set()
    for one, other in (("x = 1", "x = 2"), ("x = 2", "x = 1")):
        write(tmp_path, model="import a.m, b.m", a__m=one, b__m=other)
        digests.add(submission_digest(str(tmp_path / "model.py")))
    assert len(digests) == 2


def test_a_submission_is_read_but_never_imported(tmp_path, monkeypatch):
    write(tmp_path, boom__a="raise SystemExit('imported')", boom__model="import boom.a\nraise SystemExit('imported')")
    (tmp_path / "boom" / "__init__.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    assert len(submission_digest("boom.model:thing")) == 64
    assert set(sys.modules) == before


@pytest.mark.parametrize("spec", ["/no/such.py", "no_such_module", "json.nothing", "/no/such.py:thing", "spurgen.x"])
def test_what_cannot_be_found_says_so(spec):
    with pytest.raises(SubmissionError, match=f"there is no submission {spec}, seen from /.*; give a path"):
        submission_digest(spec)


@pytest.mark.parametrize("code", ["def f(:", "x = '\0'"])
def test_invalid_python_says_where(write_submission, code):
    spec = write_submission(code)
    with pytest.raises(SubmissionError, match=r"model\.py is not valid Python"):
        submission_digest(spec)


def test_declared_files_count_by_every_byte(write_submission, tmp_path):
    model = write_submission('FILES = ["w.npy", "data/words.txt"]\ndef predict(b): ...')
    (tmp_path / "data").mkdir()
    digests = set()
    for weights, words in ((b"\0", "a"), (b"\1", "a"), (b"\0", "a ")):
        (tmp_path / "w.npy").write_bytes(weights)
        (tmp_path / "data" / "words.txt").write_text(words)
        digests.add(submission_digest(model))
    assert len(digests) == 3
    assert {"FILES/w.npy", "FILES/data/words.txt"} < set(submission_files(model))


def test_a_folder_that_is_declared_stands_for_all_in_it_that_is_not_hidden(write_submission, tmp_path):
    for path in ("weights/config.json", "weights/deep/w.npy", "weights/.git/config", "weights/.env"):
        (tmp_path / path).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / path).touch()
    found = submission_files(write_submission("FILES = ['weights']\ndef predict(b): ..."))
    assert [*found] == ["model", "FILES/weights/config.json", "FILES/weights/deep/w.npy"]


def test_more_files_than_a_sandbox_can_show_are_refused(write_submission, tmp_path):
    (tmp_path / "shards").mkdir()
    for number in range(MAX_FILES + 1):
        (tmp_path / "shards" / f"{number}.npy").touch()
    with pytest.raises(SubmissionError, match="names shards, with more than 2000 files; pack them into one"):
        submission_files(write_submission("FILES = ['shards']"))
    (tmp_path / "shards" / "0.npy").unlink()
    assert len(submission_files(write_submission("FILES = ['shards']"))) == MAX_FILES + 1


def test_a_helper_that_is_a_link_out_of_the_folder_is_refused(write_submission, tmp_path):
    home, secret = tmp_path / "home", tmp_path / "secret.json"
    home.mkdir()
    secret.write_text('{"key": 1}')  # parses as Python
    (home / "helper.py").symlink_to(secret)
    spec = write_submission("import helper", name="home/model")
    with pytest.raises(SubmissionError, match=r"helper\.py is imported and leads to .*secret\.json, outside .*home"):
        submission_files(spec)
    (home / "helper.py").unlink()
    (home / "package").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "other.py").touch()
    with pytest.raises(SubmissionError, match=r"package/other\.py is imported and leads to"):
        submission_files(write_submission("import package.other", name="home/model"))


def test_links_within_the_folder_are_what_they_stand_for(write_submission, tmp_path):
    (tmp_path / "real.py").write_text("1")
    for name in ("helper.py", "link.npy"):
        (tmp_path / name).symlink_to("real.py")
    found = submission_files(write_submission("import helper\nFILES = ['link.npy']"))
    assert [path.read_text() for name, path in found.items() if name != "model"] == ["1", "1"]


def test_a_submission_that_links_to_itself_is_refused(tmp_path):
    (tmp_path / "model.py").symlink_to(tmp_path / "model.py")
    with pytest.raises(SubmissionError, match="there is no submission"):
        submission_files(str(tmp_path / "model.py"))


@pytest.fixture
def home(tmp_path):
    """A submission's folder with all that it may not declare, and a file beside it."""
    home = tmp_path / "home"
    for path in (".hidden/key", "folder/.key", ".env", "linked/w.npy", "../outside.npy"):
        (home / path).parent.mkdir(exist_ok=True, parents=True)
        (home / path).write_text("secret")
    (home / "link").symlink_to(".hidden/key")
    for name in ("link.npy", "linked/link.npy"):
        (home / name).symlink_to(tmp_path / "outside.npy")
    os.mkfifo(home / "pipe")
    row = (GOLDEN / "model.jsonl").read_bytes()
    for folder in ("kept", "spurgen-results/v4"):
        (home / folder).mkdir(parents=True)
        for name, content in (("erm.jsonl", row), ("erm.npz", b"PK"), ("renamed.txt", row)):
            (home / folder / name).write_bytes(content)
    return home


HIDDEN = r"is hidden \(a name that starts with a dot\); rename it"
NO_FILE = r"is no plain file in /.*/home; copy it there"
NOT_SHOWN = "is not shown to submissions; leave it out"
NO_LIST = r'must be a list of names in quotes, such as \["weights.npy"\]; it is read, never run'
OUTSIDE = ("../outside.npy", "link.npy", "linked", "pipe")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        *((names, NO_LIST) for names in ("[name]", '"w.npy"', "[1]", "list(HERE)", "{'a': 1}")),
        *((f"[{name!a}]", rf"names {shown}, but there is no file or folder /.*{shown}")
          for name, shown in (("w.npy", r"w\.npy"), ("w\0", r"w\?"), ("\ud800", r"\?"))),
        *((f"[{name!r}]", f"names {name}, which {HIDDEN}") for name in (".env", ".hidden", ".hidden/key", "link")),
        ("['folder/.key']", HIDDEN),
        *((f"[{name!r}]", f"names {name}, and .* {NO_FILE}") for name in OUTSIDE),
        *((f"['{folder}/{name}']", NOT_SHOWN) for folder in ("kept", "spurgen-results/v4")
          for name in ("erm.jsonl", "erm.npz", "renamed.txt")),
    ],
)  # fmt: skip
def test_what_is_no_file_or_must_not_be_shown_cannot_be_declared(home, names, message):
    (home / "model.py").write_text(f"FILES: list = {names}\ndef predict(b): ...")
    with pytest.raises(SubmissionError, match=message):
        submission_files(str(home / "model.py"))


def test_lines_that_are_no_stored_results_can_be_declared(home):
    (home / "lines.jsonl").write_text('{"caption": "a"}\n')
    (home / "model.py").write_text("FILES = ['lines.jsonl']")
    assert "FILES/lines.jsonl" in submission_files(str(home / "model.py"))


@pytest.mark.parametrize(
    ("spec", "ours"),
    [
        ("spurgen.baselines.erm", True), ("spurgen.baselines.erm:submission", True),
        ("spurgen.baselines.erm.py", False), ("spurgen.baselines.erm.py:submission", False),
        ("erm.py", False), ("spurgen.baselines_of_mine.erm", False), ("spurgen.submissions.minilm", False),
    ],
)  # fmt: skip
def test_a_file_may_be_called_as_it_likes_and_is_no_baseline(spec, ours):
    assert is_baseline(spec) is ours


@pytest.mark.parametrize("stem", ["spurgen.mine", "spurgen.baselines.erm", "v1.2"])
def test_a_file_whose_name_reads_like_a_modules_is_refused(write_submission, stem):
    model = write_submission("def predict(b): ...", stem)
    with pytest.raises(SubmissionError, match=r"holds no dots; rename the file, such as to my_model.py"):
        submission_files(model)


def test_a_file_of_too_many_bytes_is_refused_unread(write_submission, tmp_path):
    spec = write_submission('FILES = ["weights"]')
    with (tmp_path / "weights").open("wb") as file:
        file.truncate(DATA_BYTES + 1)
    with pytest.raises(SubmissionError, match=r"cannot read .*weights: it has more than 17,179,869,184 bytes"):
        submission_digest(spec)
    os.truncate(spec, SOURCE_BYTES + 1)
    with pytest.raises(SubmissionError, match=r"cannot read .*model.py: it has more than 1,048,576 bytes"):
        submission_digest(spec)
