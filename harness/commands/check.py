"""Tries a submission on small tasks, in a minute, and says what to change: run this first."""

import argparse
from shlex import quote

from rich.console import Console
from tabulate import tabulate

from spurgen.benchmark.errors import SubmissionError
from spurgen.benchmark.suite import load_suite
from spurgen.harness.commands._arguments import add_limits, add_suite, isolation_told, limits_of
from spurgen.harness.machine.devices import pick_device
from spurgen.harness.running.plan import baseline_specs
from spurgen.harness.running.preflight import CHECKS, check_modality, example_tasks, explained
from spurgen.harness.sandbox.process import describe


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's flags."""
    parser.add_argument("submission", help="path/to/file.py, package.module, package.module:attribute, or a baseline")
    add_suite(parser)
    parser.add_argument("--device", default="auto", help="cpu, cuda or auto (cuda when there is one)")
    add_limits(parser)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Prints a table, a column per modality that the submission takes, and what to change; returns 1 if anything."""
    suite, limits, device = load_suite(arguments.suite), limits_of(arguments), pick_device(arguments.device)
    (spec,) = baseline_specs([arguments.submission])
    console.print(isolation_told(limits), markup=False, soft_wrap=True)
    try:
        about = describe(spec, {}, limits, device)
    except SubmissionError as error:
        console.print(explained(spec, error), markup=False, style="red", soft_wrap=True)
        return 1
    examples = example_tasks(suite)
    tasks = {m: task for m, task in examples.items() if m in about["modalities"]}
    if not tasks:
        there = (
            f"{about['name']} takes {', '.join(about['modalities'])}, and {suite.name} has {', '.join(examples)} tasks"
        )
        console.print(
            f"nothing to check: {there}; see MODALITIES and --suite", markup=False, style="red", soft_wrap=True
        )
        return 1
    console.print(f"{about['name']}: access {about['access']}, offers {', '.join(about['offers'])}", markup=False)
    found = {m: check_modality(spec, task, limits, device) for m, task in tasks.items()}
    lines = [{"": check, **{m: findings.outcomes.get(check, "-") for m, findings in found.items()}} for check in CHECKS]
    print(tabulate(lines, headers="keys", tablefmt="pipe", disable_numparse=True))
    failures = list(dict.fromkeys(text for findings in found.values() for text in findings.failures))
    for text in failures:
        console.print(f"\n{text}", markup=False, style="red", soft_wrap=True)
    for text in dict.fromkeys(text for findings in found.values() for text in findings.notes):
        console.print(f"\nnote: {text}", markup=False, soft_wrap=True)
    if failures:
        console.print(f"\n{len(failures)} to mend; then run this again", markup=False)
        return 1
    times = [findings.seconds or 0.0 for task in suite.tasks.values() if (findings := found.get(task.modality))]
    minutes = sum(times) / 60
    console.print(
        f"\nAll is well. {len(times)} tasks of {suite.name} take "
        f"{f'about {minutes:.0f} min' if minutes >= 1 else 'less than a minute'} a seed, one after the "
        f"other; next: spurgen score {quote(arguments.submission)} "
        f"--tasks {' '.join(task.name for task in tasks.values())}",
        markup=False, soft_wrap=True,
    )  # fmt: skip
    return 0
