import os
import subprocess
import sys

import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.plugins import discover
from spurgen.harness.cli import COMMANDS, FOR_USERS, hyphenated, main

WIDE = os.environ | {"COLUMNS": "200"}
SLOW = ("torch", "sklearn", "scipy", "pandas", "statsmodels", "matplotlib", "numba", "numpy", "pydantic", "loky")


def test_flags_may_have_underscores_but_values_keep_theirs():
    assert hyphenated(["a_b", "--num_classes=3", "--out", "my_folder", "--out=my_folder"]) == [
        "a_b", "--num-classes=3", "--out", "my_folder", "--out=my_folder",
    ]  # fmt: skip


def test_a_failing_model_is_explained_and_the_exit_code_says_so(score, write_submission, capsys):
    assert score(write_submission("def predict(batch): return 1 / 0")) == 1
    streams = capsys.readouterr()
    assert "Not ranked: model: failed with seed 0" in streams.out
    assert "ZeroDivisionError" in streams.err


@pytest.fixture
def failing(monkeypatch, capsys):
    """Run a command that raises an error; return its exit code and what it prints."""

    def run(error, *words):
        def fail(_):
            raise error

        monkeypatch.setattr("spurgen.harness.commands.leaderboard.load_suite", fail)
        code = main([*words])
        return code, capsys.readouterr().err

    return run


BUG = "(a bug in SpurGen: please report it; spurgen --debug COMMAND ... shows the traceback)\n"


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (SpurgenError("there is no suite v9"), 2, "error: there is no suite v9\n"),
        (PermissionError(13, "no", "mine/x.toml"), 2, "error: [Errno 13] no: 'mine/x.toml'\n"),
        (FileNotFoundError(2, "none", "mine"), 2, "error: [Errno 2] none: 'mine'\n"),
        (FileNotFoundError(2, "no", "mine/x"), 70, f"internal error: FileNotFoundError: [Errno 2] no: 'mine/x' {BUG}"),
        (OSError(28, "no space left on device"), 2, "error: [Errno 28] no space left on device\n"),
        (PermissionError(13, "no", "/etc/x"), 70, f"internal error: PermissionError: [Errno 13] no: '/etc/x' {BUG}"),
        (OSError("too many files"), 70, f"internal error: OSError: too many files {BUG}"),
        (KeyError("wga"), 70, f"internal error: KeyError: 'wga' {BUG}"),
        (AssertionError(), 70, f"internal error: AssertionError {BUG}"),
    ],
)
def test_an_error_is_one_line_and_only_a_bug_is_called_one(failing, error, code, message):
    assert failing(error, "leaderboard", "--suite", "mine") == (code, message)
    assert failing(error, "leaderboard", "--suite=mine") == (code, message)


@pytest.mark.parametrize("words", [["--debug", "leaderboard"], ["leaderboard", "--debug"]])
@pytest.mark.parametrize(("error", "code"), [(KeyError("wga"), 70), (SpurgenError("no suite"), 2)])
def test_debug_shows_the_traceback_of_an_error(failing, words, error, code):
    returned, message = failing(error, *words)
    assert returned == code
    assert message.startswith("Traceback (most recent call last):\n")
    assert ", in fail\n" in message
    assert message.splitlines()[-1].startswith(("internal error: ", "error: "))


def test_a_reader_that_closes_the_pipe_ends_the_command_quietly():
    code = """
import argparse, sys
from spurgen.harness import cli
parser = argparse.ArgumentParser()
parser.set_defaults(run=lambda *_: sys.stdin.read() or print("x") or 0)
cli.make_parser = lambda _: parser
sys.exit(cli.main([]))
"""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe, stderr=pipe) as process:
        process.stdout.close()
        process.stdin.close()
        assert process.stderr.read() == b""
        assert process.wait() == 141


def test_help_lists_every_command_and_imports_none():
    code = "import sys\nfrom spurgen.harness.cli import main\ntry: main(['--help'])\nfinally: print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=WIDE)
    *lines, imported = run.stdout.splitlines()
    assert not [name for name in imported.split() if name.startswith(f"{COMMANDS}.") or name in SLOW]
    listed = " ".join(" ".join(lines).split())
    for name, module in discover(COMMANDS).items():
        assert f" {name} {module.__doc__.splitlines()[0]}" in listed
        assert callable(module.add_arguments)
        assert callable(module.run)
    words = [line.split()[0] for line in lines if line.startswith("  ") and line[2:].split()[0] in discover(COMMANDS)]
    assert words[: len(FOR_USERS)] == [*FOR_USERS]
    assert sorted(words) == [*discover(COMMANDS)]
    assert (
        listed.index(f" {FOR_USERS[-1]} ") < listed.index("for the maintainers of a suite") < listed.index(" splits ")
    )
