"""How the ranking of methods on a task agrees with published ones: overall, within access tiers, by access alone."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from spurgen.harness.board.by_unit import RANKED_BY
from spurgen.harness.board.columns import Line
from spurgen.harness.metrics.arrays import Float64, Scores
from spurgen.harness.statistics.estimate import Estimate
from spurgen.harness.statistics.samples import named_generator
from spurgen.harness.validity.answer import flat
from spurgen.harness.validity.correlation import (
    MIN_METHODS,
    REPLICATES,
    as_strata,
    correlate,
    draw_methods,
    estimate,
    orders_kept,
    partial_spearman,
    spearman,
    take,
)
from spurgen.harness.validity.published import SUBPOPBENCH, Source, Tables
from spurgen.harness.validity.suite import WGA, Ranked

CORE = ("Waterbirds", "CelebA", "MultiNLI", "CivilComments")  # spurious correlations proper, in image and text
TRAIN_GROUPS = "train_groups"  # the access tier of methods that use the group labels of train
Access = Mapping[str, str]
"""Access tier by method."""
Medians = dict[str, Estimate | None]
"""Medians of rank correlations by name."""


def core_medians(tables: Tables, access: Access, task: Ranked | None = None) -> Medians:
    """Return median rank correlations over the core data sets, and of a task with them; empty if methods are missing.

    `among`: of the six pairs of data sets; `of_access`: of each data set with one bit, whether a method uses the group
    labels of train. Of the task: `rho` with each data set; `by_wga`: the same where our methods, too, are ordered by
    worst-group accuracy; `ours_of_access`: with access alone; `less_access`: `rho` less `of_access`, over the same
    bootstrap replicates. `..._within`: given the access tier. None where there is no rho.
    """
    core = [table for source, table in tables.items() if source.protocol == SUBPOPBENCH and source.dataset in CORE]
    methods = sorted(set(task.alike if task else access).intersection(*core)) if len(core) > 1 else []
    if len(methods) < MIN_METHODS:
        return {}
    drawn = draw_methods(len(methods), REPLICATES, "core")
    bit = np.array([float(access[method] == TRAIN_GROUPS) for method in methods])[drawn]
    strata = as_strata([access[method] for method in methods])[drawn]
    published = [values_of(table, methods)[drawn] for table in core]
    pairs = list(combinations(published, 2))
    medians = {
        "among": _median([spearman(*pair) for pair in pairs]),
        "among_within": _median([partial_spearman(*pair, strata) for pair in pairs]),
        "of_access": _median([spearman(bit, values) for values in published]),
    }
    if task:
        for name, metric in (("rho", RANKED_BY), ("by_wga", WGA)):
            ours = take(means(task, methods, metric), over_units(task, methods, metric), drawn)
            medians[name] = _median([spearman(ours, values) for values in published])
            medians[f"{name}_within"] = _median([partial_spearman(ours, values, strata) for values in published])
            if metric == RANKED_BY:
                medians["ours_of_access"] = spearman(bit, ours)
        medians["less_access"] = medians["rho"] - medians["of_access"]
    return {name: estimate(median) for name, median in medians.items()}


def _median(rhos: Sequence[Float64]) -> Float64:
    """Return the median over lists of rhos, float64 (1 + B,) each, without NaN; NaN where all are."""
    stacked = np.stack(rhos)
    known = ~np.isnan(stacked).all(axis=0)
    median = np.full(stacked.shape[1], np.nan)
    median[known] = np.nanmedian(stacked[:, known], axis=0)
    return median


def agreement(task: Ranked, source: Source, tables: Tables, by_name: Tables, access: Access) -> Line | None:
    """Return a task's agreement with a published table, or None if they have no two methods in common.

    `rho` and `rho_within` (given the access tier of our method) are None for fewer than five methods. `same_order` of
    `pairs`, and `..._within` a tier: how many pairs of methods have the same order. `among_published`: the median of
    that table's own correlations with the protocol's other data sets over the same methods. `rho_by_name`: over all
    `methods_by_name` of the same name, of which those in `NOT_THE_SAME` are different algorithms.
    """
    methods, names = common(task, tables[source]), common(task, by_name[source])
    if len(methods) < 2:
        return None
    points, values = means(task, methods), values_of(tables[source], methods)
    strata, enough = as_strata([access[method] for method in methods]), len(methods) >= MIN_METHODS
    rhos: dict[str, float | None] = flat(rho=None, rho_within=None) | {"among_published": None, "rho_by_name": None}
    if enough:
        name, replicates = "/".join([task.name, *source[:3]]), over_units(task, methods)
        rhos = flat(
            rho=correlate(points, values, replicates, name),
            rho_within=correlate(points, values, replicates, name, strata),
        )
        rhos["among_published"] = _among(source, tables, methods)
        rhos["rho_by_name"] = _known(spearman(means(task, names), values_of(by_name[source], names)))
    return {
        "task": task.name, "protocol": source.protocol, "dataset": source.dataset, "sees": source.sees,
        "methods": len(methods), **rhos, "methods_by_name": len(names), **orders_kept(points, values, strata),
    }  # fmt: skip


def _among(source: Source, tables: Tables, methods: Sequence[str]) -> float | None:
    """Return the median rho of a table with those of its protocol that have all these methods."""
    others = [
        spearman(values_of(tables[source], methods), values_of(table, methods))
        for other, table in tables.items()
        if other.protocol == source.protocol and other != source and set(methods) <= table.keys()
    ]
    known = [float(rho) for rho in others if not np.isnan(rho)]
    return float(np.median(known)) if known else None


def _known(rho: Float64) -> float | None:
    return None if np.isnan(rho) else float(rho)


def common(task: Ranked, published: Mapping[str, float]) -> list[str]:
    """Return the methods that a task and a published table have in common, those with few units left out."""
    return sorted(set(task.alike) & published.keys())


def values_of(published: Mapping[str, float], methods: Sequence[str]) -> Float64:
    """Return published metrics, float64 (n,)."""
    return np.array([published[method] for method in methods])


def means(task: Ranked, methods: Sequence[str], metric: str = RANKED_BY) -> Float64:
    """Return the means of the methods' metric, by default of robust accuracy, float64 (n,)."""
    return np.array([task.units(method, metric).mean() for method in methods])


def over_units(task: Ranked, methods: Sequence[str], metric: str = RANKED_BY) -> Scores:
    """Draw the methods' means over resampled units, the same ones for all methods: float64 (n, B)."""
    rows = [task.units(method, metric) for method in methods]
    shared = min(map(len, rows))
    picks = named_generator("units", task.name).integers(shared, size=(REPLICATES, shared))
    drawn: Float64 = np.array([row[:shared] for row in rows])[:, picks].mean(axis=2)
    return drawn
