"""Check how far counterexamples needed depend on the number of train samples, on tuning worlds."""

import argparse
import sys
from collections.abc import Mapping
from itertools import product

from ladders import Curve, Heights, Line, Run, add_flags, check, heights, rungs_of
from rich.console import Console

from spurgen.benchmark.suite import load_suite
from spurgen.harness.cli import run_script
from spurgen.harness.validity.entry import Rule, needed, needed_text

METHODS = ("erm", "group_dro", "bsoftmax")
FACTORS = (0.5, 1.0, 2.0)
"""Numbers of train samples, as factors of the ladder's."""


def judge(ladder: str, curves: Mapping[tuple[str, int], Heights], ceiling: float) -> tuple[list[Line], list[Rule]]:
    """Return a ladder's table and its rule; `curves`: by method and number of train samples."""
    lines, orders = dict[str, Line](), dict[int, list[tuple[float, str]]]()
    for (method, train), curve in curves.items():
        line = lines.setdefault(method, {"Ladder": ladder, "Method": method})
        line[f"n = {train:,}"] = needed_text(curve, ceiling)
        orders.setdefault(train, []).append((needed(curve, ceiling), method))
    found = [" < ".join(name for _, name in sorted(order)) for order in orders.values()]
    return [*lines.values()], [Rule("the order stays", "; ".join(dict.fromkeys(found)), len(set(found)) == 1)]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    add_flags(parser, "size", METHODS)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Train what is missing, print the numbers and the rule, and renew the page; return 1 if the rule is missed."""
    suite = load_suite(arguments.suite)

    def asked(ladder: str) -> dict[tuple[str, int], list[Run]]:
        size = rungs_of(suite, ladder)[0].ladder.train
        made = {factor: 0 if factor == 1 else round(factor * size) for factor in FACTORS}
        return {
            (method, train or size): [Run(arguments.suite, ladder, w, method, train=train) for w in arguments.seeds]
            for method, train in product(arguments.methods, made.values())
        }

    def judged(ladder: str, found: dict[tuple[str, int], list[Curve]]) -> tuple[list[Line], list[Rule]]:
        ceiling = rungs_of(suite, ladder)[0].ladder.ceiling or 1.0
        return judge(ladder, {key: heights(curves) for key, curves in found.items()}, ceiling)

    return check("size", arguments, console, asked, judged)


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__]))
