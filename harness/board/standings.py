"""Where rows stand on the board of their access tier: rank interval and letters, against the baselines alone."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

import numpy as np

from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.statistics.letters import shared_letters, tier_letters
from spurgen.harness.statistics.standing import References, rank_interval
from spurgen.harness.statistics.units import Spread


class Standing(NamedTuple):
    """A row's place among `of` rows, the baselines of its access tier and itself.

    `ranks` (a, b): a - 1 rows are significantly better, `of` - b significantly worse. `letters`: rows that share one do
    not differ significantly; a row that is no baseline may have none.
    """

    ranks: tuple[int, int]
    of: int
    letters: str


class Standings(NamedTuple):
    """The standing of every row by label, and the share of all pairs of baselines that differ significantly."""

    rows: dict[str, Standing]
    told_apart: float | None


def standings(
    values: Mapping[str, Float64], access: Mapping[str, str], baselines: Collection[str], spread: Spread
) -> Standings:
    """Return the standing of every row.

    `values`: the metric that ranks, by unit, float64 (W,). `baselines`: the labels that others are compared with. Pairs
    of baselines of all tiers are corrected together; any other row is corrected as if it were the only one beside them.
    """
    known = sorted((label for label in values if label in baselines), key=lambda label: (-values[label].mean(), label))
    references = References.of([values[label] for label in known], spread)
    means, differ = np.array([values[label].mean() for label in known]), references.differ()
    placed = {}
    for tier in set(access.values()):
        members = np.array([k for k, label in enumerate(known) if access[label] == tier], dtype=np.int64)
        letters = tier_letters(differ[np.ix_(members, members)])
        for k, letter in zip(members.tolist(), letters, strict=True):
            others = members[members != k]
            ranks = rank_interval(means[k], means[others], differ[k, others])
            placed[known[k]] = Standing(ranks, len(members), letter)
        for label in values.keys() - placed.keys():
            if access[label] == tier:
                apart = references.differ_from(values[label])[members]
                ranks = rank_interval(float(values[label].mean()), means[members], apart)
                placed[label] = Standing(ranks, len(members) + 1, shared_letters(apart, letters))
    pairs = differ[np.triu_indices(len(known), 1)]
    return Standings(placed, float(pairs.mean()) if len(pairs) else None)
