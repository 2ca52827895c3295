"""How the ranking of methods agrees with published ones: overall, within access tiers, by access alone.

It is measured by rank correlation between two lists of metrics of the same methods, with a bootstrap over them.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import combinations

import numpy as np
from matplotlib.figure import Figure

from spurgen.harness.board.columns import Line
from spurgen.harness.board.rows import RANKED_BY
from spurgen.harness.metrics import percentile_interval
from spurgen.harness.metrics.arrays import Bool, Float64, Int64, Scores
from spurgen.harness.plots.forest import heat_map
from spurgen.harness.statistics.estimate import Estimate
from spurgen.harness.statistics.samples import named_generator
from spurgen.harness.validity.published import (
    NOT_THE_SAME,
    SUBPOPBENCH,
    Source,
    Tables,
    comparable_tables,
    published_tables,
    worst_group_tables,
)
from spurgen.harness.validity.suite import (
    MEASURED,
    WGA,
    Answer,
    Ranked,
    RankedSuite,
    flat,
    forest_of,
    melted,
    not_run,
    number,
    of_each,
    question,
)

MIN_METHODS = 5  # a rank correlation over fewer is almost meaningless
REPLICATES = 1000


def rank_rho(first: Scores, second: Scores) -> Float64:
    """Return Spearman's rho along the last axis; ties get their mean rank, and a list of ties alone gives NaN.

    `first`, `second`: real (..., n). Returns float64 (...,).
    """
    ranks = [_mean_ranks(values) for values in (first, second)]
    return _cosine(*(values - values.mean(axis=-1, keepdims=True) for values in ranks))


def _mean_ranks(values: Scores) -> Float64:
    """Return ranks along the last axis, ties at their mean: as `scipy.stats.rankdata`, which takes longer to import."""
    others, each = values[..., None, :], values[..., :, None]
    ranks: Float64 = (others < each).sum(axis=-1) + ((others == each).sum(axis=-1) + 1) / 2
    return ranks


def partial_spearman(first: Scores, second: Scores, strata: Int64) -> Float64:
    """Return Spearman's rho given the stratum, along the last axis (Liu et al. 2018, Biometrics 74, 595-605).

    It is the correlation of the probability-scale residuals: the share of an item's stratum that lies below it, less
    the share above it. So it depends only on the order within strata, has Spearman's scale, and is `rank_rho` if there
    is one stratum. A stratum of one item, or of ties alone, adds nothing; without any other it is NaN. `first`,
    `second`: real (..., n). `strata`: integers (..., n). Returns float64 (...,).
    """
    same = strata[..., None, :] == strata[..., :, None]
    return _cosine(_residuals(first, same), _residuals(second, same))


def _residuals(values: Scores, same: Bool) -> Float64:
    others, each = values[..., None, :], values[..., :, None]
    above_and_below = ((others < each) & same).sum(axis=-1) - ((others > each) & same).sum(axis=-1)
    residuals: Float64 = above_and_below / same.sum(axis=-1)
    return residuals


def _cosine(first: Float64, second: Float64) -> Float64:
    """Return the correlation of centred values along the last axis, NaN where one of the two does not vary."""
    product = (first * second).sum(axis=-1)
    norms = np.sqrt((first**2).sum(axis=-1) * (second**2).sum(axis=-1))
    rho: Float64 = np.divide(product, norms, out=np.full(np.shape(product), np.nan), where=norms > 0)
    return rho


def concordance(first: Scores, second: Scores, strata: Int64) -> tuple[int, int]:
    """Count the pairs of one stratum with the same order in two lists, real (n,), of all pairs that tie in neither."""
    pairs = np.triu_indices(len(first), 1)
    signs = [np.sign(values[pairs[0]] - values[pairs[1]]) for values in (first, second)]
    product = (signs[0] * signs[1])[strata[pairs[0]] == strata[pairs[1]]]
    return int((product > 0).sum()), int((product != 0).sum())


def orders_kept(first: Scores, second: Scores, strata: Int64) -> dict[str, int]:
    """Return `concordance` of all pairs and of those within strata, as the columns of a table."""
    every, within = concordance(first, second, np.zeros_like(strata)), concordance(first, second, strata)
    return {"same_order": every[0], "pairs": every[1], "same_order_within": within[0], "pairs_within": within[1]}


def correlate(
    points: Scores, others: Scores, replicates: Scores | None, name: str, strata: Int64 | None = None
) -> Estimate | None:
    """Correlate two lists of n metrics, with the percentile bootstrap's interval; None if a list is all ties.

    `points`, `others`: real (n,). `replicates`: real (n, B) of `points`, or None if only points are known. `strata`:
    integers (n,) for `partial_spearman`, None for `rank_rho`. A bootstrap replicate draws n methods with replacement
    and gives each its value in that replicate, so the interval covers the choice of methods and the units of `points`;
    `others` are taken as exact. Replicates in which a list is all ties have no rho and are left out. `name` keys the
    draws.
    """
    drawn = draw_methods(len(points), REPLICATES if replicates is None else replicates.shape[1], name)
    values = take(points, replicates, drawn)
    rhos = rank_rho(values, others[drawn]) if strata is None else partial_spearman(values, others[drawn], strata[drawn])
    return estimate(rhos)


def draw_methods(count: int, replicates: int, name: str) -> Int64:
    """Return the indices of all methods, and below them those of every bootstrap replicate: int64 (1 + B, n)."""
    law = named_generator(f"methods/{name}", "group", 0)
    drawn = law.integers(count, size=(replicates, count), dtype=np.int32).astype(np.int64)
    return np.concatenate([np.arange(count)[None], np.sort(drawn, axis=1)])


def take(points: Scores, replicates: Scores | None, drawn: Int64) -> Float64:
    """Return the values of the drawn methods, float64 (1 + B, n): the points, then each replicate's own values."""
    if replicates is None:
        return np.asarray(points[drawn], np.float64)
    values = np.concatenate([points[:, None], replicates], axis=1)
    taken: Float64 = values[drawn, np.arange(len(drawn))[:, None]]
    return taken


def estimate(statistics: Scores) -> Estimate | None:
    """Return a statistic with its percentile interval, or None if it is NaN.

    `statistics`: real (1 + B,), the statistic and its replicates; replicates that are NaN are left out.
    """
    value, replicates = float(statistics[0]), statistics[1:][~np.isnan(statistics[1:])]
    return None if np.isnan(value) else Estimate(value, *percentile_interval(replicates))


def as_strata(access: Sequence[str]) -> Int64:
    """Return a number per access tier, int64 (n,)."""
    return np.unique(np.asarray(access, str), return_inverse=True)[1].astype(np.int64)


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
        "among": _median([rank_rho(*pair) for pair in pairs]),
        "among_within": _median([partial_spearman(*pair, strata) for pair in pairs]),
        "of_access": _median([rank_rho(bit, values) for values in published]),
    }
    if task:
        for name, metric in (("rho", RANKED_BY), ("by_wga", WGA)):
            ours = take(means(task, methods, metric), over_units(task, methods, metric), drawn)
            medians[name] = _median([rank_rho(ours, values) for values in published])
            medians[f"{name}_within"] = _median([partial_spearman(ours, values, strata) for values in published])
            if metric == RANKED_BY:
                medians["ours_of_access"] = rank_rho(bit, ours)
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
        rhos["rho_by_name"] = _known(rank_rho(means(task, names), values_of(by_name[source], names)))
    return {
        "task": task.name, "protocol": source.protocol, "dataset": source.dataset, "sees": source.sees,
        "methods": len(methods), **rhos, "methods_by_name": len(names), **orders_kept(points, values, strata),
    }  # fmt: skip


def _among(source: Source, tables: Tables, methods: Sequence[str]) -> float | None:
    """Return the median rho of a table with those of its protocol that have all these methods."""
    others = [
        rank_rho(values_of(tables[source], methods), values_of(table, methods))
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


SHOWN = {
    "rho": "the four, median", "rho_within": "within access tiers", "by_wga": "by our WGA",
    "of_access": "of access alone", "among": "the four with one another", "among_within": "the same, within tiers",
}  # fmt: skip
"""Medians of a task in its plot."""
COUNTS = ("same_order", "pairs", "same_order_within", "pairs_within")


@question(
    "Agreement of the ranking with published ones",
    about="""\
How far a ranking of methods agrees with published ones: a fact, since published ones do not agree within tiers.

Spearman's rho between our mean scores and published worst-group accuracies. *Within* is the partial rank
correlation given our method's access tier (Liu et al. 2018): a method's residual is the share of its tier that it beats
less the share that beats it, and rho is the correlation of the residuals. It depends on the order within tiers alone,
has the scale of rho, and a tier with one method adds nothing. *Of access* ranks methods by one bit: whether they use
the group labels of train. *By WGA* orders our methods by worst-group accuracy too.

*The four* are Waterbirds, CelebA, MultiNLI and CivilComments in SubpopBench's protocol, *among* is their median with
one another. Intervals: bootstrap over the methods and, for ours, over units.

Protocols differ in what they let a method see, so a table is comparable with our rows as far as both see the same.
Tables with fewer than five common methods have no rho, but their pairs count: how many have the same order. The pairs
of one protocol's data sets are not independent.
""",
)
def spearman(suite: RankedSuite) -> Answer:
    """Correlate the mean scores of every ladder and task with every published table."""
    tables, by_name = comparable_tables(suite.published), worst_group_tables(suite.published)
    wanted = [name for name in suite.baselines if any(name in table for table in tables.values())]
    medians: dict[str, Line] = {}
    details: list[Line] = []
    missing = {}
    for name, task in suite.tasks.items():
        found = [agreement(task, source, tables, by_name, suite.baselines) for source in tables]
        absent = task.not_run(wanted)
        if any(table and table["rho"] is not None for table in found):
            details += [table for table in found if table]
            own = core_medians(tables, suite.baselines, task)
            medians[name] = {"task": name, **flat(**own)}
        if name in suite.main and (absent or name not in medians):
            missing[name] = not_run(absent) if absent else "too few ranked methods"
    main = [medians[name] for name in suite.main if "rho" in medians.get(name, {})]
    lines = list(medians.values())
    draw = partial(forest_of, melted(lines, SHOWN), "value", "Spearman's rho", limits=(-1.05, 1.05))
    return Answer(
        MEASURED,
        _agreement_in_words(main) if main else "",
        {
            "Medians over the four": lines, "Pairs in the same order": _by_protocol(details),
            "Published tables": details, "Left out, though of the same name": _left_out(),
        },
        suite.missing(missing),
        shown=list(suite.main),
        plot=draw if main else None,
    )  # fmt: skip


def _by_protocol(details: list[Line]) -> list[Line]:
    """Sum the pairs over a protocol's data sets."""
    sums: dict[tuple[object, ...], dict[str, int]] = {}
    for table in details:
        key = table["task"], table["protocol"], table["sees"]
        known = sums.setdefault(key, dict.fromkeys(COUNTS, 0))
        sums[key] = {count: known[count] + table[count] for count in COUNTS}
    return [{"task": key[0], "protocol": key[1], "sees": key[2], **counts} for key, counts in sums.items()]


def _left_out() -> list[Line]:
    return [
        {"protocol": protocol, "method": method, "the_published_one": how}
        for protocol, methods in NOT_THE_SAME.items()
        for method, how in methods.items()
    ]


def _agreement_in_words(main: list[Line]) -> str:
    shown = {name: of_each(main, name) for name in (*SHOWN, "less_access")}
    return (
        f"The median rho with {', '.join(CORE)} is {shown['rho']}, within access tiers {shown['rho_within']}. "
        f"Access alone reaches {shown['of_access']}, so ours differs from it by {shown['less_access']}, and the four "
        f"with one another {shown['among']}, within tiers {shown['among_within']}."
    )


@question(
    "Agreement of published data sets with one another",
    about="""\
How well published data sets agree with one another: what agreement can be expected of a benchmark.

Worst-group accuracies of pairs of data sets in one protocol, over all methods that both have. Within access tiers: the
partial rank correlation given the access tier of our method, over the methods that are the same algorithm here.
Access alone: rho of each data set with one bit, whether our method of that name uses the group labels of train; only
methods that are the same algorithm here count. Intervals: 95 % by a bootstrap over the methods.
""",
)
def published_spearman(suite: RankedSuite) -> Answer:
    """Correlate the data sets of every protocol with one another and with access alone, in worst-group accuracy."""
    tables, same = published_tables(suite.published), comparable_tables(suite.published)
    pairs = [
        _pair(sources, tables, same, suite.baselines)
        for sources in combinations(tables, 2)
        if sources[0].protocol == sources[1].protocol and len(_shared(sources, tables)) >= MIN_METHODS
    ]
    alone = [one for source, table in same.items() if (one := _access_alone(source, table, suite.baselines))]
    used = {(line["protocol"], line[key]) for line in [*pairs, *alone] for key in ("first", "second", "dataset")
            if key in line}  # fmt: skip
    medians = flat(**core_medians(same, suite.baselines))
    subpop = [pair for pair in pairs if pair["protocol"] == SUBPOPBENCH]
    return Answer(
        MEASURED,
        _published_in_words(subpop, medians) if subpop else "",
        {
            "Medians over the four": [medians] if medians else [],
            "Pairs of data sets": pairs,
            "Access alone": alone,
            "Sources": [source._asdict() for source in tables if source[:2] in used],
        },
        [] if pairs else [f"no two data sets of {SUBPOPBENCH}; restore harness/validity/published_wga.csv"],
        plot=partial(_plot_pairs, subpop) if subpop else None,
    )


def _shared(sources: tuple[Source, Source], tables: Tables) -> list[str]:
    return sorted(tables[sources[0]].keys() & tables[sources[1]].keys())


def _pair(sources: tuple[Source, Source], tables: Tables, same: Tables, access: Access) -> Line:
    methods, name = _shared(sources, tables), "/".join(source.dataset for source in sources)
    alike = [method for method in _shared(sources, same) if method in access] if set(sources) <= same.keys() else []
    first, second = (values_of(tables[source], methods) for source in sources)
    within = None
    if len(alike) >= MIN_METHODS:
        own = [values_of(same[source], alike) for source in sources]
        within = correlate(own[0], own[1], None, name, as_strata([access[method] for method in alike]))
    return {
        "protocol": sources[0].protocol, "first": sources[0].dataset, "second": sources[1].dataset,
        "methods": len(methods), **flat(rho=correlate(first, second, None, name), rho_within_tiers=within),
        "methods_within_tiers": len(alike),
    }  # fmt: skip


def _access_alone(source: Source, table: dict[str, float], access: Access) -> Line | None:
    methods = sorted(table.keys() & access.keys())
    bit = np.array([float(access[method] == TRAIN_GROUPS) for method in methods])
    if len(methods) < MIN_METHODS or len(set(bit.tolist())) < 2:
        return None
    rho = correlate(bit, values_of(table, methods), None, f"access/{source.dataset}")
    return {"protocol": source.protocol, "dataset": source.dataset, "methods": len(methods), **flat(rho=rho)}


def _published_in_words(pairs: list[Line], medians: Line) -> str:
    rhos = [pair["rho"] for pair in pairs if pair["rho"] is not None]
    among, within, alone = (of_each([medians], name) for name in ("among", "among_within", "of_access"))
    over_four = f"{among}, within access tiers {within}; access alone reaches {alone}"
    return (
        f"Spearman's rho is {number(min(rhos))} to {number(max(rhos))} over {len(rhos)} pairs of SubpopBench's data "
        f"sets. Median over {', '.join(CORE)}: {over_four}."
    )


def _plot_pairs(pairs: list[Line]) -> Figure:
    names = list(dict.fromkeys(pair[key] for pair in pairs for key in ("first", "second")))
    square = np.full((len(names), len(names)), np.nan)
    for pair in pairs:
        column, row = sorted(names.index(pair[key]) for key in ("first", "second"))
        square[row, column] = np.nan if pair["rho"] is None else pair["rho"]
    return heat_map(square[1:, :-1], names[1:], names[:-1], "Spearman's rho", limits=(-1.0, 1.0))
