"""Check how far counterexamples needed depend on the weight of l2, on tuning worlds."""

import argparse
import json
import math
import sys
from collections.abc import Mapping
from itertools import product

from ladders import Curve, Heights, Line, Run, add_flags, check, heights, rungs_of
from rich.console import Console

from spurgen.benchmark.suite import load_suite
from spurgen.harness.cli import run_script
from spurgen.harness.validity.entry import Rule, needed, needed_text

METHODS = ("erm", "group_dro", "bsoftmax")
WEIGHTS = (1e-7, 1e-6, 1e-5, 1e-4, 1e-3)
TUNED = "as tuned"


def judge(ladder: str, curves: Mapping[tuple[str, str], Heights], ceiling: float) -> tuple[list[Line], list[Rule]]:
    """Return a ladder's table and its rule; `curves`: by method and weight of l2."""
    lines, numbers = dict[str, Line](), dict[tuple[str, str], float]()
    for (method, weight), curve in curves.items():
        line = lines.setdefault(method, {"Ladder": ladder, "Method": method})
        line[weight] = needed_text(curve, ceiling)
        numbers[method, weight] = needed(curve, ceiling)
    least = min(number for (method, _), number in numbers.items() if method == "erm")
    most = max((number, method) for (method, weight), number in numbers.items() if method != "erm" and weight == TUNED)
    found = f"erm: {_said(least)}, {most[1]}: {_said(most[0])}"
    rule = Rule("ERM at its best weight needs more than the others as tuned", found, least > most[0])
    return [*lines.values()], [rule]


def _said(number: float) -> str:
    return f"{number:.0f}" if math.isfinite(number) else "beyond the ladder"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    add_flags(parser, "strength", METHODS)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Train what is missing, print the numbers and the rule, and renew the page; return 1 if the rule is missed."""
    suite = load_suite(arguments.suite)
    options = {TUNED: "{}"} | {f"l2 = {weight:.0e}": json.dumps({"l2": weight}) for weight in WEIGHTS}

    def asked(ladder: str) -> dict[tuple[str, str], list[Run]]:
        return {
            (method, name): [Run(arguments.suite, ladder, world, method, options[name]) for world in arguments.seeds]
            for method, name in product(arguments.methods, options)
        }

    def judged(ladder: str, found: dict[tuple[str, str], list[Curve]]) -> tuple[list[Line], list[Rule]]:
        ceiling = rungs_of(suite, ladder)[0].ladder.ceiling or 1.0
        return judge(ladder, {key: heights(curves) for key, curves in found.items()}, ceiling)

    return check("strength", arguments, console, asked, judged)


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__]))
