"""What a method changes against ERM, channel by channel: curing one shortcut may feed another (Li et al. 2023).

Measured by the share of answers that follow a channel, which has a direction. SSS has none: it is also high where a
channel repels.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from spurgen.harness.board.against_erm import ERM
from spurgen.harness.board.by_unit import spread_of
from spurgen.harness.metrics import Interval
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.statistics.comparison import with_reference
from spurgen.harness.statistics.differences import ALPHA


@dataclass(frozen=True)
class Change:
    """The share of a row's answers that follow a channel less ERM's, on the units that both have.

    `interval`: 95 %, without correction. `p_holm`: corrected over the baselines' rows and all channels; that of another
    row as if it were the only one beside them. Where there is no test, these three are None.
    """

    change: float
    interval: Interval | None
    p: float | None
    p_holm: float | None

    @property
    def significant(self) -> bool:
        """Whether it differs from 0 after the correction, at 5 %."""
        return self.p_holm is not None and self.p_holm < ALPHA


def follow_changes(
    values: Mapping[str, Mapping[str, Float64]], baselines: Collection[str]
) -> dict[str, dict[str, Change]]:
    """Return the changes of every row but ERM, by label and channel, by the moderated paired t-test.

    `values`: the share by channel, label and unit, float64 (W,). Only rows with values of every channel are
    compared; without ERM among them, and among the `baselines`, there is nothing to return.
    """
    spreads = {channel: spread_of(f"follows/{channel}", rows, baselines) for channel, rows in values.items()}
    return {
        label: {channel: Change(test.difference, test.interval, test.p, test.p_holm) for channel, test in tests.items()}
        for label, tests in with_reference(values, ERM, baselines, spreads).items()
    }
