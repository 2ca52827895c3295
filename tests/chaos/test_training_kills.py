"""Processes killed while a submission trains: the command, its worker, and the submission in its sandbox."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("bwrap"), reason="the processes of a sandbox are killed"),
]
SPURGEN = str(Path(sys.executable).with_name("spurgen"))
TRAINS = """
import time

import numpy as np


def fit(train, val, context):
    with open("/proc/self/comm", "w") as name:
        name.write("it-trains")
    time.sleep(1.5)


def predict(batch):
    lengths = np.array([len(caption) for caption in batch.captions])
    return np.stack([np.sin(lengths + k) for k in range(3)], axis=1)
"""
SCORE = (
    "score", "mine.py", "--suite", "tiny.toml", "--tasks", "small-text", "--seeds", "0-1", "--jobs", "1",
    "--device", "cpu", "--results", "results", "--data", "data", "--retrain-seconds", "0.001",
)  # fmt: skip


def spurgen(folder, *arguments):
    return subprocess.Popen(
        [SPURGEN, *arguments], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )


def board(folder):
    """Return the leaderboard of a folder as text, without wall times."""
    with spurgen(
        folder, "leaderboard", "--suite", "tiny.toml", "--results", "results", "--json", "board.json"
    ) as shown:
        assert shown.wait() == 0, shown.stderr.read()
    found = json.loads((folder / "board.json").read_text())
    for part in found["tasks"].values():
        for row in [*part["rows"], *part["few"]]:
            del row["seconds"]
    return json.dumps(found)


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
        time.sleep(0.02)
    raise AssertionError(command.stderr.read())


def remain(pids):
    """Return which of these processes have not ended."""
    return [pid for pid in pids if Path(f"/proc/{pid}/stat").exists() and "Z" not in state(pid)]


def state(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "Z"


@pytest.fixture(scope="module")
def undisturbed(frozen_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed") / "tiny"
    shutil.copytree(frozen_folder, folder)
    (folder / "mine.py").write_text(TRAINS)
    with spurgen(folder, *SCORE) as command:
        assert command.wait() == 0, command.stderr.read()
    return board(folder)


@pytest.mark.parametrize("who", ["the command", "its worker", "the submission"])
def test_a_process_that_is_killed_while_it_trains_leaves_none_and_the_next_run_completes(
    who, undisturbed, new_folder, wait_until
):
    folder = new_folder("killed")
    (folder / "mine.py").write_text(TRAINS)
    with spurgen(folder, *SCORE) as command:
        line = training(command)
        time.sleep(np.random.default_rng([*who.encode()]).uniform(0, 1))
        os.kill({"the command": line[-1], "its worker": line[-2], "the submission": line[0]}[who], signal.SIGKILL)
        code = command.wait()
        assert code == {"the command": -9, "its worker": 2, "the submission": 1}[who], command.stderr.read()
    wait_until(lambda: not remain(line))
    with spurgen(folder, *SCORE) as command:
        assert command.wait() == 0, command.stderr.read()
    assert board(folder) == undisturbed
