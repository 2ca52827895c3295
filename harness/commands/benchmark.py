"""Train and score the jobs of a suite that have no result yet, and print the leaderboard; or plan them for machines."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import fmean

from rich.console import Console

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.manifest import dump_manifest
from spurgen.benchmark.plugins import BASELINES, is_baseline, names_in
from spurgen.benchmark.suite import Suite, load_suite
from spurgen.harness.board.placing import ERM
from spurgen.harness.machine.files import cache_folder, check_writable, write_atomically
from spurgen.harness.machine.printing import and_list, say
from spurgen.harness.machine.provenance import pick_device
from spurgen.harness.options.flags import Unique, open_store, refuse
from spurgen.harness.options.jobs import LIMITS, add_yes, describe_isolation, limits_of
from spurgen.harness.options.submissions import (
    add_run_arguments,
    check_shown_files,
    compute_features,
    encode,
    report_failures,
    run_all,
    run_submissions,
)
from spurgen.harness.results.rows import Rows
from spurgen.harness.results.store import CEILING, MATCHED, TRICKS, Store
from spurgen.harness.running.executing import find_missing
from spurgen.harness.running.job import Job
from spurgen.harness.running.plan import (
    Forecast,
    baseline_specs,
    by_task,
    measured,
    offered,
    plan,
    read_plan,
    share,
    to_jobs,
    to_lines,
    tricks,
)
from spurgen.harness.sandbox.limits import DEFAULT
from spurgen.harness.splits.frozen import extend

TO_PLAN = ("plan", "suite", "tasks", "seeds", "submissions", "results")
"""Flags that decide the contents of a plan."""
OF_LIMITS = ("isolation", *(flag.strip("-").replace("-", "_") for flag, *_ in LIMITS))
TO_WORK = ("planned", "share", "results", "device", "jobs", *OF_LIMITS)
"""Flags that decide which jobs of a plan run, and how; the plan decides the rest."""
Memory = dict[tuple[str, str], int]  # peak bytes by label and task
DRAWS = 3  # of the matched control: with 8 samples, which they are decides much


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    parser.add_argument(
        "planned", nargs="?", type=Path, metavar="PLAN",
        help="what --plan wrote: run its jobs, or their --share; each share needs --results of its own",
    )  # fmt: skip
    add_run_arguments(parser)
    add_yes(parser, "--tasks or --submissions")
    parser.add_argument(
        "--submissions", nargs="+", action=Unique, default=[], metavar="SUBMISSION",
        help=f"files, modules or baselines; default: all of {', '.join(names_in(BASELINES))}",
    )  # fmt: skip
    parser.add_argument(
        "--controls", action="store_true",
        help="make the control rows of the chosen ladders as well: ERM without correlations, with as many samples (the "
        "ceiling) and with only as many as there are counterexamples (the matched control), and tricks that know how "
        "worlds are drawn",
    )  # fmt: skip
    parser.add_argument(
        "--data-dir", type=Path, metavar="FOLDER",
        help="where published data sets lie: the suite gets a ladder of each that it describes and that is there",
    )  # fmt: skip
    parser.add_argument(
        "--plan", type=Path, metavar="FILE", help="write the jobs without a result to a file, a line each, and run none"
    )


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Verify the splits, run the missing jobs and print the leaderboard; return 1 if a job failed.

    Without `--tasks`, `--submissions` or `--yes`, print what is missing: it may take hours.
    """
    if arguments.planned:
        refuse(arguments, add_arguments, f"on the jobs of {arguments.planned}", TO_WORK)
        return _work(arguments, console)
    if arguments.plan:
        refuse(arguments, add_arguments, "with --plan", TO_PLAN)
        return _write_plan(arguments, console)
    chosen = bool(arguments.tasks or arguments.submissions)
    if arguments.data_dir:
        arguments.suite = str(_with_described(load_suite(arguments.suite), arguments, console))
    controls = partial(_run_controls, arguments, console, _controls(arguments)) if arguments.controls else list
    return run_submissions(arguments, console, baseline_specs(arguments.submissions), then=controls, chosen=chosen)


def _with_described(suite: Suite, arguments: argparse.Namespace, console: Console) -> Path:
    """Write a suite with those data sets in --data-dir that a suite describes; freeze them, measure their ceilings.

    Return its file. Raise `SpurgenError` if the suite describes none, or there is no such folder.
    """
    from spurgen.harness.experiments.curves import Run, measure, unencoded  # imported late: torch is slow to import
    from spurgen.harness.own.described import absent, descriptions, set_ceiling, with_described

    known, data = descriptions(suite), arguments.data_dir
    if not known:
        raise SpurgenError(f"suite {suite.name} describes no published data sets; leave out --data-dir")
    if not data.is_dir():
        raise SpurgenError(f"--data-dir {data}: there is no such folder")
    for line in absent(known, data):
        say(console, line)
    file = with_described(suite, data)
    whole = load_suite(str(file))
    added = [name for name in known if name in whole.ladders]
    for name in added:
        scenario, described = whole.ladders[name][0].scenario, str(whole.scenario_file(name))
        if scenario.ceiling is None:
            runs = [Run("", described, draw, ERM, rungs=(0,), uncorrelated=True) for draw in range(scenario.worlds)]
            encode(unencoded(runs), console, arguments.jobs)
            curves = measure(runs, cache_folder() / "ladders.json", arguments.jobs, lambda _: None)
            set_ceiling(Path(described), fmean(curves[run]["0"]["robust_accuracy"] for run in runs))
    whole = load_suite(str(file))
    write_atomically(whole.manifest_file, dump_manifest(extend(whole, suite, jobs=arguments.jobs)))
    say(console, f"{file}: suite {suite.name} with {and_list(added) if added else 'its own ladders alone'}")
    return file


def _controls(arguments: argparse.Namespace) -> dict[str, list[Job]]:
    """Return the jobs of control rows by kind: the ceiling once a ladder, the others on each rung.

    Raise `SpurgenError` if no rung above 0 was chosen.
    """
    suite = load_suite(arguments.suite)
    tasks = [suite.task(name) for name in arguments.tasks or suite.usual]
    chosen = [task for task in tasks if task.of and task.counterexamples]
    if not chosen:
        raise SpurgenError("--controls are of ladders: choose tasks with counterexamples, such as things-text-16")
    highest = {rung.of: rung.name for rung in sorted(chosen, key=lambda rung: rung.counterexamples)}
    planned = partial(plan, arguments.suite, device=pick_device(arguments.device), limits=limits_of(arguments))
    each, erm = [rung.name for rung in chosen], baseline_specs([ERM])
    free = planned(each, erm, arguments.seeds, uncorrelated=True)
    made = {
        CEILING: planned([*highest.values()], erm, arguments.seeds, uncorrelated=True),
        MATCHED: [
            replace(job, matched=True, draw=draw, row=f"{ERM}-draw={draw}" if draw else "")
            for draw in range(DRAWS) for job in free
            if (draw + 1) * job.task.counterexamples <= job.task.num_train  # enough free samples for a disjoint draw
        ],
        TRICKS: offered(planned(each, tricks(), arguments.seeds))[0],
    }  # fmt: skip
    return {kind: share(by_task(jobs), *arguments.share) if arguments.share else jobs for kind, jobs in made.items()}


def _run_controls(arguments: argparse.Namespace, console: Console, jobs: Mapping[str, list[Job]]) -> list[str]:
    """Run the missing jobs of each kind; return the errors of those that failed."""
    failures = []
    for kind, of_kind in jobs.items():
        store = Store(arguments.results, load_suite(arguments.suite).name, kind)
        missing = find_missing(of_kind, store.rows())
        if missing:
            say(console, f"control rows, {kind}: {store.folder}")
            compute_features(missing, console, arguments.jobs)
            failures += run_all(of_kind, store, console, arguments)
    return failures


def _work(arguments: argparse.Namespace, console: Console) -> int:
    """Run the jobs that have no result in --results; return 1 if one failed."""
    device = pick_device(arguments.device)
    planned = read_plan(arguments.planned, *(arguments.share or (0, 1)))
    if not planned:
        say(console, "nothing to run: the plan has fewer jobs than shares")
        return 0
    if len({line.suite for line in planned}) > 1:
        raise SpurgenError(f"{arguments.planned} has jobs of several suites; plan each by itself")
    jobs = to_jobs(planned, device, limits_of(arguments))
    suite = jobs[0].task.scenario.suite
    check_writable(arguments.results, "--results")
    say(console, describe_isolation(limits_of(arguments)))
    check_shown_files({line.submission for line in planned}, load_suite(planned[0].suite), arguments.results)
    store = Store(arguments.results, suite, shipped=False)  # a share holds only the results that it made
    errors = run_all(jobs, store, console, arguments)
    say(console, "some jobs failed" if errors else f"done: {store.folder} has the results, {len(planned)} in all")
    return report_failures(errors, console)


def _write_plan(arguments: argparse.Namespace, console: Console) -> int:
    suite = load_suite(arguments.suite)
    rows = open_store(suite, arguments, console).rows()
    specs = baseline_specs(arguments.submissions)
    jobs, skipped = offered(plan(arguments.suite, arguments.tasks, specs, arguments.seeds))
    for line in skipped:
        say(console, line)
    if not all(map(is_baseline, specs)):
        say(console, describe_isolation(DEFAULT))  # of the process that reports which tasks a submission takes
    missing = find_missing(jobs, rows)
    forecast = Forecast(jobs, missing, measured(rows), None)
    say(console, forecast.sentence())
    if not missing:
        say(console, f"{arguments.plan} is not written: it would hold no job")
        return 0
    write_atomically(arguments.plan, to_lines(arguments.suite, forecast, _memory(rows, missing)))
    say(console, f"wrote {arguments.plan}: {len(missing)} jobs, a line each")
    return 0


def _memory(rows: Rows, jobs: Sequence[Job]) -> Memory:
    """Return the likely peak memory of jobs, in bytes: of stored results, else the largest on the same task."""
    peaks: Memory = {}
    largest: dict[str, int] = {}
    for label, row in rows.items():
        for task, part in row.items():
            peaks[label, task] = max(result.provenance.peak_memory_bytes or 0 for result in part.results)
            largest[task] = max(peaks[label, task], largest.get(task, 0))
    keys = [(job.label, job.task.name) for job in jobs]
    likely = {key: peaks.get(key) or largest.get(key[1], 0) for key in keys}
    return {key: peak for key, peak in likely.items() if peak}
