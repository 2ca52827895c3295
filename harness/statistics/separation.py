"""Tiers: how many levels of a metric differ significantly among rows."""

from collections.abc import Sequence
from typing import TypedDict

from spurgen.harness.metrics.arrays import Bool, Scores, failure
from spurgen.harness.statistics.ranking import significantly_higher


class Tiers(TypedDict):
    """The number of tiers, their members best first, and one longest chain, a row of each tier.

    No two members of a tier differ significantly, and each is significantly below some member of the tier before,
    though not below all of them. All rows of the chain differ significantly.
    """

    count: int
    members: list[list[str]]
    chain: list[str]


def tiers(points: Scores, replicates: Scores, names: Sequence[str]) -> Tiers:
    """Group rows into tiers: a row's tier is the longest chain of significant steps that leads down to it.

    Their number is the size of the largest set of rows that all differ significantly, and, by Mirsky's theorem, of the
    smallest partition without a significant difference inside a part. As the Holm correction keeps the chance of any
    false step at 5 %, there are at least that many levels with 95 % confidence. `points`, `replicates`: as
    in `significantly_higher`; `names`: R, distinct. Permuted rows give the same tiers. Raises `MetricError` for arrays
    that do not fit each other or are not finite, or names that are not R distinct ones.
    """
    if len(set(names)) < len(names) or len(names) != len(points):
        actual = f"{len(names)} names, {len(set(names))} of them distinct"
        raise failure("names", actual, f"{len(points)} distinct ones", "name every row once")
    if not names:
        return {"count": 0, "members": [], "chain": []}
    higher = significantly_higher(points, replicates)
    best_first = sorted(range(len(names)), key=lambda row: (-points[row], names[row]))
    level: dict[int, int] = {}
    for row in best_first:  # rows above a row come before it
        level[row] = 1 + max((level[other] for other in level if higher[other, row]), default=0)
    count = max(level.values())
    members = [[names[row] for row in best_first if level[row] == k] for k in range(1, count + 1)]
    return {"count": count, "members": members, "chain": _chain(best_first, level, higher, names)}


def _chain(best_first: Sequence[int], level: dict[int, int], higher: Bool, names: Sequence[str]) -> list[str]:
    """Walk up from the last tier, each time to the best row of the tier before that is significantly above."""
    row = next(row for row in best_first if level[row] == max(level.values()))
    chain = [row]
    while level[row] > 1:
        row = next(other for other in best_first if level[other] == level[row] - 1 and higher[other, row])
        chain.append(row)
    return [names[row] for row in reversed(chain)]
