"""Choosing an executor; executors that need no cluster."""

import errno
import os
import re
from dataclasses import fields

import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.plugins import names_in
from spurgen.harness.machine.pool import Resources
from spurgen.harness.running.executing import EXECUTORS, execute, execute_each, heeded, read_cluster


@pytest.mark.parametrize(
    ("text", "executor"),
    [("local", ("local", "")), ("ray", ("ray", "")), ("ray://h:1", ("ray", "h:1")), ("slurm://gpu", ("slurm", "gpu"))],
)
def test_an_executor_and_its_address_are_read(text, executor):
    assert read_cluster(text) == executor


def test_an_unknown_executor_is_refused_with_the_nearest_name():
    with pytest.raises(SpurgenError, match="there is no executor 'slrm'; did you mean slurm"):
        read_cluster("slrm")


@pytest.mark.parametrize("executor", names_in(EXECUTORS))
def test_an_executor_names_the_resources_that_it_heeds(executor):
    assert heeded(executor) <= {field.name for field in fields(Resources)}


@pytest.mark.parametrize("executor", ["local", "serial"])
def test_an_unexpected_error_of_a_job_is_its_result_and_the_others_go_on(executor):
    done = dict(execute_each(lambda job: 1 / job, [2, 0, 4], Resources(1, executor)))
    bug = done.pop(0)
    assert done == {2: 0.5, 4: 0.25}
    assert re.fullmatch(r"ZeroDivisionError: division by zero \(\S+, line \d+\)", bug.error)
    assert bug.trace.startswith("Traceback (most recent call last)")
    assert list(execute_each(lambda job: job, [], Resources(1, executor))) == []


@pytest.mark.parametrize("error", [SpurgenError("other data"), OSError(errno.ENOSPC, "No space left on device")])
def test_what_concerns_all_jobs_ends_the_run(error):
    def work(_):
        raise error

    with pytest.raises(type(error)):
        list(execute_each(work, [0, 1], Resources(1, "serial")))


def test_serial_jobs_run_in_this_process():
    assert list(execute(lambda _: os.getpid(), [0], Resources(executor="serial"))) == [(0, os.getpid())]


@pytest.mark.parametrize(
    ("gpus", "jobs"), [(0, 1), (1, 1), (2, 1), (0.5, 2), (1 / 3, 3), (0.3, 3), (0.6, 1), (0.1, 10)]
)
def test_a_gpu_is_shared_by_as_many_jobs_as_their_fractions_allow(gpus, jobs):
    assert Resources(gpus=gpus).per_gpu() == jobs


@pytest.mark.parametrize(
    ("gpus", "visible", "places"),
    [
        (0, "", ""), (1, "", ""), (1, "0", "0"), (1, "013", "0 1 3"), (0.5, "01", "0 0 1 1"), (0.4, "2", "2 2"),
        (2, "0123", "0,1 2,3"), (2, "57489", "5,7 4,8"), (3, "012", "0,1,2"), (2, "0", ""),
    ],
)  # fmt: skip
def test_jobs_are_spread_over_the_gpus_of_this_machine(gpus, visible, places):
    resources = Resources(gpus=gpus, visible=tuple(visible))
    assert resources.places() == tuple(places.split())
    assert resources.room() == (None if gpus == 0 else len(places.split()) or 1)
    assert Resources(at_once=7, gpus=gpus, visible=tuple(visible)).room() == 7
