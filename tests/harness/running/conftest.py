from dataclasses import replace

import pytest

from spurgen.harness.running.plan import plan
from spurgen.harness.running.run import run
from spurgen.harness.sandbox.limits import Limits

PLAIN = Limits(isolation="process")


@pytest.fixture
def make_job(suite_file):
    """Plans one job on the tiny suite, in a plain process, which starts sooner than a sandbox does."""

    def make(spec, task="small-text", seed=0, limits=PLAIN, **more):
        return replace(plan(suite_file, [task], [spec], [0], limits=limits, **more)[0], seed=seed)

    return make


@pytest.fixture
def run_job(make_job):
    """Return a function that plans and runs one job on the tiny suite, and returns its result and samples."""
    return lambda *arguments, **named: run(make_job(*arguments, **named))


@pytest.fixture
def result_of(run_job):
    """Return a function that plans and runs one job on the tiny suite, and returns its result."""
    return lambda *arguments, **named: run_job(*arguments, **named).result
