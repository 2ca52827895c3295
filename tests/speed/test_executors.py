"""What executors cost beyond the work: jobs that only sleep, and jobs that train, two at a time."""

import time

import pytest

from spurgen.harness.machine.pool import Resources
from spurgen.harness.running.executing import execute
from spurgen.harness.running.plan import plan
from spurgen.harness.running.run import run

SLEEP, JOBS = 0.1, 200  # seconds, and how many jobs sleep so long
LIMITS = {"local": 50, "ray": 150}  # ms per job
EFFICIENCY = {"local": 0.85, "ray": 0.8}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


def arrivals(work, jobs, executor, workers):
    """Return the seconds from the start until each result arrived."""
    start = time.perf_counter()
    resources = Resources(executor=executor, at_once=workers)
    return [time.perf_counter() - start for _ in execute(work, jobs, resources)]


@pytest.mark.parametrize("executor", LIMITS)
def test_a_job_costs_little_beyond_its_work(executor, benchmark, measure):
    jobs = 6 if benchmark.disabled else JOBS
    times = arrivals(time.sleep, [SLEEP] * jobs, executor, 2)
    beyond = 2 * (times[-1] - times[1]) / (jobs - 2) - SLEEP
    print(f"\n{executor}: the first result after {times[0]:.1f} s")
    benchmark.pedantic(lambda: None, rounds=1)
    measure(f"{executor}: beyond the work, per job", 1000 * beyond, LIMITS[executor], "ms")
    assert len(times) == jobs


@pytest.mark.parametrize("executor", EFFICIENCY)
def test_two_workers_train_nearly_twice_as_fast_as_one(executor, benchmark, measure, suite_file):
    options, seeds = ({"epochs": 1}, 2) if benchmark.disabled else ({"epochs": 1000}, 5)
    jobs = plan(suite_file, ["small-text"], ["spurgen.baselines.erm:submission"], range(seeds), options=options)
    jobs *= 1 if benchmark.disabled else 2
    one, two = (arrivals(run, jobs, name, workers)[-1] for name, workers in (("serial", 1), (executor, 2)))
    benchmark.pedantic(lambda: None, rounds=1)
    name = f"{executor}: efficiency of two workers that train, start included"
    measure(name, one / two / 2, EFFICIENCY[executor], "", more=True)
    assert one > two or benchmark.disabled
