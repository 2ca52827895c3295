"""How well published data sets agree with one another: what agreement can be expected of a benchmark."""

from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar

import numpy as np
from matplotlib.figure import Figure

from spurgen.harness.validity._correlation import MIN_METHODS, correlate
from spurgen.harness.validity._panels import panels
from spurgen.harness.validity._published import SUBPOPBENCH, worst_group_tables
from spurgen.harness.validity._rows import RankedSuite
from spurgen.harness.validity._section import Section
from spurgen.harness.validity._tables import number, with_interval, with_note

PLACE = 4
TITLE = "Agreement of published data sets with one another"


@dataclass(frozen=True)
class Pair:
    """Rank correlation of two data sets over the methods that both have."""

    datasets: tuple[str, str]
    rho: float | None
    interval: tuple[float, float] | None
    n: int
    methods: list[str]


@dataclass(frozen=True)
class PublishedAgreement(Section):
    """Rank correlations of all pairs of data sets of one protocol."""

    JUDGED: ClassVar[bool] = False
    protocol: str
    pairs: list[Pair]

    def summary(self) -> str:
        """Return the range of the correlations in a sentence."""
        rhos = [pair.rho for pair in self.pairs if pair.rho is not None]
        if not rhos:
            return ""
        return (
            f"Spearman's rho is {min(rhos):.2f} to {max(rhos):.2f} over {len(rhos)} pairs of data sets, "
            f"{' - '.join(self.pairs[0].datasets)} {number(self.pairs[0].rho, '.2f')}."
        )

    def tables(self) -> str:
        """Return a line per pair."""
        lines = [
            {"Data sets": " - ".join(pair.datasets), "Methods": pair.n,
             "Spearman's rho (95 %)": with_interval(pair.rho, pair.interval)}
            for pair in self.pairs
        ]  # fmt: skip
        return with_note(f"Worst-group accuracies, {self.protocol}; intervals by a bootstrap over the methods.", lines)

    def plot(self) -> Figure | None:
        """Draw a square of correlations with their numbers, darker where two data sets agree more."""
        if not self.pairs:
            return None
        names = list(dict.fromkeys(name for pair in self.pairs for name in pair.datasets))
        figure, (axes,) = panels(1, 1, 1.6 + 0.5 * len(names), 1.2 + 0.42 * len(names))
        square = np.full((len(names), len(names)), np.nan)
        for pair in self.pairs:
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
    """Correlate SubpopBench's data sets with one another, in worst-group accuracy."""
    published = worst_group_tables(suite.published).items()
    tables = {source.dataset: table for source, table in published if source.protocol == SUBPOPBENCH}
    pairs = []
    for datasets in combinations(tables, 2):
        first, second = (tables[dataset] for dataset in datasets)
        methods = sorted(first.keys() & second.keys())
        if len(methods) >= MIN_METHODS:
            ours, theirs = (np.array([table[method] for method in methods]) for table in (first, second))
            correlation = correlate(ours, theirs, None, "/".join(datasets))
            pairs.append(Pair(datasets, *correlation, len(methods), methods))
    missing = [] if pairs else [f"no two data sets of {SUBPOPBENCH}; restore harness/validity/published_wga.csv"]
    return PublishedAgreement(None, missing, SUBPOPBENCH, pairs)
