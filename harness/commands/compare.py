"""Says whether one row beats another, by how much, how surely, and in which channels; needs no model."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from tabulate import tabulate

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.suggest import one_of
from spurgen.benchmark.suite import Suite, load_suite
from spurgen.harness.board.comparison import Compared, Comparison, compare
from spurgen.harness.board.rendering import p_text
from spurgen.harness.commands._arguments import Unique, add_results, add_suite
from spurgen.harness.machine.files import write_atomically
from spurgen.harness.results.store import Store

NAMES = {"wga": "WGA", "accuracy": "Accuracy", "sss": "SSS"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's flags."""
    parser.add_argument("first", help="a row's name, such as group_dro: its folder in the results")
    parser.add_argument("second", help="the row to compare it with")
    add_suite(parser)
    parser.add_argument("--task", "--tasks", nargs="+", action=Unique, default=[], dest="tasks", help="default: all")
    add_results(parser)
    parser.add_argument("--json", type=Path, help="a file to write the same to, as JSON")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Prints a sentence and a table for every set of tasks, and every task, that both have."""
    suite = load_suite(arguments.suite)
    rows = Store(arguments.results, suite.name).rows()
    first, second = (one_of("row", name, rows) for name in (arguments.first, arguments.second))
    if first == second:
        raise SpurgenError(f"{first} is the same row twice; name two")
    found = compare(suite, rows, first, second, [suite.task(name).name for name in arguments.tasks or suite.tasks])
    if not found.tasks:
        raise SpurgenError(f"{first} and {second} have no task in common: {_left_out(found)}")
    print(_text(suite, first, second, found))
    if arguments.json:
        record = {"schema_version": 2, "suite": suite.name, "first": first, "second": second, **asdict(found)}
        write_atomically(arguments.json, json.dumps(record, indent=1, allow_nan=False) + "\n")
        console.print(f"wrote {arguments.json}", markup=False)
    return 0


def _text(suite: Suite, first: str, second: str, found: Comparison) -> str:
    sections = [
        (f"Overall, {name}: mean over {', '.join(suite.overall[name])}", f) for name, f in found.overall.items()
    ]
    sections += [(f"{name}, {_seeds(found.seeds[name])}", table) for name, table in found.tasks.items()]
    parts = []
    for title, figures in sections:
        lines = [_line(first, second, *item) for item in figures.items()]
        table = tabulate(lines, headers="keys", tablefmt="pipe", disable_numparse=True)
        parts += [f"## {title}", _sentence(first, second, figures), table]
    parts += [
        "Paired bootstrap over samples, the variance over seeds added; Holm over all that is shown, 5 %. "
        "(The leaderboard corrects over all pairs of rows, so it may call tied what differs here.)"
    ]
    return "\n\n".join([f"# {first} and {second} on {suite.name}", *parts, *filter(None, [_left_out(found)])])


def _line(first: str, second: str, figure: str, found: Compared) -> dict[str, str]:
    low, high = found.interval
    return {
        "": NAMES.get(figure) or f"SSS, {figure.partition('/')[2]}",
        first: f"{found.first:.3f}",
        second: f"{found.second:.3f}",
        "difference (95 %)": f"{found.difference:+.3f} ({low:+.3f} to {high:+.3f})",
        "p, Holm": p_text(found.p_holm),
        "better": {"first": first, "second": second, None: ""}[found.better],
    }


def _sentence(first: str, second: str, figures: dict[str, Compared]) -> str:
    """Says who wins in worst-group accuracy, and in which channels who leans less."""
    wga = figures["wga"]
    if wga.better:
        ahead, behind = (first, second) if wga.better == "first" else (second, first)
        p_value = p_text(wga.p_holm)
        shown = p_value if p_value.startswith("<") else f"= {p_value}"
        told = f"{ahead} beats {behind} by {abs(wga.difference):.3f} WGA (p {shown})."
    else:
        told = f"Neither beats the other in WGA: {wga.difference:+.3f} is not significant."
    for side, label in (("first", first), ("second", second)):
        channels = [name[4:] for name, some in figures.items() if name.startswith("sss/") and some.better == side]
        if channels:
            told += f" {label} leans less on {', '.join(channels)}."
    return told


def _seeds(seeds: tuple[int, int]) -> str:
    first, second = seeds
    if first == second:
        return f"{first} seed{'s' * (first > 1)}"
    return f"{first} and {second} seeds"


def _left_out(found: Comparison) -> str:
    reasons = "; ".join(f"{name} ({reason})" for name, reason in found.left_out.items())
    return f"Left out: {reasons}." if reasons else ""
