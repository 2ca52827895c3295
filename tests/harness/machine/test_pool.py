"""Pools of processes. Their jobs are lambdas, which travel by value: the processes cannot import a test."""

import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from unittest.mock import Mock

import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.machine import pool
from spurgen.harness.machine.pool import ONE_THREAD, process_pool
from spurgen.harness.splits.freeze import freeze, hash_suite, shard_bounds


@pytest.fixture
def temporary(temporary, monkeypatch):
    """An empty folder, in which this process makes its temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    return temporary


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
    monkeypatch.setattr("spurgen.harness.splits.freeze.shard_bounds", lambda *part: shard_bounds(*part) * 20)
    hashed = hash_suite(suite, {"small": {"images": True, "captions": True}}, lambda _: None, jobs=2)
    assert next(hashed)[:2] == ("small", "train")
    hashed.close()  # an error in the pool's thread would be a warning, and warnings are errors here
    assert list(temporary.iterdir()) == []
