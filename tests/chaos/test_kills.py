"""Commands killed at random points, again and again: the next run completes, and nothing tells that they were killed.

`SPURGEN_KILLS` is how many kills there are in all; `make chaos` asks for more.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

KILLS = int(os.environ.get("SPURGEN_KILLS", "52"))
SHARES = {"freezing": 5, "regenerating": 6, "scoring": 5, "merging": 10}  # of 26 kills; what takes long gets fewer
DISK = 2**20  # bytes of the disk that is full
LONGEST = 6  # kills in a row in one folder
SCORE = (
    "score", "mine.py", "--suite", "tiny.toml", "--tasks", "small-text", "--device", "cpu", "--cluster", "serial",
    "--isolation", "process", "--retrain-seconds", "0.001", "--results", "results", "--data", "data", "--jobs", "1",
)  # fmt: skip


def board(command, folder):
    """Return the leaderboard of a folder as text, without wall times."""
    command(folder, "leaderboard", "--suite", "tiny.toml", "--results", "results", "--json", "board.json")
    found = json.loads((folder / "board.json").read_text())
    for part in found["tasks"].values():
        for row in [*part["rows"], *part["few"]]:
            del row["seconds"]
    return json.dumps(found)


def files(folder):
    """Return the names and contents of files below a folder, without the hidden ones that a killed write leaves."""
    found = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".tmp"
    }
    assert found
    return found


def freezing(_, new_folder, name):
    folder = new_folder(name)
    (folder / "tiny.manifest.json").unlink()
    return folder, lambda: files(folder)


def regenerating(_, new_folder, name):
    folder = new_folder(name)
    return folder, lambda: files(folder / "data")


def scoring(command, new_folder, name):
    folder = new_folder(name)
    return folder, lambda: board(command, folder)


def merging(command, new_folder, name):
    folder = new_folder(name)
    shares = folder.parent / "shares"
    if not shares.exists():
        for seed in (0, 1):
            command(folder, *SCORE, "--seeds", str(seed))
            shutil.copytree(folder / "results", shares / str(seed))
            shutil.rmtree(folder / "results")
    shutil.copytree(shares, folder / "shares")
    return folder, lambda: board(command, folder)


COMMANDS = {
    freezing: ("splits", "freeze", "--suite", "tiny.toml", "--jobs", "1"),
    regenerating: ("splits", "regenerate", "--suite", "tiny.toml", "--data", "data"),
    scoring: (*SCORE, "--seeds", "0-1"),
    merging: ("merge", "shares/0", "shares/1", "--results", "results"),
}


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("phase", COMMANDS, ids=lambda phase: phase.__name__)
@pytest.mark.parametrize("steps", ["calls", "files"])
def test_a_command_that_was_killed_is_completed_by_the_next_run(phase, steps, command, new_folder):
    rng = np.random.default_rng([*phase.__name__.encode(), *steps.encode()])
    argv, kills, chains = COMMANDS[phase], 0, 0
    wanted = KILLS * SHARES[phase.__name__] / sum(SHARES.values()) / 2
    folder, outcome = phase(command, new_folder, "undisturbed")
    _, most = command(folder, *argv, steps=steps)
    undisturbed = outcome()
    while kills < wanted:
        chains += 1
        folder, outcome = phase(command, new_folder, f"killed-{chains}")
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
def test_two_runs_on_one_folder_make_what_one_makes(command, at_once, new_folder):
    alone, undisturbed = scoring(command, new_folder, "alone")
    command(alone, *COMMANDS[scoring])
    both, outcome = scoring(command, new_folder, "both")
    order = {"argv": COMMANDS[scoring], "folder": str(both)}
    assert [code for code, *_ in at_once(order, order)] == [0, 0]
    assert outcome() == undisturbed()


@pytest.mark.slow
def test_a_clock_that_jumps_changes_no_result(command, new_folder):
    still, undisturbed = scoring(command, new_folder, "still")
    command(still, *COMMANDS[scoring])
    folder, outcome = scoring(command, new_folder, "jumping")
    _, reads = command(folder, *COMMANDS[scoring], jumping=True)
    assert reads
    assert outcome() == undisturbed()


@pytest.mark.slow
def test_a_file_that_the_system_refuses_to_write_is_named_and_the_next_run_completes(command, at_once, new_folder):
    folder, undisturbed = merging(command, new_folder, "roomy")
    command(folder, *COMMANDS[merging])
    sizes = [path.stat().st_size for path in (folder / "results").rglob("mine.*")]
    rng, refused = np.random.default_rng(0), 0
    for k in range(6):
        full, outcome = merging(command, new_folder, f"full-{k}")
        largest = int(rng.integers(1, max(sizes)))
        [(code, _, log)] = at_once({"argv": COMMANDS[merging], "folder": str(full), "largest": largest})
        assert (code, "cannot write results/tiny/" in log) in ((2, True), (0, False)), log
        refused += code == 2
        command(full, *COMMANDS[merging])
        assert outcome() == undisturbed()
    assert refused


@pytest.mark.slow
def test_a_full_disk_is_named_and_the_next_run_completes(command, new_folder):
    roomy, undisturbed = merging(command, new_folder, "roomy")
    command(roomy, *COMMANDS[merging])
    merge = shlex.join([str(Path(sys.executable).with_name("spurgen")), *COMMANDS[merging]])
    for free in (0, 4096, 12288):
        folder, outcome = merging(command, new_folder, f"full-{free}")
        script = f"head --bytes {DISK - free} /dev/zero > results/ballast; {merge}; echo $? > code; rm results/ballast"
        full = subprocess.run(
            ["bwrap", "--dev-bind", "/", "/", "--size", str(DISK), "--tmpfs", folder / "results",
             "sh", "-c", f"{script}; {merge} && cp --recursive results copy"],
            cwd=folder, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert (folder / "code").read_text() == "2\n", full.stderr
        assert re.search(r"cannot write results/tiny/\S+: No space left on device", full.stderr), full.stderr
        (folder / "results").rmdir()
        (folder / "copy").rename(folder / "results")
        assert outcome() == undisturbed()


@pytest.mark.slow
def test_a_shard_damaged_on_disk_is_made_again(command, new_folder):
    folder, outcome = regenerating(command, new_folder, "damaged")
    command(folder, *COMMANDS[regenerating])
    undisturbed = outcome()
    rng = np.random.default_rng(0)
    for name in list(undisturbed)[:4]:
        damaged = bytearray(undisturbed[name])
        damaged[rng.integers(len(damaged))] ^= 255
        (folder / "data" / name).write_bytes(damaged)
        command(folder, *COMMANDS[regenerating])
        assert outcome() == undisturbed, name
