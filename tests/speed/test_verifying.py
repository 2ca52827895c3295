"""Speed and memory of comparing data with the manifest."""

import statistics
import subprocess
import sys
import time

from spurgen.benchmark.suite import load_suite
from spurgen.generators.world import world_of
from spurgen.harness.splits.frozen import check_samples, shard_bounds

VERIFY = """
import sys
from dataclasses import replace
from spurgen.benchmark.suite import load_suite
from spurgen.harness.splits.frozen import verify
def peak():  # of this process alone: getrusage starts from the parent's peak
    return next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
suite = load_suite("v3")
suite = replace(suite, tasks={sys.argv[1]: suite.tasks[sys.argv[1]]}, overall={})
peaks, made = [], []
def progress(count):
    made.append(count)
    if sum(made) >= 10_000:
        peaks.append(peak())
assert verify(suite, progress, jobs=1) is None
print(peaks[0], peak(), sum(made))
"""
WORLD = "things-w0"


def test_a_job_checks_its_own_world_fast(benchmark, measure):
    """All parts that a job draws, twins included; without the drawing, which the job does anyway."""
    suite = load_suite("v3")
    scenario, seconds = suite.scenario(WORLD), []

    def check():
        taken = 0.0
        for part in scenario.parts:
            for start, stop in shard_bounds(scenario, part)[: 1 if benchmark.disabled else None]:
                made = world_of(scenario).draw(part, range(start, stop), ("image",))
                begun = time.process_time()
                check_samples(suite, WORLD, part, start, made)
                taken += time.process_time() - begun
        seconds.append(taken)

    benchmark.pedantic(check, rounds=3)
    measure(f"checking all of {WORLD}, {sum(scenario.parts.values()):,} samples", statistics.median(seconds), 1, "s")


def test_verifying_takes_constant_memory(benchmark, measure):
    """Resident memory must not grow with the samples that were verified."""
    command = [sys.executable, "-c", VERIFY, "things-text-0" if benchmark.disabled else "things-image-0"]
    run = benchmark.pedantic(subprocess.run, (command,), {"capture_output": True, "text": True}, rounds=1)
    assert run.returncode == 0, run.stderr
    first, last, made = map(int, run.stdout.split())
    measure(f"resident memory after verifying {made:,} samples", last / 1024, 1024, "MiB")
    assert last < 1.1 * first
