"""Runs a row again from its source, on data made again, and prints how its figures moved."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from tabulate import tabulate

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.result import Reproduction, Result
from spurgen.benchmark.specs import split_spec
from spurgen.benchmark.suggest import one_of
from spurgen.benchmark.suite import Task, load_suite
from spurgen.harness.board.reproduction import (
    METRICS,
    Again,
    Verdict,
    compare_means,
    compare_results,
    tolerances,
    verdict_of,
)
from spurgen.harness.commands._arguments import (
    Unique,
    add_limits,
    add_results,
    add_suite,
    isolation_told,
    limits_of,
    positive_int,
)
from spurgen.harness.machine import pool
from spurgen.harness.machine.devices import pick_device
from spurgen.harness.machine.files import check_writable
from spurgen.harness.machine.progress import make_progress
from spurgen.harness.results.store import Store
from spurgen.harness.running.job import Job
from spurgen.harness.running.plan import check_backbones
from spurgen.harness.running.run import run as run_job
from spurgen.harness.sandbox.limits import Limits
from spurgen.harness.splits.frozen import check_description

GOOD = ("exact", "within tolerance")
Planned = tuple[Job, Result]


class _Ran(NamedTuple):
    """Holds a cell, its second run, and how its figures moved."""

    before: Result
    after: Result
    found: list[Again]

    @property
    def verdict(self) -> Verdict:
        return verdict_of(self.found)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's flags."""
    parser.add_argument("row", help="a row's name, such as group_dro: its folder in the results")
    add_suite(parser)
    parser.add_argument("--tasks", nargs="+", action=Unique, default=[], help="default: all that the row has")
    parser.add_argument("--seeds", type=positive_int, help="its first seeds alone; default: all that it has")
    parser.add_argument("--device", default="auto", help="cpu, cuda or auto (cuda when there is one)")
    parser.add_argument("--jobs", type=positive_int, help="jobs at a time; default: one per core, one on cuda")
    add_results(parser)
    parser.add_argument("--record", action="store_true", help="note in what came out again that it was re-run")
    add_limits(parser)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Prints a line per figure and cell; returns 1 if one differs or fails."""
    suite, limits, device = load_suite(arguments.suite), limits_of(arguments), pick_device(arguments.device)
    console.print(isolation_told(limits), markup=False, soft_wrap=True)
    if arguments.record:
        check_writable(arguments.results, "--results")
    store = Store(arguments.results, suite.name)
    rows = store.rows()
    row = rows[one_of("row", arguments.row, rows)]
    tasks = [one_of("task of this row", name, row) for name in arguments.tasks] or list(row)
    planned = [
        (_job(arguments.suite, suite.task(name), result, device, limits), result)
        for name in tasks
        for result in row[name].results[: arguments.seeds]
        if result.error is None
    ]
    if not planned:
        raise SpurgenError(f"{arguments.row} has no result on {', '.join(tasks)} that could come out again")
    _refuse_changes(planned)
    check_backbones([job for job, _ in planned])
    comparisons = (len(planned) + len(tasks)) * len(METRICS)
    allowed = {name: tolerances([r[name] for r in rows.values() if name in r], comparisons) for name in tasks}
    ran = [
        _Ran(before, after, compare_results(before, after, allowed[before.task]))
        for before, after in _run(planned, console, arguments.jobs or (None if device == "cpu" else 1))
    ]
    ran.sort(key=lambda one: (one.before.task, one.before.seed))
    means = {name: compare_means([one.found for one in ran if one.before.task == name and one.found]) for name in tasks}
    lines = [line for one in ran for line in _lines(one)]
    lines += [_line(name, "mean", again) for name, some in means.items() for again in some]
    print(tabulate(lines, headers="keys", tablefmt="pipe", disable_numparse=True))
    drifted = [name for name, some in means.items() if some and verdict_of(some) == "differs"]
    noted = [one for one in ran if arguments.record and one.verdict in GOOD and one.before.task not in drifted]
    if noted:
        store.update(arguments.row, [_recorded(one) for one in noted])
    verdicts = [one.verdict for one in ran]
    counts = ", ".join(f"{verdicts.count(v)} {v}" for v in (*GOOD, "differs", "failed") if v in verdicts)
    console.print(f"{len(verdicts)} runs again: {counts}", markup=False)
    if arguments.record:
        told = (
            f"{len(noted)} noted in the row; spurgen leaderboard shows it in the tables" if noted else "nothing noted"
        )
        console.print(told, markup=False)
    for name in drifted:
        console.print(f"{name}: the mean over its seeds differs", markup=False)
    return 0 if set(verdicts) <= set(GOOD) and not drifted else 1


def _job(suite: str, task: Task, result: Result, device: str, limits: Limits) -> Job:
    """Return the job whose result this is, planned now."""
    data = check_description(load_suite(suite), task.scenario.name).digest
    return Job(task, result.spec, result.seed, data, device, dict(result.options), suite, limits=limits)


def _refuse_changes(planned: Sequence[Planned]) -> None:
    """Raise `SpurgenError` for a result that this version's code and data would not make."""
    for job, cell in planned:
        file, _ = split_spec(cell.spec)
        if file.endswith(".py") and not Path(file).exists():
            raise SpurgenError(
                f"there is no file {file}, seen from {Path.cwd()}; the row names it so: run this where it was scored"
            )
        if job.identity != cell.identity:
            commit = cell.provenance.environment.commit or "unknown"
            raise SpurgenError(
                f"{cell.task}, seed {cell.seed}: the row was made by other sources, data or scoring code (identity "
                f"{cell.identity[:16]}, now {job.identity[:16]}); check out the commit that made it, {commit}"
            )


def _run(planned: Sequence[Planned], console: Console, processes: int | None) -> Iterator[tuple[Result, Result]]:
    """Yield every result with its second run's, as it ends."""
    before = {(result.task, result.seed): result for _, result in planned}
    with make_progress(console) as progress:
        bar = progress.add_task("jobs", total=len(planned))
        for job, (after, _) in pool.run(run_job, [job for job, _ in planned], processes):
            progress.advance(bar)
            yield before[job.task.name, job.seed], after


def _lines(ran: _Ran) -> list[dict[str, str]]:
    task, seed = ran.before.task, str(ran.before.seed)
    if ran.after.error is not None:
        empty = {"figure": "", "row": "", "again": "", "tolerance": ""}
        return [{"task": task, "seed": seed, **empty, "": f"failed: {ran.after.error.splitlines()[0]}"}]
    return [_line(task, seed, again) for again in ran.found]


def _line(task: str, seed: str, again: Again) -> dict[str, str]:
    return {
        "task": task,
        "seed": seed,
        "figure": again.metric,
        "row": f"{again.before:.4f}",
        "again": f"{again.after:.4f}",
        "tolerance": f"{again.tolerance:.4f}",
        "": again.verdict,
    }


def _recorded(ran: _Ran) -> Result:
    """Return a result that records that it was run again, with what outcome, when and where."""
    after = ran.after.provenance
    again = Reproduction(
        verdict=ran.verdict, isolation=ran.after.isolation, finished=after.finished, order_seed=after.order_seed,
        environment=after.environment,
    )  # fmt: skip
    provenance = ran.before.provenance.model_copy(update={"reproduction": again})
    return ran.before.model_copy(update={"verification": "re-run", "provenance": provenance})
