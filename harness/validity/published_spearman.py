"""Published data sets agree with one another to some degree: the yardstick for `spearman`."""

from itertools import combinations
from typing import TypedDict

import numpy as np
from matplotlib.figure import Figure

from spurgen.harness.validity._correlation import FEWEST, correlate
from spurgen.harness.validity._panels import panels
from spurgen.harness.validity._published import SUBPOPBENCH, worst_group_tables
from spurgen.harness.validity._rows import Evidence
from spurgen.harness.validity._tables import number, table, with_interval

PLACE = 4
TITLE = "What agreement published data sets have with one another"
JUDGED = False


class Pair(TypedDict):
    """Holds the rank correlation of two data sets over the methods that both have."""

    datasets: list[str]
    rho: float | None
    interval: list[float] | None
    n: int
    methods: list[str]


class Result(TypedDict):
    """Holds all pairs of data sets of one protocol; there is nothing to pass."""

    passed: None
    missing: list[str]
    protocol: str
    pairs: list[Pair]


def examine(evidence: Evidence) -> Result:
    """Correlates SubpopBench's data sets with one another, in worst-group accuracy."""
    tables = {
        place[1]: some for place, some in worst_group_tables(evidence.published).items() if place[0] == SUBPOPBENCH
    }
    found = [_pair(one, other, tables[one], tables[other]) for one, other in combinations(tables, 2)]
    pairs = [pair for pair in found if pair["n"] >= FEWEST]
    missing = [] if pairs else [f"no two data sets of {SUBPOPBENCH}; restore harness/validity/published_wga.csv"]
    return {"passed": None, "missing": missing, "protocol": SUBPOPBENCH, "pairs": pairs}


def _pair(one: str, other: str, first: dict[str, float], second: dict[str, float]) -> Pair:
    methods = sorted(first.keys() & second.keys())
    figures, others = (np.array([some[method] for method in methods]) for some in (first, second))
    many = len(methods) >= FEWEST
    rho, interval = correlate(figures, others, None, f"{one}/{other}") if many else (None, None)
    shown = list(interval) if interval else None
    return {"datasets": [one, other], "rho": rho, "interval": shown, "n": len(methods), "methods": methods}


def sum_up(result: Result) -> str:
    """Says in a sentence how far published data sets agree."""
    rhos = [pair["rho"] for pair in result["pairs"] if pair["rho"] is not None]
    if not rhos:
        return ""
    first = result["pairs"][0]
    return (
        f"Spearman's rho is {min(rhos):.2f} to {max(rhos):.2f} over {len(rhos)} pairs of data sets, "
        f"{' - '.join(first['datasets'])} {number(first['rho'], '.2f')}."
    )


def tell(result: Result) -> str:
    """Writes all pairs."""
    lines = [
        {"Data sets": " - ".join(pair["datasets"]), "Methods": pair["n"],
         "Spearman's rho (95 %)": with_interval(pair["rho"], pair["interval"])}
        for pair in result["pairs"]
    ]  # fmt: skip
    note = f"Worst-group accuracies, {result['protocol']}; intervals by a bootstrap over the methods."
    return "\n\n".join([note, table(lines)]) if lines else note


def draw(result: Result) -> Figure | None:
    """Draws a square of correlations, darker where two data sets agree more, with the numbers."""
    if not result["pairs"]:
        return None
    names = list(dict.fromkeys(name for pair in result["pairs"] for name in pair["datasets"]))
    figure, (axes,) = panels(1, 1, 1.6 + 0.5 * len(names), 1.2 + 0.42 * len(names))
    square = np.full((len(names), len(names)), np.nan)
    for pair in result["pairs"]:
        at = sorted(map(names.index, pair["datasets"]))
        square[at[1], at[0]] = np.nan if pair["rho"] is None else pair["rho"]
    axes.imshow(square, cmap="Greys", vmin=-0.5, vmax=1.3, aspect="auto")
    for row, column in zip(*np.nonzero(~np.isnan(square)), strict=True):
        rho = float(square[row, column])
        axes.text(column, row, number(rho, ".2f"), ha="center", va="center", color="white" if rho > 0.5 else "black")
    axes.set_xticks(range(len(names) - 1), names[:-1], rotation=40, ha="right")
    axes.set_yticks(range(1, len(names)), names[1:])
    axes.set_xlim(-0.5, len(names) - 1.5)
    axes.set_ylim(len(names) - 0.5, 0.5)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return figure
