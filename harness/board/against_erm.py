"""Every row against ERM's, by the moderated paired t-test over units."""

from collections.abc import Collection, Mapping

from spurgen.harness.board.by_unit import RANKED_BY
from spurgen.harness.board.schema import AgainstErm, Direction
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.statistics.comparison import Compared, with_reference
from spurgen.harness.statistics.units import Spread, cut_to_common

ERM = "erm"


def against_erm(
    values: Mapping[str, Float64], access: Mapping[str, str], baselines: Collection[str], spread: Spread, asked: int
) -> dict[str, AgainstErm]:
    """Compare every row with ERM's, on the units that both have; return nothing where no baseline is ERM.

    `values`: the metric that ranks, by unit, float64 (W,). P-values are corrected for the number of baselines; that of
    another row is corrected as if it were the only one beside them. A row with fewer than `asked` units is not ranked,
    and so not tested.
    """
    if ERM not in values or ERM not in baselines:
        return {}
    full = {label: row for label, row in values.items() if len(row) >= asked}
    tests = with_reference({RANKED_BY: full}, ERM, set(baselines) & full.keys(), {RANKED_BY: spread})
    return {
        label: _against(
            label, tests[label][RANKED_BY] if label in tests else _untested(row, values[ERM]), values, access
        )
        for label, row in values.items()
        if label != ERM
    }


def _untested(row: Float64, erm: Float64) -> Compared:
    ours, its = cut_to_common(row, erm)
    return Compared(float(ours.mean()), float(its.mean()), float((ours - its).mean()), None, None)


def _against(label: str, test: Compared, values: Mapping[str, Float64], access: Mapping[str, str]) -> AgainstErm:
    return AgainstErm(
        access=access[label], erm_access=access[ERM], units=min(len(values[label]), len(values[ERM])),
        difference=test.difference, interval=test.interval, p=test.p, p_holm=test.p_holm, verdict=direction(test),
    )  # fmt: skip


def direction(test: Compared) -> Direction:
    """Return whether the first row is significantly higher, which counts as better, or lower."""
    return "undecided" if not test.significant else "better" if test.difference > 0 else "worse"
