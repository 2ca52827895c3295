"""A difference of worst-group accuracy that is too small is never found: how small that is."""

import math
from itertools import combinations
from typing import TypedDict

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import norm

from spurgen.harness.board.against_erm import ALPHA
from spurgen.harness.machine.plotting import INK, PALE
from spurgen.harness.validity._panels import panels
from spurgen.harness.validity._rows import Evidence, TaskEvidence
from spurgen.harness.validity._tables import by_task, number, table

PLACE = 7
TITLE = "The smallest difference that can be told apart"
JUDGED = False
SEEDS, POWER = 5, 0.8


class Detectable(TypedDict):
    """Holds the smallest difference of WGA for the median pair of methods, and for the noisiest tenth.

    `pair` is for one pair alone, `all_pairs` for the first step of Holm's correction over the `pairs` that all ranked
    rows make. `rows`: how many of them have the `seeds` that are compared.
    """

    seeds: int
    rows: int
    pairs: int
    spread: float
    pair: float
    all_pairs: float
    spread_of_noisiest: float
    pair_of_noisiest: float
    all_pairs_of_noisiest: float


class Result(TypedDict):
    """Holds the differences on every task with two rows; there is nothing to pass."""

    passed: None
    missing: list[str]
    seeds_wanted: int
    alpha: float
    power: float
    main: list[str]
    tasks: dict[str, Detectable]


def detectable(spread: float, pairs: int = 1, *, alpha: float = ALPHA, power: float = POWER) -> float:
    """Returns (z(1 - alpha / (2 pairs)) + z(power)) * spread, z the standard normal quantile.

    `spread`: the standard deviation of the estimated difference, which is the paired bootstrap's. A
    two-sided z-test at alpha / pairs, the first step of Holm's correction, finds a true difference of
    that size with probability `power` (Cohen 1988; the other tail is neglected). Later steps are
    laxer, so it is the most that is needed.
    """
    return float((norm.isf(alpha / (2 * pairs)) + norm.ppf(power)) * spread)


def examine(evidence: Evidence) -> Result:
    """Takes the spreads of pairs of ranked rows, cut to the seeds that half of them have, five at most."""
    measured = {name: _detectable(task) for name, task in evidence.tasks.items()}
    tasks = {name: found for name, found in measured.items() if found}
    short = [name for name in measured if name not in tasks or tasks[name]["seeds"] < SEEDS]
    missing = evidence.lacking(dict.fromkeys(short, f"fewer than two ranked rows with {SEEDS} seeds"))
    wanted = {"seeds_wanted": SEEDS, "alpha": ALPHA, "power": POWER, "main": list(evidence.main)}
    return {"passed": None, "missing": missing, "tasks": tasks, **wanted}  # type: ignore[typeddict-item]


def _detectable(task: TaskEvidence) -> Detectable | None:
    """Measures the pairs; None with fewer than two rows."""
    counts = sorted((min(len(cells), SEEDS) for cells in task.rows.values()), reverse=True)
    if len(counts) < 2:
        return None
    seeds = counts[len(counts) // 2]  # the most that half of the rows have, and two at least
    labels = [label for label, cells in task.rows.items() if len(cells) >= seeds]
    replicates = [task.wga(label, seeds).replicates for label in labels]
    spreads = [float((one - other).std(ddof=1)) for one, other in combinations(replicates, 2)]
    median, noisiest = (float(np.quantile(spreads, at)) for at in (0.5, 0.9))
    pairs = math.comb(len(task.rows), 2)
    return {
        "seeds": seeds,
        "rows": len(labels),
        "pairs": pairs,
        "spread": median,
        "pair": detectable(median),
        "all_pairs": detectable(median, pairs),
        "spread_of_noisiest": noisiest,
        "pair_of_noisiest": detectable(noisiest),
        "all_pairs_of_noisiest": detectable(noisiest, pairs),
    }


def _seeds(found: Detectable) -> str:
    return f"{found['seeds']} seed{'s' * (found['seeds'] > 1)}"


def sum_up(result: Result) -> str:
    """Says in a sentence how small a difference is found."""
    tasks, main = result["tasks"], result["main"]
    found = by_task(tasks, lambda some: f"{number(some['all_pairs'], '.2f')} with {_seeds(some)}", main)
    pairs = by_task(tasks, lambda some: f"{some['pairs']}", main)
    power = f"With {100 * result['power']:.0f} % power"
    return f"{power}, after Holm over all pairs of rows, {pairs}: {found}." if found else ""


def tell(result: Result) -> str:
    """Writes the smallest differences a task."""
    lines = [
        {"Task": name, "Rows": found["rows"], "Seeds": found["seeds"], "One pair": number(found["pair"]),
         "After Holm over all pairs": number(found["all_pairs"]), "Pairs": found["pairs"],
         "One pair, noisiest tenth": number(found["pair_of_noisiest"]),
         "After Holm, noisiest tenth": number(found["all_pairs_of_noisiest"])}
        for name, found in result["tasks"].items()
    ]  # fmt: skip
    note = (
        f"The smallest true difference of WGA that is found at {100 * result['alpha']:.0f} % with "
        f"{100 * result['power']:.0f} % power, "
        "(z(1 - alpha / 2) + z(power)) times the paired bootstrap's standard deviation of the difference; for the "
        "median pair of methods, and for the pair that is noisier than nine in ten."
    )
    return "\n\n".join([note, table(lines)]) if lines else note


def draw(result: Result) -> Figure | None:
    """Draws two bars a task, with a line up to the noisiest tenth."""
    tasks = result["tasks"]
    if not tasks:
        return None
    figure, (axes,) = panels(1, 1, 6.0, 1.2 + 0.42 * len(tasks))
    at = np.arange(len(tasks))
    pairs = [(found["pair"], found["pair_of_noisiest"]) for found in tasks.values()]
    all_pairs = [(found["all_pairs"], found["all_pairs_of_noisiest"]) for found in tasks.values()]
    bars = ((-0.18, pairs, "one pair", PALE), (0.18, all_pairs, "after Holm, all pairs", INK))
    for shift, spans, label, colour in bars:
        median, noisiest = np.transpose(spans)
        axes.barh(at + shift, median, 0.34, label=label, color=colour, edgecolor=INK, linewidth=0.6)
        axes.hlines(at + shift, median, noisiest, color=INK, linewidth=0.8)
    axes.set_yticks(at, [f"{name} ({_seeds(found)})" for name, found in tasks.items()])
    axes.invert_yaxis()
    axes.set_xlabel("smallest difference of WGA (line: up to the noisiest tenth of pairs)")
    figure.legend(loc="outside upper left", ncols=2)
    return figure
