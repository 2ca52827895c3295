"""Measure whether a suite's main tasks can be learned, and how far ERM fails on them."""

import argparse
from dataclasses import replace

from rich.console import Console

from spurgen.benchmark.suite import load_suite
from spurgen.harness.commands._arguments import (
    add_device,
    add_jobs,
    add_results,
    add_seeds,
    add_suite,
    add_tasks,
)
from spurgen.harness.commands._calibration import calibration_table, ideal_table
from spurgen.harness.commands._cluster import resources_of
from spurgen.harness.commands._planning import add_yes, forecast, may_start
from spurgen.harness.commands._sections import add_page, around, renew
from spurgen.harness.machine.devices import pick_device
from spurgen.harness.results.store import REFERENCE, Store
from spurgen.harness.running.forecast import measured
from spurgen.harness.running.missing import find_missing, run_all_or_raise
from spurgen.harness.running.plan import baseline_specs, plan

METHODS = ("erm", "resample", "group_dro")
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
ASKED = """\
What the training data ask for: how often the most probable label is right on train given what a sample shows of the
channels, of the core cue, and of both; then the ideal observer, which weighs both exactly as they occur in train, on
test. Reliance is by channel. No model is trained for this."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    add_suite(parser)
    add_tasks(parser, "the suite's main tasks")
    add_seeds(parser, "0-4")
    add_device(parser)
    add_jobs(parser)
    add_results(parser)
    add_page(parser, BEGIN, END)
    add_yes(parser, "--tasks")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run the methods and the uncorrelated reference, print the table, and renew it in the file that is named."""
    suite = load_suite(arguments.suite)
    names = arguments.tasks or list(suite.main)
    if arguments.page:
        around(arguments.page, BEGIN, END)
    jobs = {
        REFERENCE: plan(arguments.suite, names, baseline_specs(["erm"]), arguments.seeds, uncorrelated=True),
        "": plan(arguments.suite, names, baseline_specs(METHODS), arguments.seeds),
    }
    stores = {kind: Store(arguments.results, suite.name, kind) for kind in jobs}
    rows = {kind: store.rows() for kind, store in stores.items()}
    missing = [job for kind in jobs for job in find_missing(jobs[kind], rows[kind])]
    if missing:
        device = pick_device(arguments.device)
        jobs = {kind: [replace(job, device=device) for job in those] for kind, those in jobs.items()}
    every = [job for those in jobs.values() for job in those]
    ahead = forecast(every, missing, arguments, measured(*rows.values()))
    if not may_start(ahead, arguments, console, chosen=bool(arguments.tasks)):
        return 0
    results = []
    for kind, store in stores.items():
        results += run_all_or_raise(jobs[kind], store, console, resources_of(arguments, every[0].device))
    methods = calibration_table(suite, results)
    table = f"{methods}\n\n{ASKED}\n\n{ideal_table(suite, names)}"
    print(table)
    if arguments.page:
        renew(arguments.page, BEGIN, END, table)
    return 0
