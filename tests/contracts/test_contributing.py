"""The examples of CONTRIBUTING.md pass the linter and the contract tests, and they work."""

import importlib.util
import inspect
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
EXAMPLES = dict(BLOCK.findall((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")))


def load(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def contracts(kind):
    """Load the tests that every plug-in of a kind must pass."""
    return load(f"contracts_of_{kind}", Path(__file__).with_name(f"test_{kind}.py"))


CHANNELS, BASELINES = contracts("channels"), contracts("baselines")
data = BASELINES.data  # a fixture


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


def check_contracts(module, argument, name, others=None):
    """Run the contract tests that take only a plug-in's name, except those of `others`; return their number."""
    tests = [test for key, test in vars(module).items() if key.startswith("test_")]
    alone = [test for test in tests if list(inspect.signature(test).parameters) == [argument]]
    due = [test for test in alone if test.pytestmark[0].args[1] is not others]
    for test in due:
        test(name)
    return len(due)


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


def test_the_example_channel_passes_the_contract_tests(paste):
    paste("generators/channels/fog.py")
    assert check_contracts(CHANNELS, "kind", "fog", others=CHANNELS.SPOKEN) > 5


def test_the_example_method_passes_the_contract_tests(paste, data, tmp_path):
    paste("baselines/label_smoothing.py")
    assert check_contracts(BASELINES, "name", "label_smoothing") > 1
    for modality in BASELINES.MODALITIES:
        BASELINES.test_a_method_trains_and_predicts("label_smoothing", modality, data, tmp_path)


def test_the_example_metric_has_known_values(paste):
    probs = np.array([[0.7, 0.2, 0.1], [0.7, 0.2, 0.1]])
    np.testing.assert_allclose(paste("harness/metrics/margin.py").margins(probs, np.array([0, 2])), [0.5, -0.6])


COLUMN = re.search(r"^\"margin\": Column\(.*\),$", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.MULTILINE)
SHOWN = """
import importlib.util, sys
sys.path.insert(0, sys.argv[1])
from spurgen.harness.board.by_unit import ENDS
from spurgen.harness.board.columns import keys, table
spec = importlib.util.spec_from_file_location("golden_scoring", sys.argv[2])
golden = importlib.util.module_from_spec(spec)
sys.modules["golden_scoring"] = golden
spec.loader.exec_module(golden)
measured = golden.measure(golden.CASES["ladder, text"])["metrics"]
assert ENDS["margin"] == (-1.0, 1.0)
(line,) = table([{"submission": "mine", "ranked": True, "first_rank": 1, "last_rank": 1, **measured}], keys("wide"))
print(line["Margin"], measured["margin"])
"""


def test_a_metric_is_measured_and_shown_by_three_files(tmp_path):
    for name in ("benchmark", "generators", "baselines", "harness"):
        shutil.copytree(ROOT / name, tmp_path / "spurgen" / name, ignore=shutil.ignore_patterns("*.png"))
    folder = tmp_path / "spurgen" / "harness"
    (folder / "metrics" / "margin.py").write_text(EXAMPLES["harness/metrics/margin.py"], encoding="utf-8")
    columns = folder / "board" / "columns.py"
    text = columns.read_text(encoding="utf-8")
    place = '    "wga": Column('
    assert text.count(place) == 1
    columns.write_text(text.replace(place, f"    {COLUMN[0]}\n{place}"), encoding="utf-8")
    command = [sys.executable, "-c", SHOWN, str(tmp_path), str(ROOT / "tests/golden/scoring.py")]
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    shown, measured = map(float, done.stdout.split())
    assert shown == pytest.approx(measured, abs=5e-4)
    assert -1 < measured < 1


def test_the_example_command_runs(paste, monkeypatch, tmp_path, capsys):
    paste("harness/commands/hello.py")
    monkeypatch.setattr(commands, "__path__", [*commands.__path__, str(tmp_path)])
    assert main(["hello", "--name", "you"]) == 0
    assert capsys.readouterr().err == "hello, you\n"
