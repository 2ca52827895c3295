"""A ranking that another world, or another main ladder or task, would turn round says little about methods.

Between units: Spearman's rho between the scores of the same methods in two worlds of a ladder or task, or with two
training seeds where a task has one world: the mean over all pairs, and the lowest. The leaderboard ranks means over all
of them, which vary less. Between tasks: rho between the mean scores, over the methods that are ranked on both, and the
partial rank correlation given the access tier; intervals are 95 % by a bootstrap over the methods.
"""

from itertools import combinations

import numpy as np

from spurgen.harness.board.columns import Line
from spurgen.harness.machine.text import as_markdown
from spurgen.harness.validity.agreement import Access, means
from spurgen.harness.validity.answer import MEASURED, Answer, flat, in_order, number
from spurgen.harness.validity.correlation import MIN_METHODS, as_strata, correlate, spearman
from spurgen.harness.validity.suite import Ranked, RankedSuite

PLACE = 9
TITLE = "Agreement of the ranking with itself"
MIN_ON_BOTH = 10  # methods; with fewer, an interval spans nearly all of -1 to 1


def examine(suite: RankedSuite) -> Answer:
    """Correlate the rankings of all pairs of units, and of all pairs of tasks."""
    ranked = {name: task for name, task in suite.tasks.items() if len(task.full) >= MIN_METHODS}
    units = {name: _over_units(task) for name, task in ranked.items()}
    found = [_over_tasks(first, second, suite.baselines) for first, second in combinations(ranked.values(), 2)]
    pairs = [pair for pair in found if pair]
    return Answer(
        MEASURED,
        _summary([units[name] for name in suite.main if name in units], pairs, set(suite.main)),
        {"Between units of a task": list(units.values()), "Between tasks": pairs},
        suite.missing({name: "fewer than five ranked rows" for name in suite.main if name not in ranked}),
    )


def _over_units(task: Ranked) -> Line:
    """Return mean and lowest rho over all pairs of units, None if all methods tie in all units but one."""
    shared = min(len(task.units(label)) for label in task.full)
    by_unit = np.array([task.units(label)[:shared] for label in task.full]).T
    rhos = np.array([spearman(first, second) for first, second in combinations(by_unit, 2)])
    known = rhos[~np.isnan(rhos)]
    mean, lowest = (float(known.mean()), float(known.min())) if len(known) else (None, None)
    return {
        "task": task.name, "unit": task.unit, "units": shared, "methods": len(task.full), "rho": mean,
        "lowest": lowest,
    }  # fmt: skip


def _over_tasks(first: Ranked, second: Ranked, access: Access) -> Line | None:
    methods = sorted(set(first.full) & set(second.full))
    if len(methods) < MIN_ON_BOTH:
        return None
    ours, theirs, name = means(first, methods), means(second, methods), f"{first.name}/{second.name}"
    strata = as_strata([access[method] for method in methods])
    rhos = flat(rho=correlate(ours, theirs, None, name), rho_within_tiers=correlate(ours, theirs, None, name, strata))
    return {"first": first.name, "second": second.name, "methods": len(methods), **rhos}


def _summary(units: list[Line], pairs: list[Line], main: set[str]) -> str:
    if not units:
        return ""
    rhos = in_order(f"{number(line['rho'])} (lowest {number(line['lowest'])})" for line in units)
    between = [
        f"{number(pair['rho'])}, within access tiers {number(pair['rho_within_tiers'])} "
        f"({as_markdown(pair['first'])} - {as_markdown(pair['second'])})"
        for pair in sorted(pairs, key=lambda pair: {pair["first"], pair["second"]} <= main, reverse=True)
        if {pair["first"], pair["second"]} & main
    ]
    words = f" Between tasks: {'; '.join(between)}." if between else ""
    return f"Spearman's rho between two worlds or seeds: {rhos}.{words}"
