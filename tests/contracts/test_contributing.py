"""The examples of CONTRIBUTING.md pass the linter and the contract tests, and they work."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from spurgen.benchmark.plugins import discover
from spurgen.harness import commands
from spurgen.harness.cli import main

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^## [^\n]*`(\S+\.py)`\n+```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
EXAMPLES = dict(BLOCK.findall(TEXT))


def load(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def paste(tmp_path, monkeypatch):
    """Return a function that registers an example for one test, as if its file were in the package."""

    def pasted(place):
        folder, name = Path(place).parent, Path(place).stem
        package = ".".join(("spurgen", *folder.parts))
        monkeypatch.setitem(sys.modules, f"{package}.{name}", None)  # so that it is removed afterwards
        (tmp_path / f"{name}.py").write_text(EXAMPLES[place], encoding="utf-8")
        module = load(f"{package}.{name}", tmp_path / f"{name}.py")
        monkeypatch.setitem(discover(package), name, module)
        return module

    return pasted


def test_contributing_has_an_example_of_every_kind():
    assert {Path(place).parent.as_posix() for place in EXAMPLES} >= {
        "generators/channels", "baselines", "harness/metrics", "harness/commands",
    }  # fmt: skip


@pytest.mark.parametrize("check", [["check"], ["format", "--check"]], ids=" ".join)
@pytest.mark.parametrize("place", EXAMPLES)
def test_examples_pass_the_linter(place, check):
    command = [sys.executable, "-m", "ruff", *check, "--no-cache", "--stdin-filename", place, "-"]
    done = subprocess.run(command, cwd=ROOT, input=EXAMPLES[place], text=True, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_example_metric_has_known_values(paste):
    probs = np.array([[0.7, 0.2, 0.1], [0.7, 0.2, 0.1]])
    np.testing.assert_allclose(paste("harness/metrics/margin.py").margins(probs, np.array([0, 2])), [0.5, -0.6])


def with_line(text, after, lines):
    """Insert lines before the line that begins as `after` says."""
    assert len(re.findall(rf"^{re.escape(after)}", text, re.MULTILINE)) == 1
    return text.replace(f"\n{after}", f"\n{lines.rstrip()}\n{after}")


def change(path, *changes):
    text = path.read_text(encoding="utf-8")
    for before, lines in changes:
        text = with_line(text, before, lines)
    path.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def contributed(made_once):
    """The folder of a checkout with all examples, added as their sections say."""

    def make(folder):
        root = folder / "spurgen"  # of the package, too
        for name in ("benchmark", "generators", "baselines", "harness", "docs", "tests"):
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("*.png", "__pycache__", "results"))
        for name in ("pyproject.toml", "README.md"):
            shutil.copy(ROOT / name, root)
        for place in EXAMPLES:
            (root / place).write_text(EXAMPLES[place], encoding="utf-8")
        channel, entry, lines, column = re.findall(r"^```text\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
        method, tuned = lines.splitlines()
        change(root / "docs/scenarios.md", ("| `tint` |", channel))
        change(root / "docs/methods.md", ("| `focal` | none |", method), ("| `ldam` | on", tuned))
        change(root / "harness/board/columns.py", ('    "wga": Column(', f"    {column}"))
        (paint,) = re.findall(r"^```python\n(def _plate.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
        imports = "from spurgen.generators.channels import shape\nfrom spurgen.generators.scene import Layer"
        shortcuts = root / "generators/things/shortcuts.py"
        change(shortcuts, ("from spurgen.generators.scene", imports), ("SHORTCUTS = {", paint), ('    "place":', entry))
        run(folder, root / "tests/golden/record.py", "label_smoothing")

    return made_once("contributed", make)


def run(folder, *words):
    """Run Python with the package of a folder, and return what it prints."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST")}
    environment |= {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, *map(str, words)], env=environment, text=True, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "least", "files", "more"),
    [
        ("fog", 11, ("contracts/test_channels.py", "docs/test_pages.py"), "every_kind_of_channel"),
        ("plate", 4, ("generators/things/test_shortcuts.py",), "plate"),
        ("label_smoothing", 8, ("contracts/test_baselines.py", "baselines/test_documentation.py",
         "golden/test_golden.py"), "table_of_methods or only_existing"),
    ],
)  # fmt: skip
def test_an_example_passes_all_tests_that_its_kind_must_pass(name, least, files, more, contributed):
    root = contributed / "spurgen"
    options = ["-q", "-c", root / "pyproject.toml", f"--rootdir={root}", "-k", f"{name} or {more}"]
    said = run(contributed, "-m", "pytest", *options, *(root / "tests" / file for file in files))
    assert int(re.search(r"(\d+) passed", said)[1]) >= least
    assert "failed" not in said


SHOWN = """
import sys
sys.path.insert(0, sys.argv[1])
import scoring
from spurgen.harness.board.rows import ENDS
from spurgen.harness.board.columns import keys, table
measured = scoring.measure(scoring.CASES["ladder, text"])["metrics"]
assert ENDS["margin"] == (-1.0, 1.0)
(line,) = table([{"submission": "mine", "ranked": True, "first_rank": 1, "last_rank": 1, **measured}], keys("wide"))
print(line["Margin"], measured["margin"])
"""


@pytest.mark.slow
def test_a_metric_is_measured_and_shown(contributed):
    said = run(contributed, "-c", SHOWN, ROOT / "tests" / "golden")
    shown, measured = map(float, said.split())
    assert shown == pytest.approx(measured, abs=5e-4)
    assert -1 < measured < 1


def test_the_example_command_runs(paste, monkeypatch, tmp_path, capsys):
    paste("harness/commands/hello.py")
    monkeypatch.setattr(commands, "__path__", [*commands.__path__, str(tmp_path)])
    assert main(["hello", "--name", "you"]) == 0
    assert capsys.readouterr().err == "hello, you\n"
