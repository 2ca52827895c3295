"""How the ranking of methods on a task agrees with published ones: overall, within access tiers, by access alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from spurgen.harness.board.by_unit import RANKED_BY
from spurgen.harness.metrics.arrays import Float64, Int64, Scores
from spurgen.harness.statistics.bootstrap import named_generator
from spurgen.harness.statistics.estimate import Estimate
from spurgen.harness.validity._correlation import (
    MIN_METHODS,
    REPLICATES,
    Concordance,
    as_strata,
    concordance,
    correlate,
    draw_methods,
    estimate,
    partial_spearman,
    spearman,
    take,
)
from spurgen.harness.validity._published import SUBPOPBENCH, Source, Tables
from spurgen.harness.validity._rows import RankedTask

CORE = ("Waterbirds", "CelebA", "MultiNLI", "CivilComments")  # spurious correlations proper, in image and text
WGA = "wga_corrected"  # the metric that the published tables have, as we estimate it
TRAIN_GROUPS = "train_groups"  # the access tier of methods that use the group labels of train
Access = Mapping[str, str]
"""Access tier by method."""


@dataclass(frozen=True)
class Agreement:
    """Rank correlation of a task with one published table, over the methods that both have.

    `sees`: what the protocol lets a method see. `rho_within`: given the access tier of our method (`partial_spearman`).
    Both are None for fewer than five methods. `pairs`, `pairs_within`: how many pairs of methods, and of methods of one
    tier, have the same order. `among_published`: the median of that table's own correlations with the protocol's other
    data sets over the same methods, None where there are no others. `rho_by_name`: over all `n_by_name` methods of the
    same name, of which those in `NOT_THE_SAME` are different algorithms.
    """

    protocol: str
    dataset: str
    selection: str
    source: str
    sees: str
    n: int
    methods: list[str]
    rho: float | None
    interval: tuple[float, float] | None
    rho_within: float | None
    interval_within: tuple[float, float] | None
    pairs: Concordance
    pairs_within: Concordance
    among_published: float | None
    rho_by_name: float | None
    n_by_name: int

    @property
    def label(self) -> str:
        """Name of the table in a plot: Waterbirds, SubpopBench (19)."""
        return f"{self.dataset}, {self.protocol.partition(',')[0].removesuffix(' protocol')} ({self.n})"


@dataclass(frozen=True)
class PublishedMedians:
    """What the core data sets say of one another: medians of rank correlations, over the same `methods`.

    `among`: of the six pairs of data sets; `among_within`: the same given the access tier; `of_access`: of each data
    set with one bit, whether a method uses the group labels of train. None where there is no rho.
    """

    methods: list[str]
    among: Estimate | None
    among_within: Estimate | None
    of_access: Estimate | None


@dataclass(frozen=True)
class TaskMedians(PublishedMedians):
    """The same, and medians of the task's rank correlations with the core data sets, overall and within access tiers.

    `by_wga`, `by_wga_within`: the same where our methods, too, are ordered by worst-group accuracy. `ours_of_access`:
    of the task with access alone. Differences are of medians over the same bootstrap replicates: `less_among` is the
    task's median less `among`, `less_access` less `of_access`.
    """

    rho: Estimate | None
    rho_within: Estimate | None
    by_wga: Estimate | None
    by_wga_within: Estimate | None
    ours_of_access: Estimate | None
    less_among: Estimate | None
    less_access: Estimate | None


@dataclass(frozen=True)
class _Core:
    """The core tables over the methods that all of them have.

    `values`: float64 (T, n). `strata`: int64 (n,), a number per access tier. `bit`: float64 (n,), 1 for methods
    that use the group labels of train.
    """

    methods: list[str]
    values: Float64
    strata: Int64
    bit: Float64

    def medians(self, drawn: Int64) -> dict[str, Float64]:
        """Return the medians that need no task, and their replicates: float64 (1 + B,) each."""
        strata = self.strata[drawn]
        drawn_values = [values[drawn] for values in self.values]
        pairs = list(combinations(drawn_values, 2))
        return {
            "among": _median([spearman(*pair) for pair in pairs]),
            "among_within": _median([partial_spearman(*pair, strata) for pair in pairs]),
            "of_access": _median([spearman(self.bit[drawn], values) for values in drawn_values]),
        }


def _core(tables: Tables, access: Access, labels: Sequence[str]) -> _Core | None:
    """Return the core tables over the methods among `labels`, or None if they have too few in common."""
    core = [table for source, table in tables.items() if source.protocol == SUBPOPBENCH and source.dataset in CORE]
    methods = sorted(set(labels).intersection(*core)) if len(core) > 1 else []
    if len(methods) < MIN_METHODS:
        return None
    tiers = [access[method] for method in methods]
    bit = np.array([float(tier == TRAIN_GROUPS) for tier in tiers])
    return _Core(methods, np.array([values_of(table, methods) for table in core]), as_strata(tiers), bit)


def _median(rhos: Sequence[Float64]) -> Float64:
    """Return the median over lists of rhos, float64 (1 + B,) each, without NaN; NaN where all are."""
    stacked = np.stack(rhos)
    known = ~np.isnan(stacked).all(axis=0)
    median = np.full(stacked.shape[1], np.nan)
    median[known] = np.nanmedian(stacked[:, known], axis=0)
    return median


def published_medians(tables: Tables, access: Access) -> PublishedMedians | None:
    """Return the core data sets' own medians over all methods of known access, or None if there are too few."""
    core = _core(tables, access, list(access))
    if core is None:
        return None
    medians = core.medians(draw_methods(len(core.methods), REPLICATES, "core"))
    return PublishedMedians(core.methods, **{name: estimate(median) for name, median in medians.items()})


def task_medians(task: RankedTask, tables: Tables, access: Access) -> TaskMedians | None:
    """Return a task's medians with the core data sets, beside those without it, or None if it has too few methods."""
    core = _core(tables, access, task.alike)
    if core is None:
        return None
    drawn = draw_methods(len(core.methods), REPLICATES, "core")
    strata = core.strata[drawn]
    medians = core.medians(drawn)
    for name, metric in (("rho", RANKED_BY), ("by_wga", WGA)):
        ours = take(means(task, core.methods, metric), over_units(task, core.methods, metric), drawn)
        medians[name] = _median([spearman(ours, values[drawn]) for values in core.values])
        medians[f"{name}_within"] = _median([partial_spearman(ours, values[drawn], strata) for values in core.values])
        if metric == RANKED_BY:
            medians["ours_of_access"] = spearman(core.bit[drawn], ours)
    medians["less_among"] = medians["rho"] - medians["among"]
    medians["less_access"] = medians["rho"] - medians["of_access"]
    return TaskMedians(core.methods, **{name: estimate(median) for name, median in medians.items()})


def agreement(task: RankedTask, source: Source, tables: Tables, by_name: Tables, access: Access) -> Agreement | None:
    """Return a task's agreement with a table, or None if they have no two methods in common."""
    methods, names = common(task, tables[source]), common(task, by_name[source])
    if len(methods) < 2:
        return None
    points, values = means(task, methods), values_of(tables[source], methods)
    strata, everywhere = as_strata([access[method] for method in methods]), np.zeros(len(methods), np.int64)
    name = "/".join([task.task.name, *source[:3]])
    enough = len(methods) >= MIN_METHODS
    replicates = over_units(task, methods)
    rho, interval = correlate(points, values, replicates, name) if enough else (None, None)
    rho_within, interval_within = correlate(points, values, replicates, name, strata) if enough else (None, None)
    others = [
        float(spearman(values, values_of(table, methods)))
        for other, table in tables.items()
        if other.protocol == source.protocol and other != source and set(methods) <= table.keys() and enough
    ]
    others = [other for other in others if not np.isnan(other)]
    by_name_rho = spearman(means(task, names), values_of(by_name[source], names)) if enough else np.nan
    return Agreement(
        *source, source.sees, len(methods), methods, rho, interval, rho_within, interval_within,
        concordance(points, values, everywhere), concordance(points, values, strata),
        float(np.median(others)) if others else None, None if np.isnan(by_name_rho) else float(by_name_rho), len(names),
    )  # fmt: skip


def common(task: RankedTask, published: Mapping[str, float]) -> list[str]:
    """Return the methods that a task and a published table have in common, those with few units left out."""
    return sorted(set(task.alike) & published.keys())


def values_of(published: Mapping[str, float], methods: Sequence[str]) -> Float64:
    """Return published metrics, float64 (n,)."""
    return np.array([published[method] for method in methods])


def means(task: RankedTask, methods: Sequence[str], metric: str = RANKED_BY) -> Float64:
    """Return the means of the methods' metric, by default of robust accuracy, float64 (n,)."""
    return np.array([task.units(method, metric).mean() for method in methods])


def over_units(task: RankedTask, methods: Sequence[str], metric: str = RANKED_BY) -> Scores:
    """Draw the methods' means over resampled units, the same ones for all methods: float64 (n, B)."""
    rows = [task.units(method, metric) for method in methods]
    shared = min(map(len, rows))
    picks = named_generator("units", task.task.name).integers(shared, size=(REPLICATES, shared))
    drawn: Float64 = np.array([row[:shared] for row in rows])[:, picks].mean(axis=2)
    return drawn
