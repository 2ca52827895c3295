"""Processes killed while a submission trains: the command, its worker, and the submission in its sandbox."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from ended import ended

pytestmark = [pytest.mark.slow, pytest.mark.needs("bubblewrap")]
SPURGEN = str(Path(sys.executable).with_name("spurgen"))
TRAINS = """
import time

import numpy as np


def fit(train, val, context):
    with open("/proc/self/comm", "w") as name:
        name.write("it-trains")
    time.sleep(1.0)


def predict(batch):
    lengths = np.array([len(caption) for caption in batch.captions])
    return np.stack([np.sin(lengths + k) for k in range(3)], axis=1)
"""
SCORE = (
    "score", "mine.py", "--suite", "tiny.toml", "--tasks", "small-text", "--seeds", "0", "--jobs", "1",
    "--device", "cpu", "--results", "results", "--retrain-seconds", "0.001",
)  # fmt: skip


def spurgen(folder, *arguments):
    return subprocess.Popen(
        [SPURGEN, *arguments], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )


def ancestors(pid, last):
    """List a process, its parent, and so on up to `last`."""
    line = [pid]
    while line[-1] != last:
        stat = Path(f"/proc/{line[-1]}/stat").read_text().rpartition(")")[2]
        line.append(int(stat.split()[1]))
        assert line[-1] > 1, line
    return line


def training(command):
    """Wait until a submission of this command trains; return the processes from it up to the command."""
    while command.poll() is None:
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and (entry / "comm").read_text() == "it-trains\n":
                    return ancestors(int(entry.name), command.pid)
            except (FileNotFoundError, ProcessLookupError, AssertionError):
                continue
        time.sleep(0.1)
    raise AssertionError(command.stderr.read())


KILLED = {"the command": (-1, -9), "its worker": (-2, 2), "the submission": (0, 1)}  # its place, and the exit code


def kill(folder, who):
    """Start to score and kill a process at a random point of the training; return the processes that are to end."""
    place, expected = KILLED[who]
    with spurgen(folder, *SCORE) as command:
        line = training(command)
        time.sleep(np.random.default_rng([*who.encode()]).uniform(0, 0.7))
        os.kill(line[place], signal.SIGKILL)
        assert command.wait() == expected, command.stderr.read()
    return line


def test_a_process_that_is_killed_while_it_trains_leaves_none_and_the_next_run_completes(
    at_once, board, new_folder, wait_until
):
    folders = [new_folder() for _ in (None, *KILLED)]
    for folder in folders:
        (folder / "mine.py").write_text(TRAINS)
    with ThreadPoolExecutor() as threads:
        for line in threads.map(kill, folders[1:], KILLED):
            wait_until(lambda line=line: all(map(ended, line)))
    again = (*SCORE, "--cluster", "serial")
    runs = at_once(*({"argv": again, "folder": str(folder)} for folder in folders))
    assert [code for code, *_ in runs] == [0] * 4, runs
    boards = {board(folder) for folder in folders}
    assert len(boards) == 1
