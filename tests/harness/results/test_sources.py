import os
import sys
from pathlib import Path

import pytest

from spurgen.benchmark.errors import SubmissionError
from spurgen.benchmark.specs import is_baseline
from spurgen.harness.results import sources
from spurgen.harness.results.identity import submission_digest
from spurgen.harness.results.sources import DATA_BYTES, MAX_FILES, SOURCE_BYTES, imports_generator, submission_files

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
        ("import spurgen.harness.splits.freeze", True),
        ("def predict(b):\n    from spurgen.generators.pictograms.nouns import NOUNS", True),
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
    monkeypatch.setattr(sys, "path", [place for place in sys.path if Path(place).resolve() != sources.HOME])
    home = tmp_path / "home"
    write(home, generators__sampling="", harness__scoring="", benchmark__contract="", tool="")
    monkeypatch.setattr(sources, "HOME", home)
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
    for folder in ("kept", "spurgen-results/v3"):
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
        *((f"['{folder}/{name}']", NOT_SHOWN) for folder in ("kept", "spurgen-results/v3")
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
