"""Where rows stand on the board of their access tier: rank interval and letters, over all ranked rows of the tier."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

import numpy as np

from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.statistics.standing import References, rank_interval, tier_letters
from spurgen.harness.statistics.units import Spread


class Standing(NamedTuple):
    """A row's place among the `of` ranked rows of its access tier.

    `ranks` (a, b): a - 1 rows are significantly better, `of` - b significantly worse. `letters`: two rows of the tier
    share one exactly if they do not differ significantly.
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

    `values`: the metric that ranks, by unit, float64 (W,). `baselines`: labels of the reference rows: pairs of them,
    over all tiers, are corrected together; a pair with another row as if there were no further rows.
    """
    ordered = sorted(values, key=lambda label: (-values[label].mean(), label))
    known = [label for label in ordered if label in baselines]
    references = References.of([values[label] for label in known], spread)
    placed = {}
    for tier in set(access.values()):
        others = [label for label in ordered if access[label] == tier and label not in baselines]
        rows = [*known, *others]
        place = {label: k for k, label in enumerate(rows)}
        members = [label for label in ordered if access[label] == tier]
        at = [place[label] for label in members]
        differ = references.differ_with([values[label] for label in others])[np.ix_(at, at)]
        means = np.array([values[label].mean() for label in members])
        for k, (label, letters) in enumerate(zip(members, tier_letters(differ), strict=True)):
            ranks = rank_interval(means[k], np.delete(means, k), np.delete(differ[k], k))
            placed[label] = Standing(ranks, len(members), letters)
    pairs = references.differ()[np.triu_indices(len(known), 1)]
    return Standings(placed, float(pairs.mean()) if len(pairs) else None)
