"""How well published data sets agree with one another: what agreement can be expected of a benchmark.

Worst-group accuracies of pairs of data sets in one protocol, over all methods that both have. Within access tiers: the
partial rank correlation given the access tier of our method, over the methods that are the same algorithm here.
Access alone: rho of each data set with one bit, whether our method of that name uses the group labels of train; only
methods that are the same algorithm here count. Intervals: 95 % by a bootstrap over the methods.
"""

from functools import partial
from itertools import combinations

import numpy as np
from matplotlib.figure import Figure

from spurgen.harness.board.columns import Line
from spurgen.harness.plots.heat import heat_map
from spurgen.harness.validity.agreement import CORE, TRAIN_GROUPS, Access, core_medians, values_of
from spurgen.harness.validity.answer import MEASURED, Answer, flat, number, of_each
from spurgen.harness.validity.correlation import MIN_METHODS, as_strata, correlate
from spurgen.harness.validity.published import SUBPOPBENCH, Source, Tables, comparable_tables, published_tables
from spurgen.harness.validity.suite import RankedSuite

PLACE = 5
TITLE = "Agreement of published data sets with one another"


def examine(suite: RankedSuite) -> Answer:
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
        _summary(subpop, medians) if subpop else "",
        {
            "Medians over the four": [medians] if medians else [],
            "Pairs of data sets": pairs,
            "Access alone": alone,
            "Sources": [source._asdict() for source in tables if source[:2] in used],
        },
        [] if pairs else [f"no two data sets of {SUBPOPBENCH}; restore harness/validity/published_wga.csv"],
        plot=partial(_plot, subpop) if subpop else None,
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


def _summary(pairs: list[Line], medians: Line) -> str:
    rhos = [pair["rho"] for pair in pairs if pair["rho"] is not None]
    among, within, alone = (of_each([medians], name) for name in ("among", "among_within", "of_access"))
    over_four = f"{among}, within access tiers {within}; access alone reaches {alone}"
    return (
        f"Spearman's rho is {number(min(rhos))} to {number(max(rhos))} over {len(rhos)} pairs of SubpopBench's data "
        f"sets. Median over {', '.join(CORE)}: {over_four}."
    )


def _plot(pairs: list[Line]) -> Figure:
    names = list(dict.fromkeys(pair[key] for pair in pairs for key in ("first", "second")))
    square = np.full((len(names), len(names)), np.nan)
    for pair in pairs:
        column, row = sorted(names.index(pair[key]) for key in ("first", "second"))
        square[row, column] = np.nan if pair["rho"] is None else pair["rho"]
    return heat_map(square[1:, :-1], names[1:], names[:-1], "Spearman's rho", limits=(-1.0, 1.0))
