"""Compare two rows: which needs fewer counterexamples, and which is right more often if misled; runs no model."""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from textwrap import fill
from typing import Any

from rich.console import Console
from tabulate import tabulate

from spurgen.benchmark.errors import SpurgenError, harmless
from spurgen.benchmark.suggest import one_of
from spurgen.benchmark.suite import Suite, load_suite
from spurgen.harness.board.columns import column
from spurgen.harness.board.comparison import SideBySide, better, compare_rows
from spurgen.harness.board.rows import RANKED_BY
from spurgen.harness.board.schema import SCHEMA_VERSION, Unit
from spurgen.harness.machine.files import write_atomically
from spurgen.harness.machine.printing import and_list, markdown_table, p_equals, p_text, say
from spurgen.harness.options.flags import add_results, add_suite, add_tasks, open_store
from spurgen.harness.statistics.comparison import Compared
from spurgen.harness.statistics.estimate import ALPHA

FOLLOWS = "follows/"
WIDTH, MOST, LONGEST, NAME = 80, 4, 20, 13
"""Of the first screen: characters of a line, lines of a table, and characters of a ladder's and of a row's name."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    parser.add_argument("first", help="a row's name, such as group_dro: its file in the results")
    parser.add_argument("second", help="the row to compare it with")
    add_suite(parser)
    add_tasks(parser, "all that both rows have")
    add_results(parser)
    parser.add_argument("--all", action="store_true", help="also print every metric and shortcut, on every task")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every metric as JSON")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Print both rows' counterexamples needed and accuracy if misled on one screen, and with `--all` every metric."""
    suite = load_suite(arguments.suite)
    rows = open_store(suite, arguments, console).rows()
    first, second = (one_of("row", name, rows) for name in (arguments.first, arguments.second))
    if first == second:
        raise SpurgenError(f"{first} is compared with itself; name two rows")
    tasks = [suite.task(name).name for name in arguments.tasks or suite.tasks]
    comparison = compare_rows(suite, rows, first, second, tasks)
    if not comparison.tasks:
        raise SpurgenError(f"{first} and {second} have no task in common; left out: {_left_out(comparison)}")
    print(harmless(_screen(suite, first, second, comparison, whole=arguments.all)))
    if arguments.all:
        print("", harmless(_text(suite, first, second, comparison)), sep="\n")
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
    for name, compared in comparison.asked.items():
        record["asked"][name]["better"] = better(RANKED_BY, compared)
    for name, of_rows in comparison.needed.items():
        record["needed"][name] = dict(zip(("first", "second", "ratio"), of_rows, strict=True))
    return record


def _screen(suite: Suite, first: str, second: str, comparison: SideBySide, *, whole: bool) -> str:
    """Return the answer on one screen: the main ladders or tasks, and how many of the others each row wins.

    It has at most 24 lines of 80 characters.
    """
    asked, (ours, theirs) = comparison.asked, (_cut(name, NAME) for name in (first, second))
    main = [name for name in asked if {*suite.overall.get(name, (name,))} & {*suite.main}] or [*asked]
    shown = main[:MOST]
    ladders = [
        dict(zip(("", ours, theirs, "ratio"), (_cut(name), *comparison.needed[name]), strict=True))
        for name in shown if name in comparison.needed
    ]  # fmt: skip
    scores = [
        {
            "": _cut(name), ours: f"{asked[name].first:.3f}", theirs: f"{asked[name].second:.3f}",
            "difference (95 %)": asked[name].estimate.text("+.2f"), "p, Holm": p_text(asked[name].p_holm),
        }
        for name in shown
    ]  # fmt: skip
    others = [name for name in asked if name not in shown]
    verdicts = [*_winners(first, second, {name: asked[name] for name in shown}), _counted(first, second, others, asked)]
    parts = [f"# {first} and {second} on {suite.name}"]
    if ladders:
        parts.append("Counterexamples needed for three quarters of the ceiling, and their ratio:\n" + _aligned(ladders))
    parts.append(f"{column(RANKED_BY).title}; on a ladder the mean over its rungs above 0:\n" + _aligned(scores))
    left = f" {len(comparison.left_out)} tasks are left out." * bool(comparison.left_out)
    corrected = f", Holm-corrected over all {len(asked)}" if len(asked) > 1 else ""
    how = [f"Moderated paired t-test over {_span(comparison)}{corrected}; brackets: 95 % intervals, uncorrected.{left}"]
    how += [] if whole else ["--all: every metric, shortcut and task."]
    said = [fill(" ".join(filter(None, each)), WIDTH, break_on_hyphens=False) for each in (verdicts, how)]
    return "\n\n".join([*parts, "\n".join(said)])


def _span(comparison: SideBySide) -> str:
    """Return over how many worlds, or seeds, the rows are compared: the fewest and the most of a task."""
    common = sorted({min(first, second) for first, second, _ in comparison.units.values()})
    kinds = and_list(sorted({f"{kind}s" for *_, kind in comparison.units.values()}), "or")
    return f"{' to '.join(map(str, dict.fromkeys([common[0], common[-1]])))} {kinds}"


def _aligned(lines: Sequence[Mapping[str, str]]) -> str:
    return tabulate(lines, headers="keys", tablefmt="simple", disable_numparse=True)


def _cut(name: str, most: int = LONGEST) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"


def _winners(first: str, second: str, tested: Mapping[str, Compared]) -> Iterator[str]:
    """Yield which row is significantly better on which ladders or tasks, in sentences."""
    on: dict[str | None, list[str]] = {}
    for name, compared in tested.items():
        on.setdefault(better(RANKED_BY, compared), []).append(name)
    for side, label in (("first", first), ("second", second)):
        if side in on:
            yield f"{label} is significantly better on {and_list(on[side])}."
    if None in on:
        yield f"Neither is on {and_list(on[None], 'or')}."


def _counted(first: str, second: str, names: Sequence[str], asked: Mapping[str, Compared]) -> str:
    """Return on how many further ladders or tasks which row is better; nothing where there are none."""
    sides = [better(RANKED_BY, asked[name]) for name in names]
    won = f"{first} is better on {sides.count('first')}, {second} on {sides.count('second')}"
    return f"Of {len(names)} others, {won}, neither on {sides.count(None)}." if names else ""


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
        "Moderated paired t-test over worlds, or over seeds where there is one world, 5 %; intervals are uncorrected. "
        f"P-values of the {len(comparison.asked)} differences on the first screen are Holm-corrected together, and "
        "those of all other metrics, channels and rungs together. (The leaderboard corrects over all pairs of "
        "baselines instead, and in its column To ERM over the differences to ERM, so it may find a difference that is "
        "not significant here, and the other way round.)"
    )
    if comparison.left_out:
        parts.append(f"Left out: {_left_out(comparison)}")
    return "\n\n".join(parts)


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
        corrected = f" once corrected (p {p_text(ranked_by.p)} alone)" if alone else ""
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
