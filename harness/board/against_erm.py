"""Every row compared with ERM's, by the moderated paired t-test over units."""

from collections.abc import Collection, Mapping

from spurgen.harness.board.by_unit import RANKED_BY
from spurgen.harness.board.schema import AgainstErm
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.statistics.comparison import Compared, with_reference
from spurgen.harness.statistics.units import Spread, cut_to_common

ERM = "erm"


def against_erm(
    values: Mapping[str, Float64], baselines: Collection[str], spread: Spread, asked: int
) -> dict[str, AgainstErm]:
    """Compare every row with ERM's, on the units that both have; return nothing where no baseline is ERM.

    `values`: the metric that ranks, by unit, float64 (W,). P-values are corrected for the number of baselines; that of
    any other row as if it were the only one besides them. A row with fewer than `asked` units is not ranked and so not
    tested.
    """
    if ERM not in values or ERM not in baselines:
        return {}
    full = {label: row for label, row in values.items() if len(row) >= asked}
    tests = with_reference({RANKED_BY: full}, ERM, set(baselines) & full.keys(), {RANKED_BY: spread})
    against = {}
    for label, row in values.items():
        if label != ERM:
            ours, its = cut_to_common(row, values[ERM])
            untested = Compared(float(ours.mean()), float(its.mean()), float((ours - its).mean()), None, None)
            test = tests[label][RANKED_BY] if label in tests else untested
            against[label] = AgainstErm(**vars(test), units=len(ours))
    return against
