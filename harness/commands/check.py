"""Check a submission on small tasks, which takes minutes, and print what to change: run this first."""

import argparse
from collections.abc import Mapping
from shlex import quote

from rich.console import Console

from spurgen.benchmark.errors import SubmissionError
from spurgen.benchmark.shell import spurgen
from spurgen.benchmark.suite import DEFAULT_SUITE, load_suite
from spurgen.benchmark.task import Task
from spurgen.harness.machine.printing import and_list, markdown_table, say
from spurgen.harness.machine.progress import make_progress, told
from spurgen.harness.machine.provenance import pick_device
from spurgen.harness.options.flags import add_device, add_submission, add_suite
from spurgen.harness.options.jobs import add_limits, describe_isolation, limits_of
from spurgen.harness.running.plan import baseline_specs, duration
from spurgen.harness.running.preflight import (
    CHECKS,
    Accuracy,
    Findings,
    check_modality,
    erm_accuracy,
    example_tasks,
    explain_failure,
    shrunk,
)
from spurgen.harness.sandbox.limits import Limits
from spurgen.harness.sandbox.process import describe


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    add_submission(parser)
    add_suite(parser)
    add_device(parser)
    add_limits(parser)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Print a table with a column per modality, and what to change; return 1 if any check failed."""
    suite, limits, device = load_suite(arguments.suite), limits_of(arguments), pick_device(arguments.device)
    (spec,) = baseline_specs([arguments.submission])
    say(console, describe_isolation(limits))
    try:
        about = describe(spec, {}, limits, device)
    except SubmissionError as error:
        return _complain(console, explain_failure(spec, error))
    examples = example_tasks(suite)
    tasks = {modality: task for modality, task in examples.items() if modality in about.modalities}
    if not tasks:
        supported, offered = ", ".join(about.modalities), ", ".join(examples)
        mismatch = f"{about.name} takes {supported}, and {suite.name} has {offered} tasks"
        return _complain(console, f"nothing to check: {mismatch}; see MODALITIES and --suite")
    say(console, f"{about.name}: access {about.access}, offers {', '.join(about.offers)}")
    small = ", ".join(map(_small, tasks.values()))
    say(console, f"training and asking it on small tasks ({small}); models of images take minutes")
    findings, erm = _examine(spec, tasks, limits, device, console)
    wrong = _compare(findings, erm)
    lines = [{"": check, **{m: f.outcomes.get(check, "-") for m, f in findings.items()}} for check in CHECKS]
    print(markdown_table(lines))
    failures = dict.fromkeys(text for of_modality in findings.values() for text in of_modality.failures)
    for text in failures:
        _complain(console, f"\n{text}")
    for text in dict.fromkeys(text for of_modality in findings.values() for text in of_modality.notes):
        say(console, f"\nnote: {text}")
    if failures:
        say(console, f"\n{len(failures)} to fix; then run this again")
        return 1
    for text in wrong:
        _complain(console, f"\n{text}")
    times = [findings[task.modality].seconds or 0.0 for task in suite.main.values() if task.modality in findings]
    name, names = quote(arguments.submission), " ".join(task.name for task in tasks.values())
    where = "" if arguments.suite == DEFAULT_SUITE else f"--suite {suite.spoken} "
    say(
        console,
        f"\nOne seed on all {len(times)} main tasks of {suite.name} that it takes needs {duration(sum(times))}, one "
        "after the other, and longer if predictions slow down with the number of train samples. Next, for some: "
        f"{spurgen(f'score {name} {where}--tasks {names}')}",
    )
    failing = and_list([*dict.fromkeys(wrong.values())], "or")
    say(console, f"It runs, but is {failing}: see above." if wrong else "All checks passed.", "yellow" if wrong else "")
    return 0


def _examine(
    spec: str, tasks: Mapping[str, Task], limits: Limits, device: str, console: Console
) -> tuple[dict[str, Findings], dict[str, Accuracy | None]]:
    """Check a submission by modality, with a progress bar; if nothing failed, measure ERM on the same samples."""
    findings, erm = {}, {}
    with make_progress(console) as progress:
        bar = progress.add_task("checking", total=2 * len(tasks))
        for modality, task in tasks.items():
            progress.update(bar, description=f"checking {modality}")
            with told(console, f"checking {modality}"):
                findings[modality] = check_modality(spec, task, limits, device)
            progress.advance(bar)
        for modality, task in tasks.items() if not any(found.failures for found in findings.values()) else ():
            progress.update(bar, description=f"ERM on {modality}")
            with told(console, f"ERM on {modality}"):
                erm[modality] = erm_accuracy(task, limits, device)
            progress.advance(bar)
    return findings, erm


def _compare(findings: Mapping[str, Findings], known: Mapping[str, Accuracy | None]) -> dict[str, str]:
    """Show accuracies beside chance and ERM's, if `known`; return those that are not above chance.

    They are sentences, with how each fails in a few words.
    """
    wrong = {}
    for modality, found in findings.items():
        if found.accuracy is None or modality not in known:
            continue
        chance, erm = 1 / found.accuracy.num_classes, known[modality]
        beside = f"chance {chance:.2f}" + (f", ERM {erm}" if erm else "")
        found.outcomes["accuracy"] = f"{found.accuracy} ({beside})"
        if failing := found.accuracy.beside_chance:
            trains = found.outcomes["fit"] != "none"
            question = "does predict preprocess as fit does?" if trains else "are the classes in the order of labels?"
            if not found.accuracy.at_chance:
                question = "it follows the shortcuts"
            ends = f", where ERM reaches {erm}" if erm else ""
            wrong[f"{modality}: accuracy {found.accuracy} is {failing} ({chance:.2f}){ends}: {question}"] = failing
    return wrong


def _small(task: Task) -> str:
    """Return the name of a small task and, on a rung, what it trains on."""
    if not task.of:
        return task.modality
    rung = shrunk(task)
    return f"{task.modality}: {rung.num_train} samples, {rung.counterexamples} of them counterexamples"


def _complain(console: Console, text: str) -> int:
    """Print what is wrong; return the exit code."""
    say(console, text, "red")
    return 1
