"""Every row against ERM's, by the moderated paired t-test over units."""

from collections.abc import Collection, Mapping

from spurgen.harness.board.schema import AgainstErm, Direction
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.statistics.differences import ALPHA, Difference, holm_by_label
from spurgen.harness.statistics.units import Spread, cut_to_common, paired

ERM = "erm"


def against_erm(
    values: Mapping[str, Float64], access: Mapping[str, str], baselines: Collection[str], spread: Spread, asked: int
) -> dict[str, AgainstErm]:
    """Compare every row with ERM's, on the units that both have; return nothing where no baseline is ERM.

    `values`: the metric that ranks, by unit, float64 (W,). Rows with fewer than `asked` units are not ranked and so not
    tested. P-values are corrected for the number of baselines; that of another row is corrected as if it were the only
    one beside them.
    """
    if ERM not in values or ERM not in baselines:
        return {}
    full = len(values[ERM]) >= asked
    tests = {
        label: paired(row, values[ERM], spread) if full and len(row) >= asked else None
        for label, row in values.items()
        if label != ERM
    }
    p_values = {label: None if test is None else test.p for label, test in tests.items()}
    corrected = holm_by_label(p_values, baselines)
    return {
        label: _against(values[label], values[ERM], tests[label], corrected[label], access[label], access[ERM])
        for label in tests
    }


def _against(
    row: Float64, erm: Float64, test: Difference | None, p_holm: float | None, access: str, erm_access: str
) -> AgainstErm:
    ours, its = cut_to_common(row, erm)
    difference = float((ours - its).mean())
    higher: Direction = "better" if difference > 0 else "worse"
    return AgainstErm(
        access=access,
        erm_access=erm_access,
        units=len(ours),
        difference=difference,
        interval=test and test.interval,
        p=test and test.p,
        p_holm=p_holm,
        verdict=higher if p_holm is not None and p_holm < ALPHA else "undecided",
    )
