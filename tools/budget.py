"""Check that what methods reach on ladders does not depend on how long they train, on tuning worlds."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise

from ladders import Heights, Line, Run, add_flags, heights, main_ladders, measure, tell
from rich.console import Console

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.suite import load_suite
from spurgen.harness.cli import run_script
from spurgen.harness.options.sections import around

BEGIN, END = "<!-- budget: begin -->", "<!-- budget: end -->"
METHODS = ("erm", "group_dro", "jtt", "dfr", "adversarial", "contrastive")
BUDGETS = (1, 4, 16)
OF_ERM, OTHERS = 0.03, 0.05
"""Largest change of A(m): of ERM over all budgets, and of a method from one budget to the next."""


def judge(ladder: str, curves: Mapping[str, Sequence[Heights]]) -> tuple[list[Line], list[Line]]:
    """Return a ladder's table and its rules; `curves`: by method, one for each budget."""
    lines, largest, orders = list[Line](), dict[str, float](), []
    for method, by_budget in curves.items():
        steps = [max(abs(after[m] - before[m]) for m in before) for before, after in pairwise(by_budget)]
        largest[method] = max(steps)
        cells = {f"m = {m}": ", ".join(f"{heights[m]:.3f}" for heights in by_budget) for m in by_budget[0]}
        lines.append({"Ladder": ladder, "Method": method, **cells, "Largest step": f"{largest[method]:.3f}"})
    for number in range(len(by_budget)):
        scores = {name: sum(h for m, h in each[number].items() if m) for name, each in curves.items()}
        orders.append(sorted(scores, key=lambda name: scores[name], reverse=True))
    spread = max(max(at) - min(at) for at in zip(*(each.values() for each in curves["erm"]), strict=True))
    worst = max(largest, key=lambda name: largest[name])
    step = f"{worst}: {largest[worst]:.3f}"
    facts = [
        (f"ERM: budgets differ by at most {OF_ERM} on every rung", f"{spread:.3f}", spread <= OF_ERM),
        (f"every method: at most {OTHERS} from a budget to the next", step, largest[worst] <= OTHERS),
        ("the order of ladder scores stays", " > ".join(orders[0]), all(order == orders[0] for order in orders)),
    ]
    rules: list[Line] = [
        {"Ladder": ladder, "Rule": rule, "Found": found, "Met": "yes" if met else "no"} for rule, found, met in facts
    ]
    return lines, rules


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    add_flags(parser, METHODS, "100", BEGIN, END)
    parser.add_argument("--budgets", nargs="+", type=int, default=BUDGETS, metavar="N", help="default: 1 4 16")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Train what is missing, print the heights and the rules, and renew the page; return 1 if a rule is missed."""
    if arguments.page:
        around(arguments.page, BEGIN, END)
    ladders = arguments.ladders or main_ladders(load_suite(arguments.suite))
    if len(arguments.budgets) < 2 or "erm" not in arguments.methods:
        raise SpurgenError("name at least two --budgets, and erm among --methods: the rules compare them")
    suite, worlds = arguments.suite, arguments.seeds
    options = {budget: "{}" if budget == 1 else json.dumps({"budget": budget}) for budget in arguments.budgets}
    runs = {
        (name, method, budget): [Run(suite, name, world, method, options[budget]) for world in worlds]
        for name in ladders
        for method in arguments.methods
        for budget in arguments.budgets
    }
    known = measure([run for of_key in runs.values() for run in of_key], arguments.out, arguments.jobs, console)
    table, missed = list[Line](), list[Line]()
    for name in ladders:
        curves = {
            method: [heights([known[run] for run in runs[name, method, budget]]) for budget in arguments.budgets]
            for method in arguments.methods
        }
        lines, rules = judge(name, curves)
        table += lines
        missed += rules
    return tell(table, missed, arguments.page, BEGIN, END, console)


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__]))
