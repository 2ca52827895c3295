"""How well published data sets agree with one another: what agreement can be expected of a benchmark."""

from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar

import numpy as np
from matplotlib.figure import Figure

from spurgen.harness.metrics.arrays import Int64
from spurgen.harness.validity._agreement import (
    CORE,
    TRAIN_GROUPS,
    Access,
    PublishedMedians,
    published_medians,
    values_of,
)
from spurgen.harness.validity._correlation import MIN_METHODS, Correlation, as_strata, correlate
from spurgen.harness.validity._panels import panels
from spurgen.harness.validity._published import (
    SUBPOPBENCH,
    Source,
    Tables,
    comparable_tables,
    published_tables,
    sources_table,
)
from spurgen.harness.validity._rows import RankedSuite
from spurgen.harness.validity._section import Section
from spurgen.harness.validity._tables import estimated, number, with_interval, with_note

PLACE = 5
TITLE = "Agreement of published data sets with one another"
NOTE = (
    "Worst-group accuracies of pairs of data sets in one protocol, over all methods that both have. Within access "
    "tiers: the partial rank correlation given the access tier of our method, over the methods that are the same "
    "algorithm here. Intervals: 95 % by a bootstrap over the methods."
)
ACCESS_NOTE = (
    "Access alone: rho of each data set with one bit, whether our method of that name uses the group labels of train. "
    "Only methods that are the same algorithm here count."
)


@dataclass(frozen=True)
class Pair:
    """Rank correlation of two data sets of a protocol over the methods that both have.

    `rho_within`: given the access tier of our method of the same algorithm, over `n_within` of them.
    """

    protocol: str
    datasets: tuple[str, str]
    rho: float | None
    interval: tuple[float, float] | None
    n: int
    methods: list[str]
    rho_within: float | None
    interval_within: tuple[float, float] | None
    n_within: int


@dataclass(frozen=True)
class AccessAlone:
    """Rank correlation of a data set with whether a method uses the group labels of train."""

    protocol: str
    dataset: str
    rho: float | None
    interval: tuple[float, float] | None
    n: int


@dataclass(frozen=True)
class PublishedAgreement(Section):
    """Rank correlations of all pairs of data sets of a protocol, and of each data set with access alone.

    `medians`: over the pairs of `CORE`, and over `CORE`; None if there are too few methods. `sources`: of every number.
    """

    JUDGED: ClassVar[bool] = False
    pairs: list[Pair]
    access: list[AccessAlone]
    medians: PublishedMedians | None
    sources: list[Source]

    def summary(self) -> str:
        """Return the medians and the range of the correlations in a few sentences."""
        pairs = [pair for pair in self.pairs if pair.protocol == SUBPOPBENCH]
        rhos = [pair.rho for pair in pairs if pair.rho is not None]
        if not rhos:
            return ""
        medians = self.medians and (
            f" Median over {', '.join(CORE)}, {len(self.medians.methods)} methods: {estimated(self.medians.among)}, "
            f"within access tiers {estimated(self.medians.among_within)}; access alone reaches "
            f"{estimated(self.medians.of_access)}."
        )
        return (
            f"Spearman's rho is {min(rhos):.2f} to {max(rhos):.2f} over {len(rhos)} pairs of SubpopBench's data sets, "
            f"{' - '.join(pairs[0].datasets)} {number(pairs[0].rho, '.2f')}.{medians or ''}"
        )

    def tables(self) -> str:
        """Return a line per pair, a line per data set, and the sources."""
        lines = [
            {"Protocol": pair.protocol, "Data sets": " - ".join(pair.datasets), "Methods": pair.n,
             "Spearman's rho (95 %)": with_interval(pair.rho, pair.interval, ".2f"),
             "Within access tiers": with_interval(pair.rho_within, pair.interval_within, ".2f"),
             "Methods within": pair.n_within}
            for pair in self.pairs
        ]  # fmt: skip
        alone = [
            {"Protocol": one.protocol, "Data set": one.dataset, "Methods": one.n,
             "Access alone (95 %)": with_interval(one.rho, one.interval, ".2f")}
            for one in self.access
        ]  # fmt: skip
        parts = [with_note(NOTE, lines), with_note(ACCESS_NOTE, alone) if alone else ""]
        return "\n\n".join(part for part in [*parts, sources_table(self.sources) if self.sources else ""] if part)

    def plot(self) -> Figure | None:
        """Draw a square of SubpopBench's correlations with their numbers, darker where two data sets agree more."""
        pairs = [pair for pair in self.pairs if pair.protocol == SUBPOPBENCH]
        if not pairs:
            return None
        names = list(dict.fromkeys(name for pair in pairs for name in pair.datasets))
        figure, (axes,) = panels(1, 1, 1.6 + 0.5 * len(names), 1.2 + 0.42 * len(names))
        square = np.full((len(names), len(names)), np.nan)
        for pair in pairs:
            column, row = sorted(map(names.index, pair.datasets))
            square[row, column] = np.nan if pair.rho is None else pair.rho
        axes.imshow(square, cmap="Greys", vmin=-0.5, vmax=1.3, aspect="auto")
        for row, column in zip(*np.nonzero(~np.isnan(square)), strict=True):
            rho = float(square[row, column])
            colour = "white" if rho > 0.5 else "black"
            axes.text(column, row, number(rho, ".2f"), ha="center", va="center", color=colour)
        axes.set_xticks(range(len(names) - 1), names[:-1], rotation=40, ha="right")
        axes.set_yticks(range(1, len(names)), names[1:])
        axes.set_xlim(-0.5, len(names) - 1.5)
        axes.set_ylim(len(names) - 0.5, 0.5)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        return figure


def examine(suite: RankedSuite) -> PublishedAgreement:
    """Correlate the data sets of every protocol with one another and with access alone, in worst-group accuracy."""
    tables, same = published_tables(suite.published), comparable_tables(suite.published)
    pairs = [
        _pair(sources, tables, same, suite.baselines)
        for sources in combinations(tables, 2)
        if sources[0].protocol == sources[1].protocol and len(_shared(sources, tables)) >= MIN_METHODS
    ]
    alone = [one for source, table in same.items() if (one := _access_alone(source, table, suite.baselines))]
    used = {(pair.protocol, name) for pair in pairs for name in pair.datasets} | {
        (a.protocol, a.dataset) for a in alone
    }
    sources = [source for source in tables if source[:2] in used]
    missing = [] if pairs else [f"no two data sets of {SUBPOPBENCH}; restore harness/validity/published_wga.csv"]
    return PublishedAgreement(None, missing, pairs, alone, published_medians(same, suite.baselines), sources)


def _shared(sources: tuple[Source, Source], tables: Tables) -> list[str]:
    return sorted(tables[sources[0]].keys() & tables[sources[1]].keys())


def _pair(sources: tuple[Source, Source], tables: Tables, same: Tables, access: Access) -> Pair:
    methods, name = _shared(sources, tables), "/".join(source.dataset for source in sources)
    rho = _correlate(sources, tables, methods, name)
    alike = [method for method in _shared(sources, same) if method in access] if set(sources) <= same.keys() else []
    tiers = as_strata([access[method] for method in alike])
    within = _correlate(sources, same, alike, name, tiers) if len(alike) >= MIN_METHODS else Correlation(None, None)
    protocol, datasets = sources[0].protocol, (sources[0].dataset, sources[1].dataset)
    return Pair(protocol, datasets, *rho, len(methods), methods, *within, len(alike))


def _correlate(
    sources: tuple[Source, Source], tables: Tables, methods: list[str], name: str, strata: Int64 | None = None
) -> Correlation:
    first, second = (values_of(tables[source], methods) for source in sources)
    return correlate(first, second, None, name, strata)


def _access_alone(source: Source, table: dict[str, float], access: Access) -> AccessAlone | None:
    methods = sorted(table.keys() & access.keys())
    bit = np.array([float(access[method] == TRAIN_GROUPS) for method in methods])
    if len(methods) < MIN_METHODS or len(set(bit.tolist())) < 2:
        return None
    correlation = correlate(bit, values_of(table, methods), None, f"access/{source.dataset}")
    return AccessAlone(source.protocol, source.dataset, *correlation, len(methods))
