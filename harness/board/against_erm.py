"""Every method against ERM on one task: by the paired bootstrap, and by the paired t-test over seeds."""

from collections.abc import Callable, Mapping
from typing import Literal, TypedDict

from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.results.rows import TaskRow
from spurgen.harness.statistics.differences import holm, paired_difference, seed_p_value

ERM = "erm"
ALPHA = 0.05


class Against(TypedDict):
    """A method's worst-group accuracy less ERM's, on the seeds that both have.

    `p_bootstrap` tests over seeds and samples, `p_seeds` (the t-test) over seeds alone, for this test split only; the
    latter is None with one seed. `..._holm` are corrected for the number of methods. `verdict` is by
    `p_bootstrap_holm`, as ranks are, at 5 %; `undecided` does not mean equal.
    """

    access: str
    erm_access: str
    seeds: int
    difference: float
    interval: list[float]
    p_bootstrap: float
    p_bootstrap_holm: float
    p_seeds: float | None
    p_seeds_holm: float | None
    verdict: Literal["better", "worse", "undecided"]


def against_erm(rows: Mapping[str, TaskRow], replicates: Callable[[str, int], Float64]) -> dict[str, Against]:
    """Compare every row of a task with ERM's; return {} where that row is missing.

    `rows`: label -> row that may be ranked. `replicates(label, S)` draws a row's WGA over its first S seeds, float64
    (B,), paired over the samples, as for the ranks.
    """
    if ERM not in rows:
        return {}
    table: dict[str, Against] = {}
    for label in (label for label in rows if label != ERM):
        common = min(len(rows[label]), len(rows[ERM]))
        drawn = [replicates(name, common) for name in (label, ERM)]
        table[label] = _compare(rows[label].first(common), rows[ERM].first(common), *drawn)
    by_bootstrap = holm([row["p_bootstrap"] for row in table.values()])
    by_seeds = holm([row["p_seeds"] for row in table.values()])
    for row, bootstrap, seeds in zip(table.values(), by_bootstrap, by_seeds, strict=True):
        row |= {"p_bootstrap_holm": bootstrap, "p_seeds_holm": seeds}
        if bootstrap < ALPHA:
            row["verdict"] = "better" if row["difference"] > 0 else "worse"
    return table


def _compare(row: TaskRow, erm: TaskRow, ours: Float64, its: Float64) -> Against:
    """Compare two rows with their replicates of WGA, float64 (B,), without correction yet."""
    values, others = row.metric("wga"), erm.metric("wga")
    difference = paired_difference(float(values.mean()), ours, float(others.mean()), its)
    p_seeds = seed_p_value(values, others)
    return {
        "access": row.results[0].access,
        "erm_access": erm.results[0].access,
        "seeds": len(row),
        "difference": difference.value,
        "interval": [difference.low, difference.high],
        "p_bootstrap": difference.p,
        "p_bootstrap_holm": difference.p,
        "p_seeds": p_seeds,
        "p_seeds_holm": p_seeds,
        "verdict": "undecided",
    }
