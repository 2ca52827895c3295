"""What tests of several folders use: a tiny frozen suite, submission files, a browser, LaTeX, and what is missing.

No test sees what is the user's: rows in the folder where tests were started, settings, keys, and caches.
"""

import fcntl
import gc
import io
import itertools
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections import Counter
from contextlib import chdir
from pathlib import Path

import pytest
from hypothesis import settings
from PIL import Image

from spurgen.benchmark.plugins import is_baseline

gc.disable()  # imports leave no garbage: searching for it takes a sixth of the time, up to the first test
sys.path.insert(0, str(Path(__file__).parent / "fixtures"))
pytest_plugins = ("small_suites", "ladder_results", "language_models", "pages")
sys.modules["outdated"] = None  # with it, WILDS asks the network for newer versions, in a thread that can fail any test
# As in an environment that is activated; else messages name the path of its commands.
os.environ["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", os.defpath)])
# A home of its own, and none of the user's variables, before anything is imported that reads them.
USERS = re.compile(
    r"(GIT|HF|MPL|NUMBA_CACHE|OPENAI|RAY|SBATCH|SLURM|SPURGEN(?!_KILLS)|XDG)(_|[A-Z])"
    r"|(COLUMNS|FORCE_COLOR|LINES|MATPLOTLIBRC|NO_COLOR|SOURCE_DATE_EPOCH)$"
)
for name in filter(USERS.match, [*os.environ]):
    del os.environ[name]
os.environ["HOME"] = HOME = tempfile.mkdtemp(prefix="home-of-tests-")
# Machine code and the list of fonts take half a minute to make, so these stay from run to run.
os.environ["XDG_CACHE_HOME"] = str(Path(__file__).parents[1] / ".cache" / "tests")
settings.register_profile("spurgen", derandomize=True, deadline=None)
settings.load_profile("spurgen")

BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
# What tests need beyond Python: groups of programs, of each of which one must be there, and Debian's packages.
PARTS = {
    "bubblewrap": ([["bwrap"], ["prlimit"]], "bubblewrap libseccomp2 util-linux"),
    "Chromium": ([BROWSERS], "chromium-headless-shell"),
    "git": ([["git"]], "git"),
    "LaTeX": ([["pdflatex"], ["bibtex"]], "texlive-latex-recommended"),
    "SLURM": ([["munged"], ["slurmctld"], ["slurmd"], ["sbatch"]], "munge slurmctld slurmd slurm-client"),
}
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def need(name):
    """Skip a test if a part of the system is missing, with the line to install it; with CI=true, fail."""
    programs, packages = PARTS[name]
    reason = ""
    if not all(any(map(shutil.which, group)) for group in programs):
        reason = f"apt-get install {packages}"
    elif name == "bubblewrap":
        from spurgen.harness.sandbox.bubblewrap import why_unavailable

        reason = why_unavailable()  # containers often forbid it
    if reason and os.environ.get("CI") == "true" and sys.platform == "linux":
        pytest.fail(f"needs {name}: {reason}", pytrace=False)
    if reason:
        pytest.skip(f"needs {name}: {reason}")


KEPT = {}  # modules, by name, that are no test's own


@pytest.fixture(autouse=True)
def forget_imports(tmp_path_factory):
    """Forget what a test and its fixtures imported from their own files, and where: others may have the same names."""
    made = (str(tmp_path_factory.getbasetemp()), os.path.join(tempfile.gettempdir(), "spurgen-"))

    def forget():
        if sys.modules == KEPT:
            return  # going through thousands of modules takes longer than most tests
        for name, module in list(sys.modules.items()):
            if KEPT.get(name) is not module and (getattr(module, "__file__", None) or "").startswith(made):
                del sys.modules[name]
        KEPT.clear()
        KEPT.update(sys.modules)

    forget()  # what fixtures of a module or of the session imported
    path = [*sys.path]
    yield
    sys.path[:] = path  # loading a submission adds its folder
    forget()


@pytest.fixture(scope="session", autouse=True)
def folders_of_tests(tmp_path_factory):
    """Yield an empty folder for each test; fixtures of the session cache and run in one of their own."""
    folder = tmp_path_factory.mktemp("folders")
    os.environ["SPURGEN_CACHE"] = str(folder / "cache")
    (folder / "session").mkdir()
    if "matplotlib" in sys.modules:
        sys.modules["matplotlib"].rcdefaults()  # it read the file of settings of the folder where it was imported
    with chdir(folder / "session"):
        yield (folder / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def cache(folders_of_tests, monkeypatch):
    """The folder of what a test caches, which no other test sees; a test starts in an empty folder."""
    folder = next(folders_of_tests)
    (folder / "here").mkdir(parents=True)
    monkeypatch.chdir(folder / "here")
    monkeypatch.setenv("SPURGEN_CACHE", str(folder / "cache"))
    return folder / "cache"


def pytest_unconfigure():
    """Delete the home of the tests."""
    shutil.rmtree(HOME, ignore_errors=True)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """One process per core, as affinity and the CPU quota allow: with one more, all tests take a tenth longer."""
    from spurgen.harness.machine.pool import cores

    return cores()


def pytest_collection_modifyitems(items):
    """Begin with the tests that one process is to have, and with files of slow ones: then all end within seconds."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (item.get_closest_marker("minilm") is None, item.path not in slow))


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Begin to collect garbage, but not in what was imported: that took a tenth of the time."""
    collected = yield
    gc.freeze()
    gc.enable()
    return collected


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Skip tests that are marked with a part that is missing."""
    for mark in item.iter_markers("needs"):
        need(*mark.args)


def pytest_terminal_summary(terminalreporter):
    """Print how many tests were skipped, and why."""
    skipped = terminalreporter.stats.get("skipped", ())
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in skipped)
    if reasons:
        terminalreporter.section("skipped tests")
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"{count} skipped: {reason}")
    if any(reason.startswith("needs ") for reason in reasons):
        terminalreporter.write_line("make test-all fails where a part is missing, as CI does")


@pytest.fixture(scope="session")
def needs():
    """Return the function that skips or fails a test if a part of the system is missing, for fixtures."""
    return need


@pytest.fixture
def one_thread():
    """Let torch compute with one thread, since several wait for shared cores; restore the number afterwards."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def here(monkeypatch):
    """Run jobs in this process, one after the other: one that starts imports for a second."""

    def run(work, jobs, *_):
        return ((job, work(job)) for job in jobs)

    monkeypatch.setattr("spurgen.harness.machine.pool.run", run)


@pytest.fixture
def baselines_here(monkeypatch):
    """Run baselines in this process on tasks of pictograms too: a new process imports torch for seconds."""
    monkeypatch.setattr("spurgen.harness.running.run.runs_here", lambda job: is_baseline(job.spec))


@pytest.fixture
def forgotten(monkeypatch):
    """What is to be dropped from the page cache, and stays: dropping it slows whatever runs beside."""
    found = []
    monkeypatch.setattr("spurgen.harness.sandbox.rechecks.forget", found.extend)
    monkeypatch.setattr("spurgen.harness.sandbox.rechecks.forget_names", lambda: found.append("names"))
    return found


@pytest.fixture(scope="session")
def wait_until():
    """Return a function that waits until another one returns something true, at most a minute, and returns that."""

    def wait(ready):
        for _ in range(60 * 50):
            if value := ready():
                return value
            time.sleep(0.02)
        raise AssertionError("timed out")

    return wait


@pytest.fixture(scope="session")
def made_once(tmp_path_factory):
    """Return a function that makes a folder once for all processes of a test run: the others wait, and share it."""
    base = tmp_path_factory.getbasetemp()
    common = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def once(name, make):
        """Call `make` with an empty folder, unless another process did; return the folder, which nobody may change."""
        with open(common / f"{name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (common / name).exists():
                making = tmp_path_factory.mktemp(name)
                make(making)
                making.rename(common / name)
        return common / name

    return once


@pytest.fixture
def write_submission(tmp_path):
    """Return a function that writes a submission file and returns its path."""

    def write(code: str, name: str = "model") -> str:
        path = Path(tmp_path / f"{name}.py")
        path.write_text(code)
        return str(path)

    return write


@pytest.fixture(scope="session")
def broken_png():
    """A PNG whose image data are longer than their length says: Pillow raises a `SyntaxError`."""
    file = io.BytesIO()
    Image.effect_noise((32, 32), 64).save(file, "PNG")
    content = bytearray(file.getvalue())
    place = content.index(b"IDAT")
    content[place - 4 : place] = (100).to_bytes(4, "big")
    return bytes(content)


@pytest.fixture
def stderr(capsys):
    """Return a function that returns what was printed on stderr since its last call, on one line."""
    return lambda: " ".join(capsys.readouterr().err.split())


@pytest.fixture(scope="session")
def browser():
    """Debian's Chromium, without a window: one for all tests, since Playwright can be started once in a process.

    Its shell needs half the processor time of the whole browser.
    """
    from playwright.sync_api import sync_playwright

    need("Chromium")
    path = next(filter(None, map(shutil.which, BROWSERS)))
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


DOCUMENT = r"""\documentclass[twocolumn]{article}
\usepackage{booktabs}
\usepackage{graphicx}
\begin{document}
%s
\end{document}
"""


@pytest.fixture
def typeset(tmp_path):
    """Return a function that typesets LaTeX in a folder and returns where pdflatex says that something sticks out."""
    need("LaTeX")

    def run(*command):
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=120, cwd=tmp_path)
        assert done.returncode == 0, done.stdout[-2000:]
        return done.stdout

    def typeset(text):
        (tmp_path / "paper.tex").write_text(DOCUMENT % text)
        said = run("pdflatex", "-halt-on-error", "-interaction=nonstopmode", "paper.tex")
        if r"\bibliography{" in text:
            run("bibtex", "paper")
        return [line for line in said.splitlines() if line.startswith("Overfull")]

    return typeset
