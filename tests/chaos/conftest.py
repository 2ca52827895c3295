"""Commands that are killed: a process whose forks run them, and the tiny suite in folders of their own."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from untimed import without_times

from spurgen.harness.sandbox.bubblewrap import why_unavailable

SUBMISSION = """
import numpy as np


def fit(train, val, context):
    lengths = np.array([len(caption) for caption in train.captions])
    means = [lengths[train.labels == k].mean() for k in range(3)]
    np.save(context.scratch / "means.npy", means)
    return {}


def predict(batch):
    lengths = np.array([len(caption) for caption in batch.captions])
    return np.stack([np.sin(lengths + k) for k in range(3)], axis=1)
"""


DISK = 2**22  # bytes of the disk that can be full


@pytest.fixture(scope="session")
def forks(frozen_folder, tmp_path_factory):
    """The process whose forks run commands; where bubblewrap works, it sees a small disk."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    disk = str(tmp_path_factory.mktemp("disk"))
    mount = [] if why_unavailable() else ["bwrap", "--dev-bind", "/", "/", "--size", str(DISK), "--tmpfs", disk]
    with subprocess.Popen(
        [*mount, sys.executable, str(Path(__file__).with_name("forks.py")), str(frozen_folder / "tiny.toml"), disk],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
    ) as process:  # fmt: skip
        yield process
        process.stdin.close()


@pytest.fixture(scope="session")
def at_once(forks, tmp_path_factory):
    """Return a function that runs commands at the same time, and returns exit code, steps and log of each."""

    def run(*orders):
        usual = {"kill_at": 0, "steps": "calls", "jumping": False, "largest": 0, "free": None}
        place = tmp_path_factory.mktemp("logs")
        logs = [place / f"{k}.txt" for k in range(len(orders))]
        full = [usual | order | {"log": str(log)} for order, log in zip(orders, logs, strict=True)]
        forks.stdin.write(json.dumps(full) + "\n")
        forks.stdin.flush()
        ended = json.loads(forks.stdout.readline())
        return [(code, count, log.read_text()) for (code, count), log in zip(ended, logs, strict=True)]

    return run


@pytest.fixture(scope="session")
def command(at_once):
    """Return a function that runs a command in a folder, and returns its exit code and the steps that it made."""

    def run(folder, *argv, codes=(0,), **how):
        [(code, count, log)] = at_once({"argv": argv, "folder": str(folder), **how})
        assert code in codes, f"{argv}: exit code {code}\n{log}"
        return code, count

    return run


@pytest.fixture(scope="session")
def board(command):
    """Return a function that returns the leaderboard of a folder as text, without wall times."""

    def text(folder):
        command(folder, "leaderboard", "--suite", "tiny.toml", "--results", "results", "--json", "board.json")
        return json.dumps(without_times((folder / "board.json").read_text()))

    return text


@pytest.fixture(scope="session")
def new_folder(frozen_folder, tmp_path_factory):
    """Return a function that makes a folder with the tiny suite and the submission `mine.py`."""

    def make():
        folder = tmp_path_factory.mktemp("chaos") / "folder"
        shutil.copytree(frozen_folder, folder)
        (folder / "mine.py").write_text(SUBMISSION)
        return folder

    return make
