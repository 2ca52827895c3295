"""Pools of processes. Their jobs are lambdas, which travel by value: the processes cannot import a test."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from pathlib import Path
from threading import Event, get_ident
from unittest.mock import Mock

import pytest
from ended import ended

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.cli import main
from spurgen.harness.machine import pool
from spurgen.harness.machine.pool import ONE_THREAD, ahead, process_pool
from spurgen.harness.splits.frozen import freeze, hash_suite, shard_bounds


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """An empty folder, in which this process and those that it starts make their temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def test_every_job_comes_with_its_result_or_error():
    assert dict(pool.run(lambda k: divmod(k, 2), range(5), 2)) == {k: divmod(k, 2) for k in range(5)}
    assert list(pool.run(lambda k: k, [])) == []
    with pytest.raises(ZeroDivisionError):
        list(pool.run(lambda k: 1 / k, [0], 1))


def test_processes_are_spread_over_the_gpus(tmp_path):
    def seen(_):
        (tmp_path / str(os.getpid())).touch()
        while len(list(tmp_path.iterdir())) < 3:
            time.sleep(0.01)
        return os.environ["CUDA_VISIBLE_DEVICES"]

    gpus = [gpu for _, gpu in pool.run(seen, range(3), 3, ("4", "GPU-7"))]
    assert sorted(gpus) == ["4", "4", "GPU-7"]


def test_semaphores_that_libraries_make_in_processes_are_no_warning():
    code = """
import multiprocessing
from spurgen.harness.machine import pool
assert len(list(pool.run(lambda _: setattr(multiprocessing, "kept", multiprocessing.RLock()), range(2), 2))) == 2
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_processes_compute_with_one_thread_and_this_one_is_left_alone():
    before = dict(os.environ)
    [(_, environment)] = pool.run(lambda _: dict(os.environ), [0])
    assert ONE_THREAD.items() <= environment.items()
    assert dict(os.environ) == before


@pytest.mark.parametrize(
    ("processes", "jobs", "expected"), [(None, 9, 3), (None, 2, 2), (7, 9, 7), (7, 2, 2), (7, 0, 1)]
)
def test_there_is_a_process_per_core_that_may_be_used_and_at_most_one_per_job(monkeypatch, processes, jobs, expected):
    started = []
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 5}, raising=False)
    monkeypatch.setattr("loky.ProcessPoolExecutor", lambda count, **_: started.append(count) or ThreadPoolExecutor())
    monkeypatch.setattr(ThreadPoolExecutor, "shutdown", lambda *_, **__: None)
    with process_pool(processes, jobs):
        assert started == [expected]


def test_a_killed_process_is_an_error_that_says_what_to_do():
    message = "a process ended by itself, probably because memory ran out: try --jobs 1; finished jobs are kept"
    with pytest.raises(SpurgenError, match=message):
        list(pool.run(os._exit, [9], 1))


def test_a_killed_process_stops_a_freeze(suite, monkeypatch):
    monkeypatch.setattr("loky.ProcessPoolExecutor.submit", Mock(side_effect=BrokenProcessPool))
    with pytest.raises(SpurgenError, match="try --jobs 1; nothing of this is kept"):
        freeze(suite, jobs=2)


@pytest.mark.parametrize("path", [None, "/nowhere"], ids=["pgrep", "no pgrep"])
def test_stopping_early_kills_the_processes_and_removes_their_temporary_files(temporary, wait_until, monkeypatch, path):
    if path:
        monkeypatch.setenv("PATH", path)

    def write(seconds):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "pid").write_text(str(os.getpid()))
            time.sleep(seconds)

    jobs = pool.run(write, [600, 0], 2)
    assert next(jobs)[0] == 0
    pid = int(wait_until(lambda: [file.read_text() for file in temporary.rglob("pid")])[0])
    os.kill(pid, 0)
    jobs.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert list(temporary.iterdir()) == []


def test_hashing_that_is_stopped_early_kills_its_processes(suite, temporary, monkeypatch):
    monkeypatch.setattr("spurgen.harness.splits.frozen.shard_bounds", lambda *part: shard_bounds(*part) * 20)
    hashed = hash_suite(suite, {"small": {"images": True, "captions": True}}, lambda _: None, jobs=2)
    assert next(hashed)[:2] == ("small", "train")
    hashed.close()  # an error in the pool's thread would be a warning, and warnings are errors here
    assert list(temporary.iterdir()) == []


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
def command(temporary):
    """The running command, in a process group of its own, as a shell starts it."""
    (temporary.parent / "command.py").write_text(COMMAND)
    with subprocess.Popen(
        [sys.executable, "command.py"], cwd=temporary.parent, stderr=subprocess.PIPE, text=True, start_new_session=True
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
    monkeypatch.setattr("spurgen.harness.splits.frozen._hash_shard", Mock(side_effect=KeyboardInterrupt))
    assert main(["splits", "verify", "--suite", suite_file, "--jobs", "1"]) == 130
    assert "stopped; nothing of this is kept, and the same command starts over" in capsys.readouterr().err


def test_items_keep_their_order_and_are_made_in_another_thread():
    makers = list(ahead(get_ident() for _ in range(20)))
    assert len(makers) == 20
    assert {*makers} != {get_ident()}
    assert len({*makers}) == 1
    assert list(ahead(range(20))) == list(range(20))
    assert list(ahead([])) == []


def test_the_next_items_are_made_while_one_is_used():
    made = [Event() for _ in range(4)]

    def items():
        for k, event in enumerate(made):
            event.set()
            yield k

    taken = ahead(items(), depth=2)
    assert next(taken) == 0
    assert made[1].wait(60)
    assert made[2].wait(60)
    assert not made[3].is_set()
    assert list(taken) == [1, 2, 3]


def test_an_error_is_raised_in_its_place():
    def items():
        yield 1
        raise ValueError("the second")

    taken = ahead(items())
    assert next(taken) == 1
    with pytest.raises(ValueError, match="the second"):
        next(taken)


def test_what_is_left_is_not_made_after_closing():
    made = []
    taken = ahead(made.append(k) for k in range(100))
    next(taken)
    taken.close()
    assert len(made) <= 3
