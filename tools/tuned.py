"""Check that no single tuning world decides a method's settings: ladder scores with settings chosen without each."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from ladders import Found, Heights, Line, Verdict, add_flags, check, heights
from rich.console import Console
from sweep import FOLDER

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.suite import load_suite
from spurgen.benchmark.world import Description
from spurgen.harness.cli import run_script
from spurgen.harness.experiments.tuning import choose, read_tuning, results_file, score_settings
from spurgen.harness.validity.ladders import Rule

METHODS = ("erm", "group_dro", "jtt", "subg", "bsoftmax", "cda")
ALLOWED = 0.03
"""Largest difference of ladder scores that the choice of worlds may cause."""


def judge(ladder: str, scores: Mapping[str, Sequence[float]]) -> Verdict:
    """Return a ladder's table and its rules; `scores`: by method, with all worlds, then without each."""
    lines = list[Line]()
    for method, each in scores.items():
        cells = "{:.3f}; {}".format(each[0], ", ".join(f"{score:.3f}" for score in each[1:]))
        lines.append({"Ladder": ladder, "Method": method, "Ladder score: all worlds; without each": cells})
    spans = {method: max(each) - min(each) for method, each in scores.items()}
    worst, orders = max(spans, key=lambda method: spans[method]), _orders(scores)
    return lines, [
        Rule(f"ladder scores differ by at most {ALLOWED}", f"{worst}: {spans[worst]:.3f}", spans[worst] <= ALLOWED),
        Rule("the order of ladder scores stays", "; ".join(dict.fromkeys(orders)), len(set(orders)) == 1),
    ]


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
            f"python tools/sweep.py --methods {method} --seeds 100-102 --out {folder}"
        )
    return [json.dumps(each.options) for each in best if each]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument("--sweep", type=Path, default=FOLDER, metavar="FOLDER", help="what tools/sweep.py wrote")
    add_flags(parser, "tuned", METHODS)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Train what is missing, print the scores and the rules, and renew the page; return 1 if a rule is missed."""
    suite = load_suite(arguments.suite).name
    options = {method: chosen(arguments.sweep, suite, method) for method in arguments.methods}

    def kinds(method: str, _: Description) -> dict[str, dict[str, str]]:
        return {f"{place}": {"options": setting} for place, setting in enumerate(options[method])}

    def judged(ladder: str, found: Found) -> Verdict:
        return judge(ladder, {method: [_score(heights(each)) for each in of.values()] for method, of in found.items()})

    return check("tuned", arguments, console, kinds, judged)


def _score(reached: Heights) -> float:
    return float(np.mean([height for m, height in reached.items() if m]))


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__]))
