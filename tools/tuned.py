"""Check that no single tuning world decides a method's settings: ladder scores with settings chosen without each."""

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
from spurgen.harness.commands.sweep import FOLDER
from spurgen.harness.experiments.tuning import choose, score_settings
from spurgen.harness.experiments.tuning_result import read_tuning, results_file
from spurgen.harness.options.sections import around

BEGIN, END = "<!-- tuned: begin -->", "<!-- tuned: end -->"
METHODS = ("erm", "group_dro", "jtt", "subg", "bsoftmax", "cda")
ALLOWED = 0.03
"""Largest difference of ladder scores by the worlds that chose."""


def judge(scores: Mapping[str, Mapping[str, Sequence[float]]]) -> tuple[list[Line], list[Line]]:
    """Return the table and its rules; `scores`: by ladder and method, with all worlds, then without each."""
    lines, rules = list[Line](), list[Line]()
    for ladder, by_method in scores.items():
        spans = {method: max(each) - min(each) for method, each in by_method.items()}
        for method, each in by_method.items():
            cells = "{:.3f}; {}".format(each[0], ", ".join(f"{score:.3f}" for score in each[1:]))
            lines.append({"Ladder": ladder, "Method": method, "Ladder score: all worlds; without each": cells})
        worst, orders = max(spans, key=lambda method: spans[method]), _orders(by_method)
        facts = [
            (f"ladder scores differ by at most {ALLOWED}", f"{worst}: {spans[worst]:.3f}", spans[worst] <= ALLOWED),
            ("the order of ladder scores stays", "; ".join(dict.fromkeys(orders)), len(set(orders)) == 1),
        ]
        rules += [{"Ladder": ladder, "Rule": r, "Found": f, "Met": "yes" if met else "no"} for r, f, met in facts]
    return lines, rules


def _orders(by_method: Mapping[str, Sequence[float]]) -> list[str]:
    """Return the order of methods by each choice."""
    choices = range(len(next(iter(by_method.values()))))
    return [" > ".join(sorted(by_method, key=lambda method: -by_method[method][k])) for k in choices]


def chosen(folder: Path, suite: str, method: str) -> list[str]:
    """Return the setting that a sweep chose, as JSON, and what it would have chosen without each of its worlds."""
    results = read_tuning(results_file(folder, suite, method))
    worlds = sorted({result.seed for result in results})
    best = [choose(score_settings(r for r in results if r.seed != left_out)) for left_out in [None, *worlds]]
    if len(worlds) < 2 or None in best:
        raise SpurgenError(
            f"{folder} has no sweep of {method} over several worlds; run: "
            f"spurgen sweep --methods {method} --seeds 100-102 --out {folder}"
        )
    return [json.dumps(each.options) for each in best if each]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument("--sweep", type=Path, default=FOLDER, metavar="FOLDER", help="what `spurgen sweep` wrote")
    add_flags(parser, METHODS, "100-102", BEGIN, END)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Train what is missing, print the scores and the rules, and renew the page; return 1 if a rule is missed."""
    if arguments.page:
        around(arguments.page, BEGIN, END)
    suite = load_suite(arguments.suite)
    options = {method: chosen(arguments.sweep, suite.name, method) for method in arguments.methods}
    runs = {
        (ladder, method): [
            [Run(arguments.suite, ladder, world, method, each) for world in arguments.seeds] for each in options[method]
        ]
        for ladder in arguments.ladders or main_ladders(suite)
        for method in arguments.methods
    }
    known = measure(
        list(dict.fromkeys(run for choices in runs.values() for each in choices for run in each)),
        arguments.out, arguments.jobs, console,
    )  # fmt: skip
    scores: dict[str, dict[str, list[float]]] = {}
    for (ladder, method), choices in runs.items():
        reached = [heights([known[run] for run in each]) for each in choices]
        scores.setdefault(ladder, {})[method] = [float(np.mean([at[m] for m in at if m])) for at in reached]
    return tell(*judge(scores), arguments.page, BEGIN, END, console)


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__]))
