"""What a sandboxed submission can see and do. Attacks are in tests/attacks."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path
from unittest.mock import Mock

import joblib
import numpy as np
import psutil
import pyseccomp
import pytest

from spurgen.benchmark.contract import Batch
from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.results.identity import HOME
from spurgen.harness.sandbox import bubblewrap
from spurgen.harness.sandbox.launch import isolation_of
from spurgen.harness.sandbox.limits import Limits
from spurgen.harness.sandbox.process import Worker

pytestmark = pytest.mark.needs("bubblewrap")
SANDBOXED = Limits(isolation="bubblewrap")
FCNTL, PRCTL = (pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name) for name in ("fcntl", "prctl"))
TRYING = """
import ctypes, os, socket, subprocess, sys, threading
def outcome_of(expression):
    try:
        return repr(eval(expression))
    except BaseException as error:
        return f"{{type(error).__name__}}: {{error}}"
def predict(batch):
    outcomes = repr([outcome_of(expression)[:1000] for expression in {!r}]).encode()
    return [[float(byte) for byte in outcomes.ljust(4096)]] * 4
"""


@pytest.fixture
def attempt(ask_worker, write_submission):
    """Return a function that lets a submission evaluate expressions and returns the outcomes."""

    def evaluate(*expressions, limits=SANDBOXED, before=""):
        spec = write_submission(before + TRYING.format(expressions))
        return ast.literal_eval(bytes(ask_worker(spec, limits, width=4096)[0].astype(np.uint8)).decode())

    return evaluate


HARMFUL = {
    "os.fork()": "PermissionError",
    "os.posix_spawn(sys.executable, [sys.executable], {})": "PermissionError",
    "subprocess.run([sys.executable, '-c', ''])": "PermissionError",
    "socket.socket()": "PermissionError",
    "open('/x', 'w')": "OSError: [Errno 30]",
    "open('/dev/x', 'w')": "OSError: [Errno 30]",
    "open(__file__, 'a')": "OSError: [Errno 30]",
    "os.kill(1, 9)": "None",  # bubblewrap's own process, which only the outside can kill
    "sorted(n for n in os.listdir('/proc') if n.isdigit())": "['1', '2']",
    "[line.split()[1] for line in open('/proc/2/status') if line.startswith(('Seccomp:', 'CapEff'))]": (
        "['0000000000000000', '2']"
    ),
    "os.listdir('/proc/1')": "[]",
    "open('/proc/1/x', 'w')": "OSError: [Errno 30]",
    "open('/proc/vmstat').read()": "PermissionError",
    "open('/proc/kallsyms').read()": "PermissionError",
    "os.path.isdir('/proc/pressure') and os.listdir('/proc/pressure') or []": "[]",
    "[n for n in ('irq', 'fs', 'sys/fs') if os.path.isdir('/proc/' + n) and os.listdir('/proc/' + n)]": "[]",
    "open('/proc/stat', 'r+')": "OSError: [Errno 30]",
    "open('/proc/sys/kernel/core_pattern', 'r+')": "OSError: [Errno 30]",
    "[open(os.devnull) for k in range(2000)]": "OSError: [Errno 24] Too many open files",
    "__import__('resource').setrlimit(7, (1 << 20, 1 << 20))": "Error: not allowed to raise maximum limit",
    "os.environ.get('SECRET')": "None",
    "open('/etc/passwd')": "FileNotFoundError",
    "__import__('spurgen.generators')": "ModuleNotFoundError",
    "__import__('spurgen.harness.running.scoring')": "ModuleNotFoundError",
    "ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)": "0",  # no new privileges: it has none to lose
}


def test_harmful_calls_fail(attempt, monkeypatch):
    monkeypatch.setenv("SECRET", "token")
    outcomes = dict(zip(HARMFUL, attempt(*HARMFUL), strict=True))
    assert {call: outcome for call, outcome in outcomes.items() if HARMFUL[call] not in outcome} == {}


def test_home_folders_show_only_the_path_to_the_code(attempt):
    needed = [Path(place) for place in (HOME, sys.prefix, sys.base_prefix, *sys.path)]
    listing = "[os.path.join(h, n) for h in ('/root', '/home') if os.path.isdir(h) for n in os.listdir(h)]"
    seen = ast.literal_eval(attempt(listing)[0])
    assert all(any(place.is_relative_to(name) for place in needed) for name in seen), seen


def test_folders_that_hold_answers_are_empty_or_missing_and_the_baselines_visible(attempt):
    folders = [HOME / name for name in ("generators", "benchmark/suites", "tests")]
    assert all(any(folder.iterdir()) for folder in folders)
    listing = [f"os.listdir({str(folder)!r})" for folder in folders]
    *answers, baselines = attempt(*listing, f"'erm.py' in os.listdir({str(HOME / 'baselines')!r})")
    assert all(outcome.startswith(("[]", "FileNotFoundError")) for outcome in answers)
    assert baselines == "True"


def test_only_the_submissions_own_files_are_visible_in_its_folder(attempt, tmp_path):
    for name in ("helper.py", "weights.bin", "secret.txt"):
        (tmp_path / name).write_text("x = 1")
    before = "import helper\nFILES = ['weights.bin']\n"
    listing = f"sorted(n for n in os.listdir({str(tmp_path)!r}) if n != '__pycache__')"
    read, listed = attempt(f"open('{tmp_path}/weights.bin').read()", listing, before=before)
    assert read == "'x = 1'"
    assert listed == "['helper.py', 'model.py', 'weights.bin']"


def test_a_symbolic_link_in_files_is_followed(attempt, tmp_path):
    (tmp_path / "weights.bin").write_text("x = 1")
    (tmp_path / "link.bin").symlink_to("weights.bin")
    assert attempt(f"open('{tmp_path}/link.bin').read()", before="FILES = ['link.bin']\n") == ["'x = 1'"]


def test_a_hidden_current_folder_stays_hidden(attempt, monkeypatch):
    hidden = HOME / "benchmark" / "suites"
    monkeypatch.setattr(bubblewrap, "_hidden", lambda: [str(hidden)])
    monkeypatch.chdir(hidden / "v4")
    assert attempt("os.getcwd()") == ["'/tmp'"]


def test_threads_temporary_files_and_torch_work(attempt):
    works = {
        "[t.start() or t.join() for t in [threading.Thread(target=print)]]": "[None]",
        "tempfile.NamedTemporaryFile().write(b'abc')": "3",
        "asyncio.run(asyncio.sleep(0, 'slept'))": "'slept'",
        "float(__import__('torch').ones(3).sum())": "3.0",
        "__import__('spurgen.baselines.erm').baselines.erm.submission.ACCESS": "'none'",
        "os.path.expanduser('~')": "'/tmp'",
    }
    assert attempt(*works, before="import threading, tempfile, asyncio\n") == [*works.values()]


def test_what_libraries_ask_about_the_machine_is_answered(attempt):
    own = [True, joblib.cpu_count(), psutil.cpu_count(), psutil.virtual_memory().total]
    before = "import joblib, psutil, time, torch\n"
    asked = "[torch.get_num_threads() > 0, joblib.cpu_count(), psutil.cpu_count(), psutil.virtual_memory().total]"
    more = ("[psutil.cpu_percent(), psutil.boot_time()]", "psutil.Process().cpu_times().user > 0 < time.monotonic()")
    assert attempt(asked, *more, before=before) == [str(own), "[0.0, 0.0]", "True"]


def test_the_scratch_folder_is_writable(trained):
    code = """
def fit(train, val, context): (context.scratch / "kept").write_text("7")
def predict(batch): return [[float(open("/tmp/scratch/kept").read())] * 3] * 4
"""
    with trained(code, isolation="bubblewrap") as worker:
        worker.send("predict", Batch(None, ["a"] * 4))
        assert worker.answer(4, 3, "test").tolist() == [[7.0] * 3] * 4


@pytest.mark.parametrize("spec", ["model.py", "./model.py", "model", "inner.model"])
def test_a_spec_is_relative_to_the_current_folder(spec, tmp_path, ask_worker, monkeypatch):
    (tmp_path / "inner").mkdir()
    for folder in (tmp_path, tmp_path / "inner"):
        (folder / "model.py").write_text("def predict(batch): return [[1.0, 2.0, 3.0]] * 4")
    monkeypatch.chdir(tmp_path)
    assert ask_worker(spec, SANDBOXED).shape == (4, 3)


def test_what_appears_in_proc_later_is_hidden_as_well(monkeypatch, tmp_path):
    (tmp_path / "new").write_text("")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("new")
    monkeypatch.setattr(bubblewrap, "PROC", tmp_path)
    command = bubblewrap.sandbox_command((), SANDBOXED, "cpu", {})
    assert [command[command.index(str(tmp_path / name)) - 1] for name in ("new", "folder")] == ["/dev/null", "--tmpfs"]
    assert str(tmp_path / "link") not in command


def test_an_installed_wheel_hides_the_same_folders(tmp_path, monkeypatch):
    place = tmp_path / "site-packages" / "spurgen"
    for name in ("generators", "benchmark/results", "harness/running", "harness/worker"):
        (place / name).mkdir(parents=True)
    monkeypatch.setattr(bubblewrap, "HOME", place)
    for cached in ("shown_paths", "_hidden"):
        monkeypatch.setattr(bubblewrap, cached, getattr(bubblewrap, cached).__wrapped__)
    monkeypatch.syspath_prepend(str(place.parent))
    command = bubblewrap.sandbox_command((), SANDBOXED, "cpu", {})
    hidden = [command[k + 1] for k, flag in enumerate(command) if flag == "--tmpfs"]
    assert [str(place / name) for name in ("generators", "benchmark/results", "harness/running")] == hidden[-3:]
    assert str(place / "harness/worker") not in hidden


@pytest.fixture
def forget_trial():
    """Forget before and after whether bubblewrap works here."""
    bubblewrap.why_unavailable.cache_clear()
    yield
    bubblewrap.why_unavailable.cache_clear()


@pytest.mark.usefixtures("forget_trial")
def test_a_plain_process_is_used_where_bubblewrap_is_missing_unless_it_is_asked_for(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert "on Debian: apt-get install bubblewrap libseccomp2" in bubblewrap.why_unavailable()
    assert isolation_of(Limits()) == "process"
    with pytest.raises(SpurgenError, match="isolation by bubblewrap was asked for, but bubblewrap is not"):
        isolation_of(SANDBOXED)


@pytest.mark.usefixtures("forget_trial")
def test_a_failing_bubblewrap_is_not_used(monkeypatch):
    failed = subprocess.CompletedProcess([], 1, "", "bwrap: No permissions to create new namespace\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)
    assert (
        bubblewrap.why_unavailable() == "bubblewrap does not work here: bwrap: No permissions to create new namespace"
    )


@pytest.mark.usefixtures("forget_trial")
def test_a_missing_libseccomp_is_an_error_that_says_what_to_install(monkeypatch):
    monkeypatch.setattr(bubblewrap, "system_calls", Mock(side_effect=OSError("there is no libseccomp")))
    assert "there is no libseccomp; on Debian: apt-get install libseccomp2" in bubblewrap.why_unavailable()


def test_every_refused_call_fails(attempt):
    numbers = {name: pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name) for name in bubblewrap.REFUSED}
    calls = {name: (number,) for name, number in numbers.items() if number >= 0}
    calls |= {name: (FCNTL, "place", command) for name, command in bubblewrap.FILE_COMMANDS.items()}
    calls |= {f"prctl {high}": (PRCTL, bubblewrap.SET_SECCOMP | high, 2) for high in (0, 1 << 32)}
    assert len(calls) > 40
    before = f"""
import ctypes, os
kernel, place = ctypes.CDLL(None, use_errno=True), os.open(os.devnull, os.O_RDONLY)
def tried(number, first=-1, second=0):
    first = place if first == "place" else first
    failed = kernel.syscall(number, ctypes.c_long(first), second, 0, 0, 0) < 0
    return os.strerror(ctypes.get_errno()) if failed else "worked"
CALLS = {calls!r}
"""
    listed = attempt("[n for n, call in CALLS.items() if tried(*call) != 'Operation not permitted']", before=before)
    assert listed == ["[]"]


def test_the_limits_hold_for_every_process_of_the_sandbox(write_submission):
    body = "import resource\ndef predict(batch):\n    return [[float(resource.getrlimit(resource.RLIMIT_NOFILE)[1])]]"
    with Worker(write_submission(body), {}, "a-task", Limits(isolation="bubblewrap", memory_bytes=5 << 30)) as worker:
        limits = [Path(f"/proc/{pid}/limits").read_text() for pid in worker.process.pids()]
        environments = [Path(f"/proc/{pid}/environ").read_bytes() for pid in worker.process.pids()[:2]]
    assert len(limits) == 3  # bubblewrap outside, its process 1 inside, the submission's
    assert all(re.search(rf"Max address space +{5 << 30} +{5 << 30} ", text) for text in limits)
    assert environments == [b"", b""]
