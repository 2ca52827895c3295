"""Writing the jobs that have no result yet to a file, for `spurgen benchmark --plan`, and a script for SLURM."""

import argparse
from collections.abc import Sequence
from shlex import quote

from rich.console import Console

from spurgen.benchmark.specs import is_baseline
from spurgen.benchmark.suite import load_suite
from spurgen.harness.commands._arguments import open_store
from spurgen.harness.commands._limits import describe_isolation
from spurgen.harness.machine.files import write_atomically
from spurgen.harness.machine.printing import say
from spurgen.harness.results.rows import Rows
from spurgen.harness.running.forecast import Forecast, measured
from spurgen.harness.running.job import Job
from spurgen.harness.running.missing import find_missing
from spurgen.harness.running.plan import baseline_specs, offered, plan
from spurgen.harness.running.plan_file import by_task, to_lines
from spurgen.harness.sandbox.limits import DEFAULT

Memory = dict[tuple[str, str], int]  # peak bytes by label and task
HOUR, MEMORY = 3600, 4 << 30
HARNESS = 3 << 29  # bytes of the command and its process, beside the submission's: 1.0 GB were measured on images
SCRIPT = """#!/bin/bash
# Submit this from the folder of the plan, with spurgen on the path; then: spurgen merge 'shares/*' --results merged
# The limits are twice what {source}, at least 10 minutes, and 1.5 GiB on top: raise them for a larger submission.
# What your site asks for as well goes into SBATCH_ACCOUNT, SBATCH_PARTITION, ... or the flags of sbatch.
#SBATCH --job-name=spurgen
#SBATCH --output=spurgen-%A-%a.out
#SBATCH --array=0-{last}
#SBATCH --time={minutes}
#SBATCH --mem={megabytes}M
#SBATCH --cpus-per-task=1
spurgen benchmark {plan} --jobs 1 --share $SLURM_ARRAY_TASK_ID/{shares} --results shares/$SLURM_ARRAY_TASK_ID
"""


def write_plan(arguments: argparse.Namespace, console: Console) -> int:
    """Write the plan, and print what it holds."""
    suite = load_suite(arguments.suite)
    rows = open_store(suite, arguments, console).rows()
    specs = baseline_specs(arguments.submissions)
    jobs, skipped = offered(plan(arguments.suite, arguments.tasks, specs, arguments.seeds))
    for line in skipped:
        say(console, line)
    if not all(map(is_baseline, specs)):
        say(console, describe_isolation(DEFAULT))  # of the process that said which tasks a submission takes
    missing = find_missing(jobs, rows)
    forecast = Forecast(jobs, missing, measured(rows), None)
    say(console, forecast.sentence())
    if not missing:
        say(console, f"{arguments.plan} is not written: it would hold no job")
        return 0
    memory = _likely(_memory(rows), missing)
    write_atomically(arguments.plan, to_lines(arguments.suite, forecast, memory))
    say(console, f"wrote {arguments.plan}: {len(missing)} jobs, a line each")
    if arguments.slurm:
        print(_script(arguments, forecast, memory), end="")
    return 0


def _memory(rows: Rows) -> Memory:
    """Return the largest peak memory of stored results, by label and task, in bytes."""
    peaks: Memory = {}
    for label, row in rows.items():
        for task, part in row.items():
            known = [peak for r in part.results if (peak := r.provenance.peak_memory_bytes)]
            if known:
                peaks[label, task] = max(known)
    return peaks


def _likely(memory: Memory, jobs: Sequence[Job]) -> Memory:
    """Return the memory of jobs: as measured, else the largest of any submission on the same task."""
    largest: dict[str, int] = {}
    for (_, task), peak in memory.items():
        largest[task] = max(peak, largest.get(task, 0))
    keys = [(job.label, job.task.name) for job in jobs]
    likely = {key: memory.get(key, largest.get(key[1])) for key in keys}
    return {key: peak for key, peak in likely.items() if peak}


def _script(arguments: argparse.Namespace, forecast: Forecast, memory: Memory) -> str:
    """Return a script that asks for twice the likely time and memory of its jobs, or an hour and 4 GiB a job.

    The memory of a job is that of the submission alone; that of spurgen comes on top.
    """
    shares = min(arguments.slurm, len(forecast.missing))
    seconds = [forecast.likely_seconds(job) or HOUR / 2 for job in by_task(forecast.missing)]
    longest = max(sum(seconds[k::shares]) for k in range(shares))
    if all(forecast.own_seconds(job) for job in forecast.missing):
        source = "stored results of these submissions took"
    elif all(forecast.likely_seconds(job) for job in forecast.missing):
        source = "stored results of other submissions took"
    else:
        source = "stored results took, or an hour and 4 GiB for a job without any"
    peak = max(memory.get((job.label, job.task.name), MEMORY // 2) for job in forecast.missing)
    return SCRIPT.format(
        source=source,
        last=shares - 1, shares=shares, minutes=max(round(2 * longest / 60), 10), megabytes=2 * peak + HARNESS >> 20,
        plan=quote(str(arguments.plan)),
    )  # fmt: skip
