"""Tune methods on validation data, with the same number of hyper-parameter settings for each."""

import argparse
import itertools
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType

from rich.console import Console

from spurgen.baselines.training.hyperparameters import Only
from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.plugins import BASELINES, discover, names_in
from spurgen.benchmark.suggest import one_of
from spurgen.benchmark.suite import load_suite
from spurgen.benchmark.task import Task
from spurgen.harness.cli import run_script
from spurgen.harness.experiments.tuning import (
    Setting,
    TuningResult,
    add_result,
    choose,
    finalists,
    in_order,
    method_of,
    read_tuning,
    results_file,
    score_settings,
    settings,
    split_done,
    tune,
)
from spurgen.harness.machine.files import check_writable, write_atomically
from spurgen.harness.machine.pool import Resources
from spurgen.harness.machine.printing import first_line, markdown_table, say
from spurgen.harness.machine.provenance import pick_device
from spurgen.harness.options import flags
from spurgen.harness.options.jobs import add_yes, forecast, may_start, resources_of
from spurgen.harness.results.store import OWN, Store
from spurgen.harness.running.executing import run_jobs
from spurgen.harness.running.job import Job
from spurgen.harness.running.plan import baseline_specs, measured, offered, plan_tuning

FOLDER = Path("benchmark/sweeps")
TUNING = 100  # the first world that no suite will freeze
COLUMNS = """\
`python tools/sweep.py` wrote this page. Scores are means on validation data. Best is the highest score of the
finalists, which were trained on all tasks and worlds. Defaults is the score of the values that the method had before,
over the heats alone if they were no finalists; so Best can be lower. A chosen value that is the lowest or highest tried
says so: a better one may lie beyond."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    flags.add_suite(parser)
    add = parser.add_argument
    flags.add_tasks(parser, "the suite's main tasks")
    add(
        "--methods", nargs="+", action=flags.Unique, default=[], metavar="METHOD",
        help=f"baselines; default: all of {', '.join(names_in(BASELINES))}",
    )  # fmt: skip
    add(
        "--trials", type=flags.positive_int, default=16, metavar="N",
        help="settings per method: its defaults, then the same draws for all; default: 16",
    )  # fmt: skip
    flags.add_seeds(parser, None, f"{TUNING} where the suite has worlds, else 0")
    add(
        "--heats", nargs="+", action=flags.Unique, default=[], metavar="TASK",
        help="tasks on which every setting is trained, with the first seed; default: all of --tasks",
    )  # fmt: skip
    add(
        "--finalists", type=flags.positive_int, default=4, metavar="N",
        help="settings per method, the best in the heats, that all tasks and seeds train; default: 4",
    )  # fmt: skip
    flags.add_device(parser)
    flags.add_jobs(parser)
    flags.add_out(parser, "folder of the scores on validation data, and of their table", FOLDER)
    add_yes(parser, "--tasks or --methods")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run the missing jobs, keep each result as it comes, and write a table of every method's best setting."""
    suite, device = load_suite(arguments.suite), pick_device(arguments.device)
    known = discover(BASELINES)
    names = [one_of("method", name, known) for name in arguments.methods or known]
    tasks = [suite.task(name).name for name in arguments.tasks or suite.main]
    of_heats = [one_of("task among --tasks", name, tasks) for name in arguments.heats or tasks]
    specs = {name: baseline_specs([name]) for name in names}
    on = _kind([suite.task(name) for name in tasks])
    seeds = arguments.seeds or [TUNING if any(suite.task(name).scenario.worlds > 1 for name in tasks) else 0]
    jobs = [
        job
        for name in names
        for options in settings(known[name].submission.hyper(on), arguments.trials, on)
        for job in plan_tuning(arguments.suite, tasks, specs[name], seeds, device, options)
    ]
    jobs, skipped = offered(jobs)
    for line in skipped:
        say(console, line)
    heats = [job for job in jobs if job.seed == seeds[0] and job.task.name in of_heats]
    done, _ = split_done(arguments.out, heats)
    finals = _finals(jobs, heats, done, arguments.finalists)
    _, missing = split_done(arguments.out, heats + finals)
    tried = _tried(arguments.out, suite.name, known)
    # For a method that was never tried, the results of its default setting give the time.
    seconds = measured(Store(OWN, suite.name).rows()) | _seconds(itertools.chain(*tried.values()))
    ahead = forecast(heats + finals, missing, arguments, seconds)
    if not may_start(ahead, arguments, console, chosen=bool(arguments.tasks or arguments.methods)):
        return 0
    check_writable(arguments.out, "--out")
    resources = resources_of(arguments, device)
    results = _tune_missing(heats, arguments.out, resources, console)
    finals = _finals(jobs, heats, results, arguments.finalists)
    results += _tune_missing(finals, arguments.out, resources, console)
    for name, others in _tried(arguments.out, suite.name, known).items():
        if name not in names:
            stored = [other for other in others if other.task in tasks and other.seed in seeds]
            results += in_order(stored, known[name].submission.hyper(on), on)
    table = sweep_table(results, known)
    write_atomically(arguments.out / f"{suite.name}.md", f"# The sweep of suite {suite.name}\n\n{COLUMNS}\n\n{table}\n")
    print(table)
    return 0


def _kind(tasks: Sequence[Task]) -> Only:
    """Return the kind of task that settings are for; raise `SpurgenError` if the tasks differ in it."""
    backbones = {task.backbone for task in tasks}
    if "finetuned" in backbones:
        raise SpurgenError(
            "--tasks: where encoders are trained all methods have the same settings; leave such tasks out"
        )
    if len(backbones) > 1:
        raise SpurgenError("--tasks: some give baselines frozen features, others not; sweep them apart")
    return "features" if "frozen" in backbones else "inputs"


def _tried(folder: Path, suite: str, methods: Iterable[str]) -> dict[str, list[TuningResult]]:
    """Return what is stored of methods, by method."""
    return {name: read_tuning(results_file(folder, suite, name)) for name in methods}


def _seconds(tried: Iterable[TuningResult]) -> dict[tuple[str, str], list[float]]:
    """Return how long the settings took that were tried before, by method and task."""
    seconds: dict[tuple[str, str], list[float]] = {}
    for result in tried:
        if not result.error:
            seconds.setdefault((result.method, result.task), []).append(result.seconds)
    return seconds


def _finals(jobs: Sequence[Job], heats: Sequence[Job], results: Sequence[TuningResult], count: int) -> list[Job]:
    """Return the final jobs, with each method's best settings in the `results` of its heats.

    For a method with too few results the first settings are taken, except those that failed, so that a forecast counts
    as many jobs.
    """
    in_heats = {job.identity for job in heats}
    chosen = []
    for method in dict.fromkeys(map(method_of, jobs)):
        own = [job for job in jobs if method_of(job) == method]
        scored = score_settings(result for result in results if result.method == method)
        options = [setting.options for setting in finalists(scored, count)]
        known = [dict(result.options) for result in results if result.method == method]
        unscored = (dict(job.options) for job in own if dict(job.options) not in known)
        options += list({str(some): some for some in unscored}.values())[: count - len(options)]
        chosen += [job for job in own if job.identity not in in_heats and dict(job.options) in options]
    return chosen


def _tune_missing(jobs: Sequence[Job], folder: Path, resources: Resources, console: Console) -> list[TuningResult]:
    """Run the jobs without a result; return all results in the order of the jobs: of equal settings the first wins."""
    done, missing = split_done(folder, jobs)
    results = {result.identity: result for result in done}
    for job, result in run_jobs(tune, missing, console, resources, len(done)):
        add_result(results_file(folder, result.suite, result.method), result)
        results[job.identity] = result
        say(console, _line(result))
    return [results[job.identity] for job in jobs]


def _line(result: TuningResult) -> str:
    about = f"{result.method}  {result.task}  {result.options}"
    if result.error:
        return f"{about}  failed: {first_line(result.error)}"
    worst = "" if result.robust is None else f"  worst of agree and mislead {result.robust:.3f}"
    return f"{about}  val accuracy {result.accuracy:.3f}{worst}"


def sweep_table(results: Sequence[TuningResult], known: dict[str, ModuleType]) -> str:
    """Return a Markdown table: each method's score at its defaults, which are tried first, and at its best setting."""
    lines = []
    for name in known:
        own = [result for result in results if result.method == name]
        if not own:
            continue
        tried = score_settings(own)
        best = choose(tried)
        lines.append(
            {
                "Method": name,
                "Access": known[name].submission.ACCESS,
                "Judged by": "accuracy" if all(result.worst is None for result in own) else "worst of agree, mislead",
                "Settings": len(tried),
                "Worked": sum(setting.score is not None for setting in tried),
                "Defaults": _score(tried[0].score),
                "Best": _score(best and best.score),
                "Chosen": _chosen(best, tried),
            }
        )
    return markdown_table(lines)


def _chosen(best: Setting | None, tried: Sequence[Setting]) -> str:
    """Return the values of a setting; one that is an end of three or more that were tried says which."""
    if best is None:
        return "none worked"
    cells = []
    for name, value in best.options.items():
        values = sorted({setting.options[name] for setting in tried if name in setting.options})
        end = {values[0]: " (lowest)", values[-1]: " (highest)"}.get(value, "") if len(values) > 2 else ""
        cells.append(f"{name} = {value:g}{end}")
    return ", ".join(cells) or "defaults: nothing is searched"


def _score(score: tuple[float, ...] | None) -> str:
    return "" if score is None else f"{score[0]:.3f}"


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__]))
