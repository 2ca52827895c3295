"""Check what reading N between rungs costs: train on rungs halfway between a ladder's too, on tuning worlds."""

import argparse
import math
import sys
from collections.abc import Mapping
from itertools import pairwise, product

import numpy as np
from ladders import FREE, Curve, Heights, Line, Run, add_flags, check, free_runs, heights
from rich.console import Console

from spurgen.harness.cli import run_script
from spurgen.harness.validity.entry import Rule, needed, needed_text

METHODS = ("erm", "group_dro", "jtt", "subg", "dfr")
ALLOWED = 0.15
"""Largest change of N that the rungs between may cause, as a share of N."""


def judge(ladder: str, curves: Mapping[str, tuple[Heights, Heights]], ceiling: float) -> tuple[list[Line], list[Rule]]:
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
    return lines, [Rule(rule, f"{worst}: {found}", changes[worst] <= ALLOWED)]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    add_flags(parser, "between", METHODS)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Train what is missing, print both numbers and the rule, and renew the page; return 1 if the rule is missed."""
    suite, worlds = arguments.suite, arguments.seeds

    def asked(ladder: str) -> dict[tuple[str, bool], list[Run]]:
        keys = product(arguments.methods, (False, True))
        runs = {key: [Run(suite, ladder, world, key[0], between=key[1]) for world in worlds] for key in keys}
        return runs | {(FREE, False): free_runs(suite, ladder, worlds)}

    def judged(ladder: str, found: dict[tuple[str, bool], list[Curve]]) -> tuple[list[Line], list[Rule]]:
        reached = {key: heights(curves) for key, curves in found.items()}
        curves = {method: (reached[method, False], reached[method, True]) for method in arguments.methods}
        return judge(ladder, curves, float(np.mean([*reached[FREE, False].values()])))

    return check("between", arguments, console, asked, judged)


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__]))
