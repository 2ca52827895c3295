"""Run a row again from its source, on data made again, and print how its metrics differ."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.plugins import is_baseline, split_spec
from spurgen.benchmark.result import Reproduction, Result
from spurgen.benchmark.shell import spurgen
from spurgen.benchmark.suggest import one_of
from spurgen.benchmark.suite import Suite, load_suite
from spurgen.harness.board.comparison import (
    UNKNOWN,
    Again,
    Match,
    compare_means,
    compare_results,
    false_claims,
    tolerances,
    worst_match,
)
from spurgen.harness.machine.files import check_writable
from spurgen.harness.machine.pool import Resources
from spurgen.harness.machine.printing import first_line, markdown_table, say
from spurgen.harness.machine.provenance import pick_device
from spurgen.harness.options import flags
from spurgen.harness.options.jobs import (
    add_dry_run,
    add_limits,
    describe_isolation,
    forecast,
    limits_of,
    may_start,
    resources_of,
)
from spurgen.harness.options.submissions import check_shown_files
from spurgen.harness.results.rows import Rows, on_task
from spurgen.harness.results.store import Store
from spurgen.harness.running.executing import run_jobs
from spurgen.harness.running.job import Job
from spurgen.harness.running.plan import measured, plan_again
from spurgen.harness.running.run import run as run_job
from spurgen.harness.sandbox.limits import Limits

GOOD = ("exact", "within tolerance")
COLUMNS = ("task", "seed", "metric", "row", "again", "tolerance", "verdict")
Planned = tuple[Job, Result]


class _Rerun(NamedTuple):
    """A result, that of its second run, and their metrics compared."""

    before: Result
    after: Result
    metrics: list[Again]

    @property
    def claims(self) -> dict[str, tuple[str, str]]:
        """Claims of the row that the second run does not confirm."""
        return false_claims(self.before, self.after)

    @property
    def match(self) -> Match:
        return "differs" if self.claims else worst_match(self.metrics)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    parser.add_argument("row", help="a row's name, such as group_dro: its file in the results")
    flags.add_suite(parser)
    flags.add_tasks(parser, "all that the row has")
    flags.add_seeds(parser, None, "all that the row has")
    flags.add_device(parser)
    flags.add_jobs(parser)
    flags.add_results(parser)
    parser.add_argument("--record", action="store_true", help="note in the row which results were reproduced")
    add_dry_run(parser)
    add_limits(parser)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Print a line per result and metric; return 1 if a metric differs or a run failed."""
    suite, device = load_suite(arguments.suite), pick_device(arguments.device)
    store = flags.open_store(suite, arguments, console)
    rows = store.rows()
    row = rows[one_of("row", arguments.row, rows)]
    tasks = [one_of("task of this row", name, row) for name in arguments.tasks] or list(row)
    finished = [result for name in tasks for result in row[name].results if result.error is None]
    results = [result for result in finished if arguments.seeds is None or result.seed in arguments.seeds]
    if not results:
        among = f" with the seeds {arguments.seeds}" if arguments.seeds else ""
        raise SpurgenError(f"{arguments.row} has no result{among} on {', '.join(tasks)} that did not fail")
    for file in {split_spec(result.spec)[0] for result in results}:
        if file.endswith(".py") and not Path(file).exists():
            raise SpurgenError(
                f"there is no file {file}, seen from {Path.cwd()}, which the row names; run this in the folder where "
                "it was scored"
            )
    check_shown_files({result.spec for result in results}, suite, arguments.results)
    jobs = plan_again(arguments.suite, results, device=device, limits=_thorough(limits_of(arguments)))
    planned = list(zip(jobs, results, strict=True))
    _refuse_changes(planned)
    if not may_start(forecast(jobs, jobs, arguments, measured({arguments.row: row})), arguments, console):
        return 0
    if arguments.record:
        check_writable(arguments.results, "--results")
    say(console, describe_isolation(limits_of(arguments)))
    reruns = _rerun(planned, rows, suite, tasks, console, resources_of(arguments, device))
    means = {name: compare_means([r.metrics for r in reruns if r.before.task == name and r.metrics]) for name in tasks}
    print(_table(reruns, means))
    drifted = [name for name, metrics in means.items() if metrics and worst_match(metrics) == "differs"]
    matches = [rerun.match for rerun in reruns]
    counts = ", ".join(f"{matches.count(m)} {m}" for m in (*GOOD, "differs", "failed") if m in matches)
    say(console, f"results run again: {counts}")
    if arguments.record:
        reproduced = [rerun for rerun in reruns if rerun.match in GOOD and rerun.before.task not in drifted]
        _record(reproduced, store, arguments.row, console)
    for name in drifted:
        say(console, f"{name}: the mean over its seeds differs")
    return 0 if set(matches) <= set(GOOD) and not drifted else 1


def _thorough(limits: Limits) -> Limits:
    """Return the limits with which a fresh process, trained again however long it takes, recomputes answers."""
    return replace(limits, forget_pages=True, retrain_seconds=float(limits.cpu_seconds))  # no training can use more


def _refuse_changes(planned: Sequence[Planned]) -> None:
    """Raise `SpurgenError` for a result that this version's code and data would not give."""
    for job, result in planned:
        commit = result.provenance.environment.commit or "unknown"
        if job.submission_sha256 != result.submission_sha256:
            ours = f"check out the commit that made it, {commit}"
            raise SpurgenError(
                f"{result.spec} changed since the row was made (SHA-256 {result.submission_sha256[:16]} then, "
                f"{job.submission_sha256[:16]} now); "
                + (ours if is_baseline(result.spec) else "restore the file, or score it again")
            )
        if job.identity != result.identity:
            raise SpurgenError(
                f"{result.task}, seed {result.seed}: the row was made with other data or scoring code (identity "
                f"{result.identity[:16]}, now {job.identity[:16]}); check out the commit that made it, {commit}"
            )


def _rerun(
    planned: Sequence[Planned], rows: Rows, suite: Suite, tasks: Sequence[str], console: Console, resources: Resources
) -> list[_Rerun]:
    """Run jobs again and compare their results, sorted by task and seed."""
    comparisons = (len(planned) + len(tasks)) * len(UNKNOWN)
    allowed = {
        name: tolerances(on_task(rows, name).values(), comparisons, one_world=suite.task(name).scenario.worlds == 1)
        for name in tasks
    }
    before = {(result.task, result.seed): result for _, result in planned}
    reruns = {}
    for job, (after, _) in run_jobs(run_job, [job for job, _ in planned], console, resources):
        key = job.task.name, job.seed
        reruns[key] = _Rerun(before[key], after, compare_results(before[key], after, allowed[job.task.name]))
    return [reruns[key] for key in sorted(reruns)]


def _table(reruns: Sequence[_Rerun], means: Mapping[str, Sequence[Again]]) -> str:
    lines = [line for rerun in reruns for line in _lines(rerun)]
    lines += [(name, "mean", *_cells(metric)) for name, metrics in means.items() for metric in metrics]
    return markdown_table([dict(zip(COLUMNS, line, strict=True)) for line in lines])


def _lines(rerun: _Rerun) -> list[tuple[str, ...]]:
    task, seed, error = rerun.before.task, str(rerun.before.seed), rerun.after.error
    if error is not None:
        return [(task, seed, "", "", "", "", f"failed: {first_line(error)}")]
    claims = [(task, seed, name, *said, "", "differs") for name, said in rerun.claims.items()]
    return [*claims, *((task, seed, *_cells(metric)) for metric in rerun.metrics)]


def _cells(again: Again) -> tuple[str, ...]:
    return again.metric, *(f"{figure:.4f}" for figure in (again.before, again.after, again.tolerance)), again.match


def _record(reproduced: Sequence[_Rerun], store: Store, label: str, console: Console) -> None:
    """Note in the row which of its results were reproduced."""
    if reproduced:
        store.update(label, [_recorded(rerun) for rerun in reproduced])
        say(console, f"noted in the row as re-run: {len(reproduced)}; {spurgen('leaderboard')} shows it")
    else:
        say(console, "nothing noted in the row: no result was reproduced")


def _recorded(rerun: _Rerun) -> Result:
    """Return a result with its reproduction: how well it matches, when and where."""
    after = rerun.after.provenance
    reproduction = Reproduction(
        verdict=rerun.match, isolation=rerun.after.isolation, finished=after.finished, order_seed=after.order_seed,
        consistency=after.consistency, environment=after.environment,
    )  # fmt: skip
    provenance = rerun.before.provenance.model_copy(update={"reproduction": reproduction})
    return rerun.before.model_copy(update={"verification": "re-run", "provenance": provenance})
