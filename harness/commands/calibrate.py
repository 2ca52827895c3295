"""Measures whether a suite's main tasks are learnable, shortcut-prone and telling; makes CALIBRATION.md's table."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from tabulate import tabulate

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.result import Cell
from spurgen.benchmark.suite import DEFAULT_SUITE, Suite, Task, load_suite
from spurgen.harness.commands._arguments import Unique, add_suite, positive_int
from spurgen.harness.commands._sections import around, renew
from spurgen.harness.machine.files import check_writable, write_atomically
from spurgen.harness.results.store import RESULTS, read_cell
from spurgen.harness.running.plan import baseline_specs, path_of, plan, run_missing
from spurgen.harness.validity._bayes import told_by

METHODS = ("erm", "resample", "group_dro")
OUT = Path("benchmark/CALIBRATION.md")
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
EVIDENCE = """\
What the evidence itself tells: how often the label is right that is most probable, given all channels, the core cue, or
both, each weighed exactly as it occurs in train. No model is trained for this."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's flags."""
    add_suite(parser)
    parser.add_argument("--tasks", nargs="+", action=Unique, default=[], help="default: the suite's main tasks")
    parser.add_argument("--seeds", type=positive_int, default=5, help="default: 5")
    parser.add_argument("--jobs", type=positive_int, help="cells at a time; default: one per core")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the rows")
    parser.add_argument(
        "--out", type=Path,
        help=f"a file whose section from {BEGIN} to {END} is renewed; default: {OUT}, for some tasks only, or a "
        f"suite other than {DEFAULT_SUITE}, none",
    )  # fmt: skip


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Runs the methods and the uncorrelated reference, prints the table and renews it in the file, if there is one."""
    suite = load_suite(arguments.suite)
    names = arguments.tasks or list(suite.main)
    whole = suite.name == DEFAULT_SUITE and {*names} >= {*suite.main}
    out = arguments.out or (OUT if whole else None)
    if out and out.exists():
        around(out, BEGIN, END)
    rows = plan(arguments.suite, names, baseline_specs(METHODS), arguments.seeds)
    erm = baseline_specs(["erm"])
    references = plan(arguments.suite, names, erm, arguments.seeds, uncorrelated=True)
    check_writable(arguments.results, "--results")
    folders = {False: arguments.results, True: arguments.results.parent / "calibration"}
    for cells in (references, rows):
        for _, error in run_missing(cells, folders[cells[0].uncorrelated], console, arguments.jobs):
            if error:
                raise SpurgenError(error)
    done = [read_cell(path_of(folders[cell.uncorrelated], cell)) for cell in (*references, *rows)]
    evidence = evidence_table(suite, names)
    table = f"{calibration_table(done)}\n\n{EVIDENCE}\n\n{evidence}"
    print(table)
    if out:
        if not out.exists():
            write_atomically(out, f"{BEGIN}\n{END}\n")
        renew(out, BEGIN, END, table)
    return 0


def calibration_table(cells: Sequence[Cell]) -> str:
    """Averages over seeds, per task and method: Markdown, mean and standard deviation (ddof 1) of the WGA."""
    groups: dict[tuple[str, str], list[Cell]] = {}
    for cell in cells:
        method = f"{cell.submission}, uncorrelated data" if cell.uncorrelated else cell.submission
        groups.setdefault((cell.task, method), []).append(cell)
    lines = []
    for (task, method), some in sorted(groups.items()):
        wga = np.array([cell.figures["wga"] for cell in some])
        spread = f" ± {wga.std(ddof=1):.3f}" if len(wga) > 1 else ""
        means = {name: np.mean([cell.figures[name] for cell in some]) for name in some[0].figures}
        lines.append(
            {
                "Task": task,
                "Trained by": method,
                "Aligned accuracy": f"{means['aligned_accuracy']:.3f}",
                "All-conflicting accuracy": f"{means['conflicting_accuracy']:.3f}",
                "WGA": f"{wga.mean():.3f}{spread}",
                "Seeds": len(some),
            }
        )
    return tabulate(lines, headers="keys", tablefmt="pipe", disable_numparse=True)


def evidence_table(suite: Suite, names: Sequence[str]) -> str:
    """Shows what the channels, the core cue and both tell of the label, per scenario and set of channels: Markdown."""
    worlds: dict[tuple[str, tuple[str, ...]], list[Task]] = {}
    for task in map(suite.task, names):
        worlds.setdefault((task.scenario.name, task.channels), []).append(task)
    lines = []
    for (_, channels), alike in worlds.items():
        judged = {"channels": (channels, False), "core cue": ((), True), "both": (channels, True)}
        for evidence, (counted, core) in judged.items():
            found = told_by(alike[0].scenario, counted, core)
            lines.append(
                {
                    "Task": ", ".join(task.name for task in alike),
                    "Evidence": evidence,
                    "Accuracy on train": f"{found['train']:.3f}",
                    "Aligned accuracy": f"{found['aligned']:.3f}",
                    "All-conflicting accuracy": f"{found['conflicting']:.3f}",
                    "WGA": f"{found['wga']:.3f}",
                }
            )
    return tabulate(lines, headers="keys", tablefmt="pipe", disable_numparse=True)
