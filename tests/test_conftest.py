"""Tests see nothing of the user's. Those that need what is missing are skipped with the line to install it, or fail."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CONFTEST = ROOT / "tests" / "conftest.py"
MARKED = """
import sys
import pytest

@pytest.mark.needs("SLURM")
def test_marked(): raise AssertionError("runs")

@pytest.mark.needs("bubblewrap")
def test_sandboxed(): raise AssertionError("runs")

@pytest.fixture
def cluster(needs): needs("SLURM")

def test_fixture(cluster): raise AssertionError("runs")

def test_browser(browser): raise AssertionError("runs")

def test_typeset(typeset): raise AssertionError("runs")

def test_other(): sys.path.append("left")

def test_next(): assert "left" not in sys.path
"""
ALONE = """
import os
import subprocess
from pathlib import Path

import matplotlib
import pytest

from spurgen.harness.machine.files import cache_folder
from spurgen.harness.results.store import OWN, Store

def check_alone():
    assert not OWN.exists()
    assert "mine" not in Store(OWN, "v4").labels()
    assert list(Path().iterdir()) == list(cache_folder().parent.glob("*.npz")) == []
    assert [path.name for path in Path.home().iterdir() if path.name != ".config"] == []
    assert matplotlib.rcParams["lines.linewidth"] != 77
    assert subprocess.run(["git", "config", "user.name"], capture_output=True).stdout == b""
    assert [name for name, value in os.environ.items() if "users" in value] == []

@pytest.fixture(scope="session")
def early(): check_alone()

@pytest.mark.usefixtures("early")
def test_writes():
    check_alone()
    for folder in (OWN, cache_folder()): folder.mkdir(parents=True)

def test_reads():
    check_alone()
    assert not cache_folder().exists()
"""
MISSING = {
    "SLURM": (2, "apt-get install munge slurmctld slurmd slurm-client"),
    "bubblewrap": (1, "apt-get install bubblewrap libseccomp2 util-linux"),
    "Chromium": (1, "apt-get install chromium-headless-shell"),
    "LaTeX": (1, "apt-get install texlive-latex-recommended"),
}


@pytest.fixture
def run_inner(tmp_path):
    """Return a function that runs a file of tests with this conftest.py, and returns the exit code and output."""
    (tmp_path / "conftest.py").write_text(CONFTEST.read_text())
    (tmp_path / "fixtures").mkdir()
    for file in CONFTEST.parent.glob("fixtures/*.py"):  # empty, as the real ones import torch
        (tmp_path / "fixtures" / file.name).touch()

    def run(code, **environment):
        (tmp_path / "test_inner.py").write_text(code)
        command = [sys.executable, "-m", "pytest", "-c", ROOT / "pyproject.toml", f"--rootdir={tmp_path}", tmp_path]
        bare = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST")}
        done = subprocess.run(command, env=bare | environment, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    return run


@pytest.mark.slow
def test_tests_see_no_rows_settings_keys_and_caches_of_the_user(run_inner, tmp_path, needs, monkeypatch):
    needs("git")
    home = tmp_path / "users"
    for file, text in {
        "matplotlibrc": "lines.linewidth: 77", ".config/matplotlib/matplotlibrc": "lines.linewidth: 77",
        ".gitconfig": "[user]\nname = somebody", ".spurgen/v4.secret": "x", "spurgen-results/v4/mine.jsonl": "x",
        ".cache/spurgen/any.npz": "x",
    }.items():  # fmt: skip
        (home / file).parent.mkdir(parents=True, exist_ok=True)
        (home / file).write_text(text)
    monkeypatch.chdir(home)
    places = (
        "HOME",
        "GIT_CONFIG_GLOBAL",
        "HF_HOME",
        "MATPLOTLIBRC",
        "MPLCONFIGDIR",
        "SPURGEN_CACHE",
        "XDG_CONFIG_HOME",
    )
    keys = ("OPENAI_API_KEY", "HF_TOKEN", "RAY_ADDRESS", "SLURM_CONF", "SPURGEN_STEPS")
    code, output = run_inner(ALONE, **dict.fromkeys(places, str(home)), **dict.fromkeys(keys, "users"))
    assert code == 0, output
    assert "2 passed" in output


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the packages are Debian's")
def test_a_missing_part_skips_its_tests_and_the_run_ends_with_how_many_and_why(run_inner):
    code, output = run_inner(MARKED, PATH="", CI="")
    assert code == 0
    ending = output.partition("skipped tests")[2]
    for name, (count, line) in MISSING.items():
        assert f"{count} skipped: needs {name}: {line}" in ending
    assert "make test-all fails where a part is missing, as CI does" in ending
    assert "2 passed, 5 skipped" in ending


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the packages are Debian's")
def test_a_missing_part_is_a_failure_where_all_must_be_there(run_inner):
    code, output = run_inner(MARKED, PATH="", CI="true")
    assert code == 1
    for name, (_, line) in MISSING.items():
        assert f"needs {name}: {line}" in output
    assert "2 passed, 5 errors" in output


def test_every_package_that_tests_ask_for_is_installed_before_all_must_be_there():
    script = (ROOT / ".ci" / "run").read_text()
    text = CONFTEST.read_text()
    packages = {name for line in re.findall(r'\]\], "([^"]+)"\)', text) for name in line.split()}
    assert {"slurmctld", "bubblewrap", "git"} <= packages
    assert {name for name in packages if not re.search(rf"apt-get install .*\b{name}\b", script)} == set()
    assert "make test-all" in script
    makefile = (ROOT / "Makefile").read_text()
    assert re.search(r"^test-all: export CI = true$", makefile, re.MULTILINE)


def test_what_is_missing_is_looked_for_in_one_place():
    """Or a test could fail on a machine without it, or be skipped where everything must be there."""
    others = [path for path in CONFTEST.parent.rglob("*.py") if path not in (CONFTEST, Path(__file__))]
    elsewhere = re.compile(r"skipif\(.*(which|bubblewrap)|(skip|fail)\(.*apt-get")
    assert [path.name for path in others if elsewhere.search(path.read_text())] == []
