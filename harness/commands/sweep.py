"""Tunes methods on validation data: the same number of settings for each, drawn from what it declares."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from tabulate import tabulate

from spurgen.benchmark.plugins import discover, names_in
from spurgen.benchmark.specs import BASELINES
from spurgen.benchmark.suggest import one_of
from spurgen.benchmark.suite import load_suite
from spurgen.harness.commands._arguments import Unique, add_suite, positive_int
from spurgen.harness.experiments.tuning import (
    STRATEGIES,
    choose,
    keep,
    ranked,
    results_file,
    settings,
    split_done,
    tune,
)
from spurgen.harness.experiments.tuning_result import TuningResult, read_tuning
from spurgen.harness.machine import pool
from spurgen.harness.machine.devices import pick_device
from spurgen.harness.machine.files import check_writable, write_atomically
from spurgen.harness.machine.progress import make_progress
from spurgen.harness.running.plan import baseline_specs, check_backbones, plan

FOLDER = Path("benchmark/sweeps")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's flags."""
    add_suite(parser)
    parser.add_argument("--tasks", nargs="+", action=Unique, default=[], help="default: the suite's main tasks")
    parser.add_argument(
        "--methods", nargs="+", action=Unique, default=[], help=f"default: all, {', '.join(names_in(BASELINES))}"
    )
    parser.add_argument(
        "--trials", type=positive_int, default=8, help="settings per method, defaults included; default: 8"
    )
    parser.add_argument("--strategy", choices=STRATEGIES, default="random", help="default: random")
    parser.add_argument("--seeds", type=positive_int, default=1, help="training seeds per setting and task; default: 1")
    parser.add_argument("--device", default="auto", help="cpu, cuda or auto")
    parser.add_argument("--jobs", type=positive_int, help="trials at a time; default: one per core, one on cuda")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder of the trials")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Runs the missing trials, keeps each as it ends, and writes the table of what was chosen, now and before."""
    suite, device = load_suite(arguments.suite), pick_device(arguments.device)
    check_writable(arguments.out, "--out")
    known = discover(BASELINES)
    names = [one_of("method", name, known) for name in arguments.methods or known]
    tasks = [suite.task(name).name for name in arguments.tasks or suite.main]
    jobs = [
        job
        for name in names
        for options in settings(known[name].Hyperparameters(), arguments.trials, arguments.strategy)
        for job in plan(arguments.suite, tasks, baseline_specs([name]), arguments.seeds, device=device, options=options)
    ]
    done, missing = split_done(arguments.out, jobs)
    check_backbones(missing)
    found = {trial.identity: trial for trial in done}
    with make_progress(console) as progress:
        bar = progress.add_task("jobs", total=len(jobs), completed=len(done))
        for job, trial in pool.run(tune, missing, arguments.jobs or (None if device == "cpu" else 1)):
            keep(results_file(arguments.out, suite.name, trial.method), trial)
            found[trial.identity] = trial
            progress.advance(bar)
            progress.console.print(f"{trial.method}  {job.task.name}  {_shown(trial)}", markup=False, soft_wrap=True)
    # In the order of the plan, not of arrival: of equal settings the first is chosen.
    planned = [found[job.identity] for job in jobs]
    others = (results_file(arguments.out, suite.name, name) for name in known if name not in names)
    kept = [result for file in others for result in read_tuning(file)]
    judged = {trial.method for trial in [*planned, *kept]}
    table = sweep_table([name for name in known if name in judged], [*planned, *kept], known)
    write_atomically(arguments.out / f"{suite.name}.md", table + "\n")
    print(table)
    return 0


def _shown(trial: TuningResult) -> str:
    """Puts a trial into a line."""
    if trial.error:
        return f"{trial.options}  failed: {trial.error.splitlines()[0]}"
    worst = "" if trial.worst is None else f"  worst group {trial.worst:.3f}"
    return f"{trial.options}  val accuracy {trial.accuracy:.3f}{worst}"


def sweep_table(names: Sequence[str], trials: Sequence[TuningResult], known: dict[str, Any]) -> str:
    """Returns a Markdown table: per method what it was judged by, at its defaults (tried first) and at the best."""
    lines = []
    for name in names:
        some = [trial for trial in trials if trial.method == name]
        judged = {str(options): score for options, score in ranked(some)}
        best = choose(some)
        chosen = ", ".join(f"{key} = {value:g}" for key, value in (best or {}).items())
        grouped = any(trial.worst is not None for trial in some)
        lines.append(
            {
                "Method": name,
                "Access": known[name].submission.ACCESS,
                "Judged by": "worst group" if grouped else "accuracy",
                "Settings": len({str(trial.options) for trial in some}),
                "Worked": len(judged),
                "Defaults": _percent(judged.get(str(some[0].options))),
                "Best": _percent(None if best is None else judged[str(best)]),
                "Chosen": "none worked" if best is None else chosen,
            }
        )
    return tabulate(lines, headers="keys", tablefmt="pipe", disable_numparse=True)


def _percent(score: tuple[float, ...] | None) -> str:
    return "" if score is None else f"{score[0]:.3f}"
