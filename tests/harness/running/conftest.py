from dataclasses import replace

import pytest

from spurgen.harness.running.plan import plan, plan_private
from spurgen.harness.running.run import run
from spurgen.harness.sandbox.limits import Limits

SECRET, PRIVATE_DATA = "5" * 64, "d" * 64
PLAIN = Limits(isolation="process")


@pytest.fixture
def make_job(suite_file):
    """Return a function that plans one job on the tiny suite, in a plain process, which starts sooner than a sandbox.

    `private` takes the splits of a secret.
    """

    def make(spec, task="small-text", seed=0, private=False, limits=PLAIN, **more):
        job = replace(plan(suite_file, [task], [spec], [0], limits=limits, **more)[0], seed=seed)
        return plan_private([job], SECRET, PRIVATE_DATA)[0] if private else job

    return make


@pytest.fixture
def run_job(make_job):
    """Return a function that plans and runs one job on the tiny suite, and returns its result and samples."""
    return lambda *arguments, **named: run(make_job(*arguments, **named))


@pytest.fixture
def result_of(run_job):
    """Return a function that plans and runs one job on the tiny suite, and returns its result."""
    return lambda *arguments, **named: run_job(*arguments, **named).result
