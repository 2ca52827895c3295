"""Check what reading N between rungs costs: train on rungs halfway between a ladder's too, on tuning worlds."""

import argparse
import math
import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from ladders import Heights, Line, Run, add_flags, heights, main_ladders, measure, tell
from rich.console import Console

from spurgen.benchmark.suite import load_suite
from spurgen.harness.cli import run_script
from spurgen.harness.options.sections import around
from spurgen.harness.validity.entry import needed, needed_text

BEGIN, END = "<!-- between: begin -->", "<!-- between: end -->"
METHODS = ("erm", "group_dro", "jtt", "subg", "dfr")
ALLOWED = 0.15
"""Largest change of N by the rungs between, as a share of it."""


def judge(ladder: str, curves: Mapping[str, tuple[Heights, Heights]], ceiling: float) -> tuple[list[Line], list[Line]]:
    """Return a ladder's table and its rule; `curves`: by method, on its rungs and on those between."""
    lines, changes = list[Line](), dict[str, float]()
    for method, (rungs, between) in curves.items():
        above = {m: value for m, value in rungs.items() if m}
        read = {m: (above[low] + above[high]) / 2 for m, (low, high) in zip(between, pairwise(above), strict=True)}
        cells = {f"m = {m}": f"{value:.3f} ({read[m]:.3f})" for m, value in between.items()}
        whole = dict(sorted((above | between).items()))
        first, second = needed(above, ceiling), needed(whole, ceiling)
        texts = {"N": needed_text(above, ceiling), "N of all": needed_text(whole, ceiling)}
        beyond = math.isinf(first) or math.isinf(second)
        changes[method] = 0.0 if first == second else math.inf if beyond else abs(second / first - 1)
        lines.append({"Ladder": ladder, "Method": method, **cells, **texts})
    worst = max(changes, key=lambda method: changes[method])
    found = f"{changes[worst]:.0%}" if math.isfinite(changes[worst]) else "one is beyond the ladder"
    rule = f"rungs between change N by at most {ALLOWED:.0%}"
    met = "yes" if changes[worst] <= ALLOWED else "no"
    return lines, [{"Ladder": ladder, "Rule": rule, "Found": f"{worst}: {found}", "Met": met}]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    add_flags(parser, METHODS, "100-102", BEGIN, END)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Train what is missing, print both numbers and the rule, and renew the page; return 1 if the rule is missed."""
    if arguments.page:
        around(arguments.page, BEGIN, END)
    suite, worlds = arguments.suite, arguments.seeds
    ladders = arguments.ladders or main_ladders(load_suite(suite))
    runs = {
        (name, method, between): [Run(suite, name, world, method, between=between) for world in worlds]
        for name in ladders
        for method in arguments.methods
        for between in (False, True)
    }
    free = {name: [Run(suite, name, world, "erm", uncorrelated=True) for world in worlds] for name in ladders}
    asked = [each for of_key in [*runs.values(), *free.values()] for each in of_key]
    known = measure(asked, arguments.out, arguments.jobs, console)

    def reached(those: Sequence[Run]) -> Heights:
        return heights([known[run] for run in those])

    table, missed = list[Line](), list[Line]()
    for name in ladders:
        curves = {
            method: (reached(runs[name, method, False]), reached(runs[name, method, True]))
            for method in arguments.methods
        }
        ceiling = float(np.mean([*reached(free[name]).values()]))
        lines, rules = judge(name, curves, ceiling)
        table += lines
        missed += rules
    return tell(table, missed, arguments.page, BEGIN, END, console)


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__]))
