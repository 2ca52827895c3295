"""Every row against ERM's, by the moderated paired t-test over units."""

from collections.abc import Collection, Mapping

from spurgen.harness.board.by_unit import RANKED_BY
from spurgen.harness.board.schema import AgainstErm, Direction
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.statistics.comparison import Compared, with_reference
from spurgen.harness.statistics.units import Spread

ERM = "erm"


def against_erm(
    values: Mapping[str, Float64], access: Mapping[str, str], baselines: Collection[str], spread: Spread
) -> dict[str, AgainstErm]:
    """Compare every row with ERM's, on the units that both have; return nothing where no baseline is ERM.

    `values`: the metric that ranks, by unit, float64 (W,). P-values are corrected for the number of baselines; that of
    another row is corrected as if it were the only one beside them.
    """
    tests = with_reference({RANKED_BY: values}, ERM, baselines, {RANKED_BY: spread})
    return {
        label: AgainstErm(
            access=access[label],
            erm_access=access[ERM],
            units=min(len(values[label]), len(values[ERM])),
            difference=test.difference,
            interval=test.interval,
            p=test.p,
            p_holm=test.p_holm,
            verdict=direction(test),
        )
        for label, tested in tests.items()
        for test in tested.values()
    }


def direction(test: Compared) -> Direction:
    """Return whether the first row is significantly higher, which counts as better, or lower."""
    return "undecided" if not test.significant else "better" if test.difference > 0 else "worse"
