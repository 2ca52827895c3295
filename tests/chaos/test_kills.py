"""Commands killed at random points, again and again: the next run completes, and nothing tells that they were killed.

`SPURGEN_KILLS` is how many kills there are in all; `make chaos` asks for more.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from ended import ended

KILLS = int(os.environ.get("SPURGEN_KILLS", "20"))
SHARES = {"freezing": 5, "generating": 6, "scoring": 5, "merging": 10}  # what takes long gets fewer
LONGEST = 6  # kills in a row in one folder
SCORE = (
    "score", "mine.py", "--suite", "tiny.toml", "--tasks", "small-text", "--device", "cpu",
    "--retrain-seconds", "0.001", "--results", "results", "--jobs", "1",
)  # fmt: skip
PLAIN = (*SCORE, "--cluster", "serial", "--isolation", "process")


def files(folder):
    """Return the names and contents of files below a folder, without the hidden ones that a killed write leaves."""
    found = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".tmp"
    }
    assert found
    return found


COMMANDS = {
    "freezing": ("splits", "freeze", "--suite", "tiny.toml", "--jobs", "1"),
    "generating": (
        "generate", "small-image", "--suite", "tiny.toml", "--splits", "train", "val", "--shard-size", "30",
        "--out", "data/set",
    ),
    "scoring": (*PLAIN, "--seeds", "0-1"),
    "merging": ("leaderboard", "--suite", "tiny.toml", "--merge", "shares/0", "shares/1", "--results", "results"),
}  # fmt: skip


@pytest.fixture(scope="session")
def shares(command, new_folder, tmp_path_factory):
    """A folder with the results of two runs, one of each seed."""
    folder, shares = new_folder(), tmp_path_factory.mktemp("shares")
    for seed in "01":
        command(folder, *PLAIN, "--seeds", seed)
        (folder / "results").rename(shares / seed)
    return shares


@pytest.fixture(scope="session")
def begin(request, board, new_folder):
    """Return a function that makes a folder for a phase; it returns the folder and what tells the phase's outcome."""

    def make(phase):
        folder = new_folder()
        if phase == "generating":
            return folder, lambda: files(folder / "data")
        if phase == "freezing":
            (folder / "tiny.manifest.json").unlink()
            return folder, lambda: files(folder)
        if phase == "merging":
            shutil.copytree(request.getfixturevalue("shares"), folder / "shares")
        return folder, lambda: board(folder)

    return make


@pytest.fixture(scope="session")
def counted(begin, command):
    """Return a function that runs a phase once, undisturbed, and returns how many steps it makes and its outcome."""

    @cache
    def run(phase, steps):
        folder, outcome = begin(phase)
        _, count = command(folder, *COMMANDS[phase], steps=steps)
        return count, outcome()

    return run


@pytest.fixture(scope="session")
def undisturbed(counted):
    """Return a function that returns the outcome of a phase that nothing disturbed."""
    return lambda phase: counted(phase, "files")[1]


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("phase", COMMANDS)
@pytest.mark.parametrize("steps", ["calls", "files"])
def test_a_command_that_was_killed_is_completed_by_the_next_run(phase, steps, command, begin, counted):
    rng = np.random.default_rng([*phase.encode(), *steps.encode()])
    argv, kills = COMMANDS[phase], 0
    wanted = KILLS * SHARES[phase] / sum(SHARES.values()) / 2
    most, undisturbed = counted(phase, steps)
    while kills < wanted:
        folder, outcome = begin(phase)
        for _ in range(LONGEST):
            code, _ = command(folder, *argv, codes=(0, -9), kill_at=int(rng.integers(1, most + 1)), steps=steps)
            kills += code == -9
            if code == 0 or kills >= wanted:
                break
        if code:
            command(folder, *argv)
        assert outcome() == undisturbed
        shutil.rmtree(folder)


@pytest.mark.slow
@pytest.mark.parametrize("phase", COMMANDS)
def test_two_runs_on_one_folder_make_what_one_makes(phase, at_once, begin, undisturbed):
    both, outcome = begin(phase)
    order = {"argv": COMMANDS[phase], "folder": str(both)}
    ended = at_once(order, order)
    refused = [log for code, _, log in ended if code]
    assert not refused or (phase == "generating" and len(refused) == 1 and "another process is writing" in refused[0])
    assert outcome() == undisturbed(phase)


@pytest.mark.slow
def test_a_clock_that_jumps_changes_no_result(command, begin, undisturbed):
    folder, outcome = begin("scoring")
    _, reads = command(folder, *COMMANDS["scoring"], jumping=True)
    assert reads
    assert outcome() == undisturbed("scoring")


@pytest.mark.slow
def test_a_file_that_the_system_refuses_to_write_is_named_and_the_next_run_completes(
    command, at_once, begin, undisturbed
):
    folder, _ = begin("merging")
    command(folder, *COMMANDS["merging"])
    sizes = [path.stat().st_size for path in (folder / "results").rglob("mine.*")]
    rng, refused = np.random.default_rng(0), 0
    for _ in range(6):
        full, outcome = begin("merging")
        largest = int(rng.integers(1, max(sizes)))
        [(code, _, log)] = at_once({"argv": COMMANDS["merging"], "folder": str(full), "largest": largest})
        assert (code, "cannot write results/tiny/" in log) in ((2, True), (0, False)), log
        refused += code == 2
        command(full, *COMMANDS["merging"])
        assert outcome() == undisturbed("merging")
    assert refused


@pytest.mark.needs("bubblewrap")
@pytest.mark.slow
@pytest.mark.parametrize(
    ("phase", "free"), [("freezing", 0), ("generating", 12288), ("scoring", 4096), ("merging", 4096)]
)
def test_a_full_disk_is_named_and_the_next_run_completes(phase, free, command, at_once, begin, undisturbed):
    folder, outcome = begin(phase)
    [(code, _, log)] = at_once({"argv": COMMANDS[phase], "folder": str(folder), "steps": "files", "free": free})
    assert code == 2, log
    assert re.search(r"(cannot write \S+|writing \S+ failed): No space left on device", log), log
    command(folder, *COMMANDS[phase])
    assert outcome() == undisturbed(phase)


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
ONE_SEED = (*SCORE, "--seeds", "0")


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
    with spurgen(folder, *ONE_SEED) as command:
        line = training(command)
        time.sleep(np.random.default_rng([*who.encode()]).uniform(0, 0.7))
        os.kill(line[place], signal.SIGKILL)
        assert command.wait() == expected, command.stderr.read()
    return line


@pytest.mark.needs("bubblewrap")
@pytest.mark.slow
def test_a_process_that_is_killed_while_it_trains_leaves_none_and_the_next_run_completes(
    at_once, board, new_folder, wait_until
):
    folders = [new_folder() for _ in (None, *KILLED)]
    for folder in folders:
        (folder / "mine.py").write_text(TRAINS)
    with ThreadPoolExecutor() as threads:
        for line in threads.map(kill, folders[1:], KILLED):
            wait_until(lambda line=line: all(map(ended, line)))
    runs = at_once(*({"argv": (*ONE_SEED, "--cluster", "serial"), "folder": str(folder)} for folder in folders))
    assert [code for code, *_ in runs] == [0] * 4, runs
    boards = {board(folder) for folder in folders}
    assert len(boards) == 1
