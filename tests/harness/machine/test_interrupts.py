"""Real signals to a real command whose jobs never end."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from unittest.mock import Mock

import pytest
from ended import ended

from spurgen.harness.cli import main

# Each process of the pool opens a temporary folder and waits in it; the command waits for them.
COMMAND = """
import argparse, signal, sys, tempfile, time
from spurgen.harness import cli
from spurgen.harness.machine import pool

def wait(_):
    with tempfile.TemporaryDirectory(prefix="scratch-"):
        time.sleep(600)

signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored, and inherited so, in a shell's background
parser = argparse.ArgumentParser()
parser.set_defaults(run=lambda *_: len(list(pool.run(wait, [1, 2], 2))))
cli.make_parser = lambda _: parser
sys.exit(cli.main([]))
"""


def children(pid):
    """List the processes that a process has started: those of its pool and their two resource trackers."""
    return [int(child) for file in Path(f"/proc/{pid}/task").glob("*/children") for child in file.read_text().split()]


@pytest.fixture
def command(tmp_path, temporary):
    """The running command, in a process group of its own, as a shell starts it."""
    (tmp_path / "command.py").write_text(COMMAND)
    with subprocess.Popen(
        [sys.executable, "command.py"], cwd=tmp_path, env=os.environ | {"TMPDIR": str(temporary)},
        stderr=subprocess.PIPE, text=True, start_new_session=True,
    ) as process:  # fmt: skip
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
def test_a_stopped_command_leaves_no_process_and_no_folder(command, temporary, wait_until, send, number, early, code):
    started = wait_until(lambda: len(pids := children(command.pid)) == 4 and pids)
    if not early:
        wait_until(lambda: len(list(temporary.glob("*/scratch-*"))) == 2)
    send(command.pid, number)
    _, message = command.communicate(timeout=60)
    assert command.returncode == code
    if number != signal.SIGKILL:
        assert message == "stopped; finished jobs are kept; run the same command again to continue\n"
    wait_until(lambda: all(map(ended, started)))
    assert list(temporary.iterdir()) == []


def test_a_stop_before_any_job_promises_nothing(monkeypatch, capsys):
    monkeypatch.setattr("spurgen.harness.commands.leaderboard.load_suite", Mock(side_effect=KeyboardInterrupt))
    before = signal.getsignal(signal.SIGTERM)
    assert main(["leaderboard"]) == 130
    assert capsys.readouterr().err == "stopped\n"
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_stopped_verification_starts_over(suite_file, monkeypatch, capsys):
    monkeypatch.setattr("spurgen.harness.splits.freeze._hash_shard", Mock(side_effect=KeyboardInterrupt))
    assert main(["splits", "verify", "--suite", suite_file, "--jobs", "1"]) == 130
    assert "stopped; nothing of this is kept, and the same command starts over" in capsys.readouterr().err
