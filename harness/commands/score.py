"""Scores a submission, a .py file or module[:attribute], and gives it a row."""

import argparse
from pathlib import Path

from rich.console import Console

from spurgen.harness.benchmarking import baseline_specs
from spurgen.harness.commands.benchmark import add_run_arguments, run_specs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's flags."""
    parser.add_argument("submission", help="path/to/file.py, package.module, package.module:attribute, or a baseline")
    add_run_arguments(parser)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Runs the submission's missing cells and prints the tables of its tasks."""
    spec = arguments.submission
    if spec.endswith(".py"):
        spec = str(Path(spec).expanduser())
    specs = baseline_specs([spec])
    return run_specs(arguments, console, specs, mine=specs)
