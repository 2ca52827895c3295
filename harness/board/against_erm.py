"""Every row of a task against ERM's: by the paired bootstrap, and by the paired t-test over seeds."""

from collections.abc import Callable, Mapping

from spurgen.harness.board.schema import AgainstErm, Verdict
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.results.rows import TaskRow
from spurgen.harness.statistics import ALPHA, holm, paired_difference, seed_p_value

ERM = "erm"


def against_erm(rows: Mapping[str, TaskRow], replicates: Callable[[str, int], Float64]) -> dict[str, AgainstErm]:
    """Compare every row of a task with ERM's; return nothing where that row is missing.

    `rows`: the rows that may be ranked, by label. `replicates(label, S)` draws a row's WGA over its first S seeds,
    float64 (B,), paired over the samples, as rows are ranked by.
    """
    if ERM not in rows:
        return {}
    seeds = {label: min(len(row), len(rows[ERM])) for label, row in rows.items() if label != ERM}
    differences, p_seeds = [], []
    for label, common in seeds.items():
        values, others = (rows[name].metric("wga")[:common] for name in (label, ERM))
        ours, its = (replicates(name, common) for name in (label, ERM))
        differences.append(paired_difference(float(values.mean()), ours, float(others.mean()), its))
        p_seeds.append(seed_p_value(values, others))
    corrected = zip(holm([difference.p for difference in differences]), p_seeds, holm(p_seeds), strict=True)
    compared = {}
    for label, difference, (p_holm, p_seed, p_seed_holm) in zip(seeds, differences, corrected, strict=True):
        higher: Verdict = "better" if difference.value > 0 else "worse"
        compared[label] = AgainstErm(
            access=rows[label].results[0].access,
            erm_access=rows[ERM].results[0].access,
            seeds=seeds[label],
            difference=difference.value,
            interval=difference.interval,
            p_bootstrap=difference.p,
            p_bootstrap_holm=p_holm,
            p_seeds=p_seed,
            p_seeds_holm=p_seed_holm,
            verdict=higher if p_holm < ALPHA else "undecided",
        )
    return compared
