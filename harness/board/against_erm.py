"""Every row of a task against ERM's: by the paired bootstrap, and by the paired t-test over seeds."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from spurgen.harness.board.schema import AgainstErm
from spurgen.harness.metrics import Interval
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.results.rows import TaskRow
from spurgen.harness.statistics.differences import holm, paired_difference, seed_p_value

ERM = "erm"
ALPHA = 0.05


def against_erm(rows: Mapping[str, TaskRow], replicates: Callable[[str, int], Float64]) -> dict[str, AgainstErm]:
    """Compare every row of a task with ERM's; return nothing where that row is missing.

    `rows`: the rows that may be ranked, by label. `replicates(label, S)` draws a row's WGA over its first S seeds,
    float64 (B,), paired over the samples, as rows are ranked by.
    """
    if ERM not in rows:
        return {}
    compared: dict[str, AgainstErm] = {}
    for label in (label for label in rows if label != ERM):
        common = min(len(rows[label]), len(rows[ERM]))
        drawn = [replicates(name, common) for name in (label, ERM)]
        compared[label] = _compare(rows[label].first(common), rows[ERM].first(common), *drawn)
    by_bootstrap = holm([row.p_bootstrap for row in compared.values()])
    by_seeds = holm([row.p_seeds for row in compared.values()])
    corrected = map(_corrected, compared.values(), by_bootstrap, by_seeds)
    return dict(zip(compared, corrected, strict=True))


def _compare(row: TaskRow, erm: TaskRow, ours: Float64, its: Float64) -> AgainstErm:
    """Compare two rows by their replicates of WGA, float64 (B,), not yet corrected."""
    values, others = row.metric("wga"), erm.metric("wga")
    difference = paired_difference(float(values.mean()), ours, float(others.mean()), its)
    p_seeds = seed_p_value(values, others)
    return AgainstErm(
        access=row.results[0].access,
        erm_access=erm.results[0].access,
        seeds=len(row),
        difference=difference.value,
        interval=Interval(difference.low, difference.high),
        p_bootstrap=difference.p,
        p_bootstrap_holm=difference.p,
        p_seeds=p_seeds,
        p_seeds_holm=p_seeds,
        verdict="undecided",
    )


def _corrected(row: AgainstErm, p_bootstrap: float, p_seeds: float | None) -> AgainstErm:
    corrected = replace(row, p_bootstrap_holm=p_bootstrap, p_seeds_holm=p_seeds)
    if p_bootstrap >= ALPHA:
        return corrected
    return replace(corrected, verdict="better" if row.difference > 0 else "worse")
