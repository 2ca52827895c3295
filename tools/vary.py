"""Check how far what methods reach on ladders depends on one thing that is varied, on tuning worlds."""

import argparse
import json
import math
import sys
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from ladders import FREE, Found, Heights, Kinds, Line, Verdict, add_flags, check, heights, without_correlation
from rich.console import Console
from sweep import FOLDER

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.plugins import BASELINES, names_in
from spurgen.benchmark.suite import Suite, load_suite
from spurgen.benchmark.world import Description
from spurgen.harness.cli import run_script
from spurgen.harness.experiments.curves import lowest
from spurgen.harness.experiments.tuning import choose, read_tuning, results_file, score_settings
from spurgen.harness.validity.agreement import rank_rho
from spurgen.harness.validity.ladders import Rule, needed_of_mean, needed_text

OF_ERM, OTHERS = 0.03, 0.05
"""Largest changes of A(m) by a budget: for ERM over all budgets, and for a method from one budget to the next."""
OF_NUMBER, OF_SCORE = 0.15, 0.03
"""Largest change of N by the rungs between, as a share of N, and of ladder scores by the choice of worlds."""
OF_ORDER = 0.8
"""Least Spearman's rho between the numbers needed with the chosen l2 and with another."""
TUNED = "as tuned"
Reached = Mapping[str, Mapping[str, Heights]]
"""A(m) by method and by kind of run."""


def by_budget(ladder: str, reached: Reached, _: float) -> Verdict:
    """Judge that what methods reach does not depend on how long they train."""
    lines, largest, orders = list[Line](), dict[str, float](), []
    curves = {method: [*of.values()] for method, of in reached.items()}
    for method, each in curves.items():
        steps = [max(abs(after[m] - before[m]) for m in before) for before, after in pairwise(each)]
        largest[method] = max(steps)
        cells = {f"m = {m}": ", ".join(f"{heights[m]:.3f}" for heights in each) for m in each[0]}
        lines.append({"Ladder": ladder, "Method": method, **cells, "Largest step": f"{largest[method]:.3f}"})
    for number in range(len(each)):
        scores = {name: sum(h for m, h in each[number].items() if m) for name, each in curves.items()}
        orders.append(" > ".join(sorted(scores, key=lambda name: scores[name], reverse=True)))
    spread = max(max(at) - min(at) for at in zip(*(each.values() for each in curves["erm"]), strict=True))
    worst = max(largest, key=lambda name: largest[name])
    step = f"{worst}: {largest[worst]:.3f}"
    return lines, [
        Rule(f"ERM: budgets differ by at most {OF_ERM} on every rung", f"{spread:.3f}", spread <= OF_ERM),
        Rule(f"every method: at most {OTHERS} from a budget to the next", step, largest[worst] <= OTHERS),
        Rule("the order of ladder scores stays", orders[0], len(set(orders)) == 1),
    ]


def by_rungs(ladder: str, reached: Reached, ceiling: float) -> Verdict:
    """Judge that N, read between rungs, is that of rungs halfway between."""
    lines, changes = list[Line](), dict[str, float]()
    for method, of in reached.items():
        above, between = {m: value for m, value in of["rungs"].items() if m}, of["between"]
        read = {m: (above[low] + above[high]) / 2 for m, (low, high) in zip(between, pairwise(above), strict=True)}
        cells = {f"m = {m}": f"{value:.3f} ({read[m]:.3f})" for m, value in between.items()}
        whole = dict(sorted((above | between).items()))
        first, second = needed_of_mean(above, ceiling), needed_of_mean(whole, ceiling)
        texts = {"N": needed_text(above, ceiling), "N of all": needed_text(whole, ceiling)}
        beyond = math.isinf(first) or math.isinf(second)
        changes[method] = 0.0 if first == second else math.inf if beyond else abs(second / first - 1)
        lines.append({"Ladder": ladder, "Method": method, **cells, **texts})
    worst = max(changes, key=lambda method: changes[method])
    found = f"{changes[worst]:.0%}" if math.isfinite(changes[worst]) else "one is beyond the ladder"
    rule = f"rungs between change N by at most {OF_NUMBER:.0%}"
    return lines, [Rule(rule, f"{worst}: {found}", changes[worst] <= OF_NUMBER)]


def by_numbers(
    ladder: str, reached: Reached, ceiling: float, rule: Callable[[Mapping[str, Mapping[str, float]]], Rule]
) -> Verdict:
    """Judge the counterexamples needed, infinite beyond the ladder, by method and by the title of a column."""
    numbers = {
        method: {title: needed_of_mean(curve, ceiling) for title, curve in of.items()} for method, of in reached.items()
    }
    lines: list[Line] = [
        {"Ladder": ladder, "Method": method, **{title: needed_text(curve, ceiling) for title, curve in of.items()}}
        for method, of in reached.items()
    ]
    return lines, [rule(numbers)]


def of_weights(numbers: Mapping[str, Mapping[str, float]]) -> Rule:
    """Check whether methods keep their order where all have the l2 beside the chosen one."""
    tuned = np.array([of[TUNED] for of in numbers.values()])
    beside = [title for title in next(iter(numbers.values())) if title != TUNED]
    rhos = [float(rank_rho(tuned, np.array([of[title] for of in numbers.values()]))) for title in beside]
    found = ", ".join(f"{title}: {rho:.2f}" for title, rho in zip(beside, rhos, strict=True))
    return Rule(f"the order keeps a Spearman's rho of at least {OF_ORDER}", found, min(rhos) >= OF_ORDER)


def of_sizes(numbers: Mapping[str, Mapping[str, float]]) -> Rule:
    """Check whether the methods have the same order with every number of samples."""
    titles = next(iter(numbers.values()))
    found = dict.fromkeys(" < ".join(sorted(numbers, key=lambda name: (numbers[name][each], name))) for each in titles)
    return Rule("the order stays", "; ".join(found), len(found) == 1)


def by_worlds(ladder: str, reached: Reached, _: float) -> Verdict:
    """Judge that no single tuning world decides a method's settings; kinds: with all worlds, then without each."""
    scores = {
        method: [float(np.mean([height for m, height in curve.items() if m])) for curve in of.values()]
        for method, of in reached.items()
    }
    lines: list[Line] = []
    for method, (first, *without) in scores.items():
        cells = f"{first:.3f}; {', '.join(f'{score:.3f}' for score in without)}"
        lines.append({"Ladder": ladder, "Method": method, "Ladder score: all worlds; without each": cells})
    spans = {method: max(each) - min(each) for method, each in scores.items()}
    worst = max(spans, key=lambda method: spans[method])
    choices = range(len(scores[worst]))
    orders = dict.fromkeys(" > ".join(sorted(scores, key=lambda method: -scores[method][k])) for k in choices)
    return lines, [
        Rule(f"ladder scores differ by at most {OF_SCORE}", f"{worst}: {spans[worst]:.3f}", spans[worst] <= OF_SCORE),
        Rule("the order of ladder scores stays", "; ".join(orders), len(orders) == 1),
    ]


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


def budgets(arguments: argparse.Namespace, _: Suite) -> Kinds:
    """Return the budgets: the first rule compares several of ERM's."""
    if len(arguments.values) < 2 or "erm" not in arguments.methods:
        raise SpurgenError("name at least two --values, and erm among --methods: the rules compare them")
    numbers = [round(each) for each in arguments.values]
    return lambda *_: {f"{b}": {"options": "{}" if b == 1 else json.dumps({"budget": b})} for b in numbers}


def rungs(*_: object) -> Kinds:
    """Return the ladder's rungs and those halfway, by factors, between the ones above 0."""

    def of_ladder(_: str, ladder: Description) -> dict[str, dict[str, tuple[int, ...]]]:
        pairs = pairwise(m for m in ladder.rungs if m)
        return {"rungs": {}, "between": {"rungs": tuple(round(math.sqrt(low * high)) for low, high in pairs)}}

    return of_ladder


def weights(arguments: argparse.Namespace, _: Suite) -> Kinds:
    """Return the weights of l2, by column: factors of the tuned one, which changes nothing."""
    if len(arguments.methods) < 2:
        raise SpurgenError("name at least two --methods: the rule is on their order")

    def of_method(method: str, _: Description) -> dict[str, dict[str, str]]:
        l2 = import_module(f"{BASELINES}.{method}").submission.hyper("features").l2
        beside = {f"l2 x {factor:g}": {"options": json.dumps({"l2": factor * l2})} for factor in arguments.values}
        return {TUNED: {}} | beside

    return of_method


def sizes(arguments: argparse.Namespace, _: Suite) -> Kinds:
    """Return the numbers of train samples, by column; that of the ladder itself changes nothing."""

    def of_ladder(_: str, ladder: Description) -> dict[str, dict[str, int]]:
        made = [round(factor * ladder.parts["train"]) for factor in arguments.values]
        return {f"n = {train:,}": {"train": train} if train != ladder.parts["train"] else {} for train in made}

    return of_ladder


def settings(arguments: argparse.Namespace, suite: Suite) -> Kinds:
    """Return what a sweep chose, with all its worlds and without each."""
    options = {method: chosen(arguments.sweep, suite.name, method) for method in arguments.methods}
    return lambda method, _: {f"{place}": {"options": setting} for place, setting in enumerate(options[method])}


class Varied(NamedTuple):
    """What can be varied: the question, the methods asked by default, the kinds of runs, and how they are judged.

    `values`: numbers that are varied, by default. `worlds`: seeds of the tuning worlds. `free`: whether the ceiling is
    measured too; otherwise it is the suite's.
    """

    about: str
    methods: tuple[str, ...]
    kinds: Callable[[argparse.Namespace, Suite], Kinds]
    judge: Callable[[str, Reached, float], Verdict]
    values: tuple[float, ...] = ()
    worlds: str = "100-102"
    free: bool = False


VARIED = {
    "budget": Varied(
        "Check that what methods reach does not depend on how long they train: --values are factors of the budget.",
        ("erm", "group_dro", "jtt", "dfr", "adversarial", "contrastive"), budgets, by_budget, (1, 4, 16), "100",
    ),
    "between": Varied(
        "Check what reading N between rungs costs: train on rungs halfway between a ladder's too.",
        ("erm", "group_dro", "jtt", "subg", "dfr"), rungs, by_rungs, free=True,
    ),
    "strength": Varied(
        "Check how far counterexamples needed depend on the weight of l2: --values are factors of the chosen one.",
        tuple(names_in(BASELINES)), weights, partial(by_numbers, rule=of_weights), (0.3, 3.0),
        free=True,
    ),
    "size": Varied(
        "Check how far counterexamples needed depend on the number of train samples: --values are factors of it.",
        ("erm", "group_dro", "bsoftmax"), sizes, partial(by_numbers, rule=of_sizes), (0.5, 1.0, 2.0),
    ),
    "tuned": Varied(
        "Check that no single tuning world decides a method's settings: scores with settings chosen without each.",
        ("erm", "group_dro", "jtt", "subg", "bsoftmax", "cda"), settings, by_worlds,
    ),
}  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what can be varied, each with its own flags."""
    actions = parser.add_subparsers(dest="varied", required=True, metavar="what")
    for name, varied in VARIED.items():
        action = actions.add_parser(name, help=varied.about, description=varied.about)
        if varied.values:
            default = " ".join(f"{each:g}" for each in varied.values)
            action.add_argument(
                "--values", nargs="+", type=float, default=varied.values, metavar="X", help=f"default: {default}"
            )
        if name == "tuned":
            action.add_argument(
                "--sweep", type=Path, default=FOLDER, metavar="FOLDER", help="what tools/sweep.py wrote"
            )
        add_flags(action, name, varied.methods, varied.worlds)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Train what is missing, print the table and the rules, and renew the page; return 1 if a rule is missed."""
    varied, suite = VARIED[arguments.varied], load_suite(arguments.suite)

    def judged(ladder: str, found: Found) -> Verdict:
        ceiling = lowest(arguments.suite, ladder).scenario.ceiling or 1.0
        if varied.free:
            (ceiling,) = heights(found.pop(FREE)[FREE]).values()
        reached = {method: {kind: heights(each) for kind, each in of.items()} for method, of in found.items()}
        return varied.judge(ladder, reached, ceiling)

    kinds = varied.kinds(arguments, suite)
    return check(arguments.varied, arguments, console, kinds, judged, *[without_correlation] * varied.free)


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__]))
