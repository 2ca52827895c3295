"""Check that which tuning world a method's settings were chosen in hardly matters: ladder scores on tuning worlds.

Each folder is the --out of a `spurgen sweep` in another tuning world.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from ladders import Line, Run, add_flags, heights, main_ladders, measure, tell
from rich.console import Console

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.suite import load_suite
from spurgen.harness.cli import run_script
from spurgen.harness.experiments.tuning import choose, score_settings
from spurgen.harness.experiments.tuning_result import read_tuning, results_file
from spurgen.harness.options.sections import around

BEGIN, END = "<!-- tuned: begin -->", "<!-- tuned: end -->"
METHODS = ("erm", "group_dro", "jtt", "subg", "bsoftmax", "cda")
ALLOWED = 0.03
"""Largest difference of ladder scores by the world of the sweep."""


def judge(scores: Mapping[str, Mapping[str, Sequence[float]]]) -> tuple[list[Line], list[Line]]:
    """Return the table and its rules; `scores`: by ladder and method, a ladder score per sweep."""
    lines, rules = list[Line](), list[Line]()
    for ladder, by_method in scores.items():
        spans = {method: max(each) - min(each) for method, each in by_method.items()}
        for method, each in by_method.items():
            cells = ", ".join(f"{score:.3f}" for score in each)
            lines.append({"Ladder": ladder, "Method": method, "Ladder score by sweep": cells})
        worst, orders = max(spans, key=lambda method: spans[method]), _orders(by_method)
        facts = [
            (f"ladder scores differ by at most {ALLOWED}", f"{worst}: {spans[worst]:.3f}", spans[worst] <= ALLOWED),
            ("the order of ladder scores stays", "; ".join(dict.fromkeys(orders)), len(set(orders)) == 1),
        ]
        rules += [{"Ladder": ladder, "Rule": r, "Found": f, "Met": "yes" if met else "no"} for r, f, met in facts]
    return lines, rules


def _orders(by_method: Mapping[str, Sequence[float]]) -> list[str]:
    """Return the order of methods by each sweep."""
    sweeps = range(len(next(iter(by_method.values()))))
    return [" > ".join(sorted(by_method, key=lambda method: -by_method[method][k])) for k in sweeps]


def chosen(folder: Path, suite: str, method: str) -> str:
    """Return the setting that a sweep chose, as JSON."""
    best = choose(score_settings(read_tuning(results_file(folder, suite, method))))
    if best is None:
        raise SpurgenError(f"{folder} has no sweep of {method}; run: spurgen sweep --methods {method} --out {folder}")
    return json.dumps(best.options)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="what `spurgen sweep` wrote")
    add_flags(parser, METHODS, "100-102", BEGIN, END)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Train what is missing, print the scores and the rules, and renew the page; return 1 if a rule is missed."""
    if arguments.page:
        around(arguments.page, BEGIN, END)
    suite = load_suite(arguments.suite)
    runs = {
        (ladder, method, folder): [
            Run(arguments.suite, ladder, world, method, chosen(folder, suite.name, method)) for world in arguments.seeds
        ]
        for ladder in arguments.ladders or main_ladders(suite)
        for method in arguments.methods
        for folder in arguments.folders
    }
    known = measure([run for each in runs.values() for run in each], arguments.out, arguments.jobs, console)
    scores: dict[str, dict[str, list[float]]] = {}
    for (ladder, method, _), of_key in runs.items():
        reached = heights([known[run] for run in of_key])
        score = float(np.mean([reached[m] for m in reached if m]))
        scores.setdefault(ladder, {}).setdefault(method, []).append(score)
    return tell(*judge(scores), arguments.page, BEGIN, END, console)


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__]))
