"""Check that what methods reach on ladders does not depend on how long they train, on tuning worlds."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise

from ladders import Found, Heights, Line, Verdict, add_flags, check, heights
from rich.console import Console

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.cli import run_script
from spurgen.harness.validity.ladders import Rule

METHODS = ("erm", "group_dro", "jtt", "dfr", "adversarial", "contrastive")
BUDGETS = (1, 4, 16)
OF_ERM, OTHERS = 0.03, 0.05
"""Largest changes of A(m) allowed: for ERM over all budgets, and for a method from one budget to the next."""


def judge(ladder: str, curves: Mapping[str, Sequence[Heights]]) -> Verdict:
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
    return lines, [
        Rule(f"ERM: budgets differ by at most {OF_ERM} on every rung", f"{spread:.3f}", spread <= OF_ERM),
        Rule(f"every method: at most {OTHERS} from a budget to the next", step, largest[worst] <= OTHERS),
        Rule("the order of ladder scores stays", " > ".join(orders[0]), all(order == orders[0] for order in orders)),
    ]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    add_flags(parser, "budget", METHODS, "100")
    parser.add_argument("--budgets", nargs="+", type=int, default=BUDGETS, metavar="N", help="default: 1 4 16")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Train what is missing, print the heights and the rules, and renew the page; return 1 if a rule is missed."""
    if len(arguments.budgets) < 2 or "erm" not in arguments.methods:
        raise SpurgenError("name at least two --budgets, and erm among --methods: the rules compare them")
    options = {f"{b}": {"options": "{}" if b == 1 else json.dumps({"budget": b})} for b in arguments.budgets}

    def judged(ladder: str, found: Found) -> Verdict:
        return judge(ladder, {method: [heights(each) for each in of.values()] for method, of in found.items()})

    return check("budget", arguments, console, lambda *_: options, judged)


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__]))
