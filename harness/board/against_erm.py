"""Every row against ERM's: by the paired bootstrap, and on a task by the paired t-test over seeds."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from spurgen.harness.board.schema import AgainstErm, BoardRow, Direction
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.results.rows import TaskRow
from spurgen.harness.statistics import ALPHA, Difference, holm, paired_difference, seed_p_value

ERM = "erm"


class _Compared(NamedTuple):
    """A row's access tier, the seeds that were compared, the difference, and the p-value of the t-test."""

    access: str
    seeds: int
    difference: Difference
    p_seeds: float | None


def against_erm(rows: Mapping[str, TaskRow], replicates: Callable[[str, int], Float64]) -> dict[str, AgainstErm]:
    """Compare every row of a task with ERM's; return nothing where that row is missing.

    `rows`: the rows that may be ranked, by label. `replicates(label, S)` draws a row's WGA over its first S seeds,
    float64 (B,), paired over the samples, as rows are ranked by.
    """
    if ERM not in rows:
        return {}
    compared = {}
    for label, row in rows.items():
        if label != ERM:
            common = min(len(row), len(rows[ERM]))
            values, others = (each.metric("wga")[:common] for each in (row, rows[ERM]))
            ours, its = (replicates(name, common) for name in (label, ERM))
            difference = paired_difference(float(values.mean()), ours, float(others.mean()), its)
            access = row.results[0].access
            compared[label] = _Compared(access, common, difference, seed_p_value(values, others))
    return _corrected(compared, rows[ERM].results[0].access)


def set_against_erm(rows: Mapping[str, BoardRow], replicates: Mapping[str, Float64]) -> dict[str, AgainstErm]:
    """Compare every row over a set of tasks with ERM's; return nothing where that row is missing.

    `rows`, `replicates`: the rows by label, and their mean WGA over the set, float64 (B,), paired over the samples.
    """
    if ERM not in rows:
        return {}
    erm, its = rows[ERM].value("wga"), replicates[ERM]
    compared = {
        label: _Compared(row.access, row.seeds, paired_difference(row.value("wga"), replicates[label], erm, its), None)
        for label, row in rows.items()
        if label != ERM
    }
    return _corrected(compared, rows[ERM].access)


def _corrected(compared: Mapping[str, _Compared], erm_access: str) -> dict[str, AgainstErm]:
    """Correct p-values for the number of rows, and judge each row."""
    bootstrap = holm([each.difference.p for each in compared.values()])
    seeds = holm([each.p_seeds for each in compared.values()])
    table = {}
    for (label, each), p_holm, p_seeds_holm in zip(compared.items(), bootstrap, seeds, strict=True):
        higher: Direction = "better" if each.difference.value > 0 else "worse"
        table[label] = AgainstErm(
            access=each.access,
            erm_access=erm_access,
            seeds=each.seeds,
            difference=each.difference.value,
            interval=each.difference.interval,
            p_bootstrap=each.difference.p,
            p_bootstrap_holm=p_holm,
            p_seeds=each.p_seeds,
            p_seeds_holm=p_seeds_holm,
            verdict=higher if p_holm < ALPHA else "undecided",
        )
    return table
