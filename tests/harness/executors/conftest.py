"""A submission whose jobs wait until the test lets them go, and the leaderboard of a run."""

import time
from contextlib import ExitStack
from socket import socket
from threading import Thread

import pytest
from untimed import without_times

from spurgen.harness.cli import main

SUBMISSION = """
import os, time
from pathlib import Path

import numpy as np

FOLDER = Path({folder!r})


def predict(batch):
    FOLDER.joinpath(f"started-{{os.getpid()}}").touch()
    while not FOLDER.joinpath("go").exists():
        time.sleep(0.02)
    lengths = np.array([len(caption) for caption in batch.captions])
    return np.stack([np.sin(lengths + k) for k in range(3)], axis=1)
"""


@pytest.fixture
def gate(tmp_path):
    """The folder in which jobs leave a file when they start, and wait for the file `go`."""
    folder = tmp_path / "gate"
    folder.mkdir()
    return folder


@pytest.fixture
def kill_when_both_run(gate):
    """Return a function that starts a thread: it waits for two jobs to start, kills, and lets all go on."""

    def start(kill):
        def wait():
            for _ in range(240 * 50):  # a busy machine takes a minute to start two processes that import torch
                if len(started := sorted(gate.glob("started-*"))) >= 2:
                    kill(started)
                    break
                time.sleep(0.02)
            (gate / "go").touch()

        thread = Thread(target=wait)
        thread.start()
        return thread

    return start


@pytest.fixture
def submission(write_submission, gate):
    return write_submission(SUBMISSION.format(folder=str(gate)), "waiting")


@pytest.fixture
def board_of(suite_file, submission, tmp_path):
    """Return a function that scores the submission, two seeds, and returns the leaderboard without wall times."""

    def run(name, *flags):
        words = [submission, "--suite", suite_file, "--tasks", "small-text", "--seeds", "0-1", "--device", "cpu"]
        folders = ["--results", str(tmp_path / name), "--isolation", "process"]
        file = tmp_path / f"{name}.json"
        assert main(["score", *words, *folders, "--json", str(file), *flags]) == 0
        return without_times(file.read_text())

    return run


@pytest.fixture(scope="session")
def free_ports():
    """Return a function that finds ports that no process listens on."""

    def find(count):
        with ExitStack() as stack:
            sockets = [stack.enter_context(socket()) for _ in range(count)]
            for each in sockets:
                each.bind(("127.0.0.1", 0))
            return [each.getsockname()[1] for each in sockets]

    return find
