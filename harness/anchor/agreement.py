"""How well the anchor's ranking of methods agrees with published ones and with those of a suite's main tasks."""

from typing import NamedTuple

import numpy as np

from spurgen.harness.anchor.figures import MethodFigures
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.statistics.bootstrap import named_generator
from spurgen.harness.validity._agreement import CORE
from spurgen.harness.validity._correlation import MIN_METHODS, REPLICATES, as_strata, correlate
from spurgen.harness.validity._published import SUBPOPBENCH, Source, comparable_tables
from spurgen.harness.validity._rows import RankedSuite


class Agreement(NamedTuple):
    """Spearman's rho over the methods that both have, with its 95 % interval; None if all of one side are equal.

    `within`, `interval_within`: likewise, the partial rank correlation given the access tier. `core`: whether the other
    is one of the data sets over which the validity report takes medians.
    """

    other: str
    methods: int
    rho: float | None
    interval: tuple[float, float] | None
    within: float | None
    interval_within: tuple[float, float] | None
    core: bool = False


def agreements(figures: dict[str, MethodFigures], suite: RankedSuite, name: str) -> list[Agreement]:
    """Correlate the anchor's worst-group accuracies with main tasks' robust accuracies, then with published ones."""
    found = []
    for task_name, task in suite.main.items():
        methods = sorted(figures.keys() & task.rows.keys())
        others = np.array([task.units(method).mean() for method in methods])
        found.append(_agreement(figures, methods, others, f"{suite.suite.name}: {task_name}", name))
    for source, table in comparable_tables(suite.published).items():
        methods = sorted(figures.keys() & table.keys())
        others = np.array([table[method] for method in methods])
        core = source.protocol == SUBPOPBENCH and source.dataset in CORE
        found.append(_agreement(figures, methods, others, described(source), name)._replace(core=core))
    return [each for each in found if each.methods >= MIN_METHODS]


def described(source: Source) -> str:
    """Name a published table: Waterbirds (SubpopBench protocol)."""
    return f"{source.dataset} ({source.protocol})"


def _agreement(
    figures: dict[str, MethodFigures], methods: list[str], others: Float64, other: str, name: str
) -> Agreement:
    if len(methods) < MIN_METHODS:
        return Agreement(other, len(methods), None, None, None, None)
    worlds = min(len(figures[method].worst) for method in methods)
    points = np.array([figures[method].worst[:worlds] for method in methods])
    picks = named_generator("anchor", name, "worlds").integers(worlds, size=(REPLICATES, worlds))
    replicates = points[:, picks].mean(axis=2)
    means, key = points.mean(axis=1), f"anchor/{name}/{other}"
    strata = as_strata([figures[method].access for method in methods])
    within = correlate(means, others, replicates, key, strata)
    return Agreement(other, len(methods), *correlate(means, others, replicates, key), *within)
