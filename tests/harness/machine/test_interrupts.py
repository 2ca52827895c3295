"""Real signals to a real command, whose processes wait for ever."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from spurgen.harness.cli import main

# Each process of the pool opens a folder and waits in it; the command waits for them.
COMMAND = """
import argparse
import signal
import sys
from functools import partial
from types import SimpleNamespace

from spurgen.harness import cli
from spurgen.harness.machine import pool

JOB = '''
import tempfile, time
with tempfile.TemporaryDirectory(dir=".", prefix="scratch-"):
    time.sleep(600)
'''

def wait(*_):
    jobs = [SimpleNamespace(run=partial(exec, JOB))] * 2
    return len(list(pool.run(jobs, 2)))

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored, and inherited so, in a shell's background
    parser = argparse.ArgumentParser()
    parser.set_defaults(run=wait)
    cli.make_parser = lambda _: parser
    sys.exit(cli.main([]))
"""
SECONDS = 60  # after which something is wrong for good


def until(ready):
    for _ in range(SECONDS * 20):
        if found := ready():
            return found
        time.sleep(0.05)
    raise AssertionError("nothing happened")


def children(pid):
    """Lists the processes that a process has started, those of its pool and their resource tracker."""
    return [int(child) for file in Path(f"/proc/{pid}/task").glob("*/children") for child in file.read_text().split()]


def alive(pid):
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


@pytest.fixture
def command(tmp_path):
    """Runs the command in a process group of its own, as a shell does."""
    (tmp_path / "command.py").write_text(COMMAND)
    with subprocess.Popen(
        [sys.executable, "command.py"], cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        yield process
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize(
    ("send", "number", "early", "code"),
    [
        (os.killpg, signal.SIGINT, True, 130),
        (os.killpg, signal.SIGINT, False, 130),
        (os.kill, signal.SIGTERM, True, 143),
        (os.kill, signal.SIGTERM, False, 143),
        (os.kill, signal.SIGKILL, False, -9),
    ],
    ids=["Ctrl-C early", "Ctrl-C", "SIGTERM early", "SIGTERM", "SIGKILL"],
)
def test_a_command_that_is_stopped_leaves_no_process_and_no_folder(command, tmp_path, send, number, early, code):
    started = until(lambda: len(found := children(command.pid)) == 3 and found)
    if not early:
        until(lambda: len(list(tmp_path.glob("scratch-*"))) == 2)
    send(command.pid, number)
    _, told = command.communicate(timeout=SECONDS)
    assert command.returncode == code
    if number != signal.SIGKILL:
        assert told == "stopped; what was finished is kept, and the same command goes on from there\n"
    until(lambda: not any(map(alive, started)))
    assert list(tmp_path.glob("scratch-*")) == []


def test_a_stop_says_no_more_than_is_true(monkeypatch, capsys):
    def stop(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("spurgen.harness.commands.leaderboard.load_suite", stop)
    before = signal.getsignal(signal.SIGTERM)
    assert main(["leaderboard"]) == 130
    assert capsys.readouterr().err == "stopped\n"
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_verification_that_is_stopped_starts_over(suite_file, tmp_path, monkeypatch, capsys):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("spurgen.harness.splits.freeze.make_part", stop)
    assert main(["splits", "verify", "--suite", suite_file, "--out", str(tmp_path), "--jobs", "1"]) == 130
    assert "stopped; nothing of this is kept, and the same command starts over" in capsys.readouterr().err
