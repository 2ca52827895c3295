"""The input of metrics of one job that have a file of their own.

A module of this package that has a function `measure(answers) -> float` is a metric of every job, under the module's
name.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from spurgen.harness.metrics.arrays import Float64, Int64


@dataclass(frozen=True)
class Answers:
    """A submission's calibrated probabilities on a task's test split, and the truth.

    `probs`: float64 (n, K). `labels`: int64 (n,). `groups`: int64 (n,), class times the number of alignment patterns,
    plus the pattern. `twins`: by channel, of the first m samples, one twin per value: float64 (m, V, K).
    """

    probs: Float64
    labels: Int64
    groups: Int64
    twins: Mapping[str, Float64]
