"""The pool's processes; jobs are made of the standard library, since processes cannot import a test."""

import os
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import active_children
from types import SimpleNamespace

import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.machine import pool
from spurgen.harness.splits.freeze import freeze, hash_suite, shard_bounds


def test_every_job_is_answered():
    jobs = [SimpleNamespace(run=partial(divmod, k, 2), name=k) for k in range(5)]
    assert {job.name: answer for job, answer in pool.run(jobs, 2)} == {k: divmod(k, 2) for k in range(5)}


def test_an_error_of_a_job_is_raised():
    with pytest.raises(ZeroDivisionError):
        list(pool.run([SimpleNamespace(run=partial(divmod, 1, 0))], 1))


def test_a_process_that_is_killed_is_explained():
    told = "a process ended by itself, probably because memory ran out: try --jobs 1; what was finished is kept"
    with pytest.raises(SpurgenError, match=told):
        list(pool.run([SimpleNamespace(run=partial(os._exit, 9))], 1))


def test_a_freeze_that_loses_a_process_is_explained(suite, monkeypatch):
    def killed(*_, **__):
        raise BrokenProcessPool

    monkeypatch.setattr("concurrent.futures.ProcessPoolExecutor.submit", killed)
    with pytest.raises(SpurgenError, match="try --jobs 1; nothing of this is kept"):
        freeze(suite, jobs=2)


def test_stopping_early_ends_what_still_runs():
    wait = SimpleNamespace(run=partial(exec, "import time; time.sleep(600)"))
    jobs = pool.run([SimpleNamespace(run=partial(divmod, 5, 2)), wait], 2)
    assert next(jobs)[1] == (2, 1)
    assert active_children()
    jobs.close()
    assert active_children() == []


def test_a_hashing_that_is_left_early_ends_in_peace(suite, monkeypatch):
    monkeypatch.setattr("spurgen.harness.splits.freeze.shard_bounds", lambda *part: shard_bounds(*part) * 20)
    hashed = hash_suite(suite, lambda _: None, jobs=2)
    assert next(hashed)[:2] == ("small", "train")
    assert active_children()
    hashed.close()  # an error in the pool's thread would be a warning, and warnings are errors here
    assert active_children() == []
