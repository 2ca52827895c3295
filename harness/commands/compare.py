"""Compare two rows: which is better, by how much, how significantly, and in which shortcuts; runs no model."""

import argparse
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.suggest import one_of
from spurgen.benchmark.suite import Suite, load_suite
from spurgen.harness.board.by_unit import RANKED_BY, Unit
from spurgen.harness.board.columns import column
from spurgen.harness.board.comparison import SideBySide, better, compare_rows
from spurgen.harness.board.files import read_private
from spurgen.harness.board.schema import SCHEMA_VERSION
from spurgen.harness.machine.files import write_atomically
from spurgen.harness.machine.printing import markdown_table, p_equals, p_text, say
from spurgen.harness.options.flags import add_results, add_suite, add_tasks, open_store
from spurgen.harness.statistics.comparison import Compared
from spurgen.harness.statistics.differences import ALPHA

FOLLOWS = "follows/"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    parser.add_argument("first", help="a row's name, such as group_dro: its file in the results")
    parser.add_argument("second", help="the row to compare it with")
    add_suite(parser)
    add_tasks(parser, "all that both rows have")
    add_results(parser)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the comparison as JSON")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Print a sentence and a table for every set of tasks, and every task, that both rows have."""
    suite = load_suite(arguments.suite)
    rows = open_store(suite, arguments, console).rows()
    first, second = (one_of("row", name, rows) for name in (arguments.first, arguments.second))
    if first == second:
        raise SpurgenError(f"{first} is compared with itself; name two rows")
    tasks = [suite.task(name).name for name in arguments.tasks or suite.tasks]
    comparison = compare_rows(suite, rows, first, second, tasks, read_private(suite, arguments.results))
    if not comparison.tasks:
        raise SpurgenError(f"{first} and {second} have no task in common; left out: {_left_out(comparison)}")
    print(_text(suite, first, second, comparison))
    if arguments.json:
        names = {"schema_version": SCHEMA_VERSION, "suite": suite.name, "first": first, "second": second}
        write_atomically(arguments.json, json.dumps(names | _record(comparison), indent=1, allow_nan=False) + "\n")
        say(console, f"wrote {arguments.json}")
    return 0


def _record(comparison: SideBySide) -> dict[str, Any]:
    """Return a comparison as JSON holds it, with the row that is better in each metric."""
    record = asdict(comparison)
    for part, tables in (("overall", comparison.overall), ("tasks", comparison.tasks)):
        for name, metrics in tables.items():
            for metric, compared in metrics.items():
                record[part][name][metric]["better"] = better(metric, compared)
    return record


def _text(suite: Suite, first: str, second: str, comparison: SideBySide) -> str:
    sections = [
        (f"Overall, {name}: mean over {', '.join(suite.overall[name])}", metrics)
        for name, metrics in comparison.overall.items()
    ]
    sections += [(f"{name}, {_units(comparison.units[name])}", metrics) for name, metrics in comparison.tasks.items()]
    parts = []
    for title, metrics in sections:
        table = markdown_table([_line(first, second, *item) for item in metrics.items()])
        parts += [f"## {title}", _sentence(first, second, metrics), table]
    parts.append(
        "Moderated paired t-test over worlds, or over seeds where there is one world; Holm-corrected over everything "
        "shown, 5 %; intervals are uncorrected. (The leaderboard corrects over all pairs of baselines instead, and in "
        "its column To ERM over the differences to ERM, so it may find a difference that is not significant here, and "
        "the other way round.)"
    )
    if comparison.left_out:
        parts.append(f"Left out: {_left_out(comparison)}")
    return "\n\n".join([f"# {first} and {second} on {suite.name}", *parts])


def _line(first: str, second: str, metric: str, compared: Compared) -> dict[str, str]:
    between = "" if compared.interval is None else " ({:+z.3f} to {:+z.3f})".format(*compared.interval)
    return {
        "": _title(metric),
        first: f"{compared.first:.3f}",
        second: f"{compared.second:.3f}",
        "difference (95 %)": f"{compared.difference:+z.3f}{between}",
        "p, Holm": p_text(compared.p_holm),
        "better": {"first": first, "second": second, None: ""}[better(metric, compared)],
    }


def _title(metric: str) -> str:
    name, _, channel = metric.partition("/")
    title = column(name).title
    return f"{title}, {channel}" if channel else title


def _sentence(first: str, second: str, metrics: Mapping[str, Compared]) -> str:
    """Return which row is better in the metric that ranks, and which follows less which channels."""
    ranked_by, name = metrics[RANKED_BY], column(RANKED_BY).title.lower()
    if ranked_by.significant:
        ahead, behind = (first, second) if ranked_by.difference > 0 else (second, first)
        margin = f"{abs(ranked_by.difference):.3f} in {name}"
        sentence = f"{ahead} beats {behind} by {margin} ({p_equals(ranked_by.p_holm)})."
    else:
        alone = ranked_by.p is not None and ranked_by.p < ALPHA
        corrected = f" once corrected for everything shown (p {p_text(ranked_by.p)} alone)" if alone else ""
        sentence = f"Neither beats the other in {name}: {ranked_by.difference:+z.3f} is not significant{corrected}."
    for side, label in (("first", first), ("second", second)):
        channels = [
            name.removeprefix(FOLLOWS)
            for name, c in metrics.items()
            if name.startswith(FOLLOWS) and better(name, c) == side
        ]
        if channels:
            sentence += f" {label} follows {', '.join(channels)} less."
    return sentence


def _units(units: tuple[int, int, Unit]) -> str:
    first, second, name = units
    if first == second:
        return f"{first} {name}{'s' * (first > 1)}"
    common = min(first, second)
    return f"the {common} {name}{'s' * (common > 1)} that both have, of {first} and {second}"


def _left_out(comparison: SideBySide) -> str:
    by_reason: dict[str, list[str]] = {}
    for task, reason in comparison.left_out.items():
        by_reason.setdefault(reason, []).append(task)
    return "; ".join(f"{', '.join(tasks)} ({reason})" for reason, tasks in by_reason.items()) + "."
