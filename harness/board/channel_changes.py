"""What a method changes against ERM, channel by channel: curing one shortcut may feed another (Li et al. 2023).

Measured by reliance, which has a direction. SSS has none: it is also high where a channel repels.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from spurgen.harness.board.against_erm import ERM
from spurgen.harness.board.by_unit import spread_of
from spurgen.harness.metrics import Interval
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.statistics.differences import ALPHA, Difference, holm
from spurgen.harness.statistics.units import cut_to_common, paired

Key = tuple[str, str]


@dataclass(frozen=True)
class Change:
    """A row's reliance on a channel less ERM's, on the units that both have.

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


def reliance_changes(
    values: Mapping[str, Mapping[str, Float64]], baselines: Collection[str]
) -> dict[str, dict[str, Change]]:
    """Return the changes of every row but ERM, by label and channel, by the moderated paired t-test.

    `values`: the reliance by channel, label and unit, float64 (W,). Only rows with values of every channel are
    compared; without ERM among them, and among the `baselines`, there is nothing to return.
    """
    complete = set.intersection(*(set(rows) for rows in values.values())) if values else set()
    labels = [label for label in next(iter(values.values()), {}) if label in complete and label != ERM]
    if ERM not in complete or ERM not in baselines:
        return {}
    spreads = {channel: spread_of(f"reliance/{channel}", rows, baselines) for channel, rows in values.items()}
    tests = {
        (label, channel): paired(rows[label], rows[ERM], spreads[channel])
        for label in labels
        for channel, rows in values.items()
    }
    corrected = _corrected(tests, baselines)
    changes: dict[str, dict[str, Change]] = {label: {} for label in labels}
    for (label, channel), test in tests.items():
        ours, its = cut_to_common(values[channel][label], values[channel][ERM])
        mean = float((ours - its).mean())
        changes[label][channel] = Change(mean, test and test.interval, test and test.p, corrected[label, channel])
    return changes


def _corrected(tests: Mapping[Key, Difference | None], baselines: Collection[str]) -> dict[Key, float | None]:
    """Return p-values by Holm's method, so that no row of a stranger changes what is shown of another row."""
    p_values = {key: None if test is None else test.p for key, test in tests.items()}
    family = [key for key in tests if key[0] in baselines]
    corrected = dict(zip(family, holm([p_values[key] for key in family]), strict=True))
    for label in {label for label, _ in tests if label not in baselines}:
        own = [key for key in tests if key[0] == label]
        adjusted = holm([p_values[key] for key in [*own, *family]])
        corrected |= dict(zip(own, adjusted, strict=False))
    return corrected
