"""Which rows differ significantly, their ranks and their tier letters.

Rows that share a letter do not differ significantly, a compact letter display (Piepho 2004). Other rows do not affect
what is found for the reference rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, count
from string import ascii_letters

import numpy as np

from spurgen.harness.metrics.arrays import Bool, Float64
from spurgen.harness.statistics.estimate import ALPHA, benjamini_hochberg
from spurgen.harness.statistics.units import Spread, pair_p_values


@dataclass(frozen=True)
class References:
    """The reference rows of a task, by unit, and the p-values of all their pairs, in the order of `combinations`."""

    rows: Sequence[Float64]
    spread: Spread
    p_values: Float64

    @classmethod
    def of(cls, rows: Sequence[Float64], spread: Spread) -> "References":
        """Test all pairs of rows, float64 (W,) each."""
        return cls(rows, spread, pair_p_values(rows, spread))

    def differ(self) -> Bool:
        """Return which reference rows differ significantly: bool (R, R).

        Of the pairs that do, 5 % at most are expected to be equal (Benjamini & Hochberg over all pairs).
        """
        count = len(self.rows)
        differ = np.zeros((count, count), bool)
        differ[np.triu_indices(count, 1)] = benjamini_hochberg(self.p_values) < ALPHA
        symmetric: Bool = differ | differ.T
        return symmetric

    def differ_with(self, others: Sequence[Float64]) -> Bool:
        """Return which rows differ significantly, the reference rows before the others: bool (R + S, R + S).

        A test of two rows is corrected as if they were the only ones besides the reference rows, together with all
        tests among all of these. So a copy of a reference row ranks about where the original does, and a further row
        changes no other pair. `others`: float64 (W,) each.
        """
        rows, known = [*self.rows, *others], len(self.rows)
        p_values = np.ones((len(rows), len(rows)))
        p_values[np.triu_indices(len(rows), 1)] = pair_p_values(rows, self.spread)
        differ = np.zeros_like(p_values, bool)
        differ[:known, :known] = self.differ()
        for k in range(known, len(rows)):
            differ[:known, k] = _significant(p_values[:known, k], self.p_values)
        for first, second in combinations(range(known, len(rows)), 2):
            beside = p_values[:known, [first, second]].ravel(), self.p_values
            differ[first, second] = _significant(p_values[[first], second], *beside)[0]
        symmetric: Bool = differ | differ.T
        return symmetric


def _significant(p_values: Float64, *beside: Float64) -> Bool:
    """Return which p-values are significant, corrected together with those in `beside`."""
    adjusted = benjamini_hochberg(np.concatenate([p_values, *beside]))
    significant: Bool = adjusted[: len(p_values)] < ALPHA
    return significant


def rank_interval(mean: float, others: Float64, differ: Bool) -> tuple[int, int]:
    """Return 1 + the number of rows significantly better, and the number of rows less those significantly worse.

    `others`: the means of the rows that a row is compared with, float64 (R,), without the row itself. `differ`: from
    which of them it differs significantly, bool (R,).
    """
    return 1 + int((differ & (others > mean)).sum()), 1 + len(others) - int((differ & (others < mean)).sum())


def tier_letters(differ: Bool) -> list[str]:
    """Return the letters of every row: two rows share one exactly if they do not differ significantly.

    `differ`: bool (R, R), symmetric, rows best first. The best row has the letter a. Every letter is a set of rows of
    which no two differ and to which no further row can be added.
    """
    # Cliques are ascending and rows best first, so the first sorted clique has the best row, which gets the letter a.
    groups = sorted(_covering(~differ))
    further = (character for character in map(chr, count(ord("\u03b1"))) if character.isalpha())  # Greek, then others
    lettered = [*zip(chain(ascii_letters, further), groups, strict=False)]
    return ["".join(letter for letter, group in lettered if row in group) for row in range(len(differ))]


def largest_distinct(differ: Bool) -> list[int]:
    """Return the largest set of rows that all differ significantly from one another, ascending; the first of several.

    `differ`: bool (R, R), symmetric.
    """
    return min((sorted(group) for group in _cliques(differ)), key=lambda group: (-len(group), group), default=[])


def _covering(alike: Bool) -> Iterator[list[int]]:
    """Yield cliques of alike rows, bool (R, R), ascending, so that each pair that is alike is in one of them.

    One clique per pair that earlier ones lack, in cubic time: there may be exponentially many maximal cliques, and a
    submitter could provoke that by choosing what its rows get right in which world.
    """
    lacking = alike.copy()
    np.fill_diagonal(lacking, True)
    for first in range(len(alike)):
        for second in range(first, len(alike)):
            if lacking[first, second]:
                group = [first] if first == second else [first, second]
                # Extend the pair greedily, from the best row on, so that no further row can be added to the letter.
                for row in range(len(alike)):
                    if row not in group and alike[row, group].all():
                        group.append(row)
                lacking[np.ix_(group, group)] = False
                yield sorted(group)


def _cliques(adjacent: Bool) -> Iterator[set[int]]:
    """Yield the maximal sets of rows that are all adjacent, bool (R, R) (Bron & Kerbosch 1973, with a pivot)."""
    near = [set(np.flatnonzero(line).tolist()) - {row} for row, line in enumerate(adjacent)]

    def grow(inside: set[int], open_: set[int], closed: set[int]) -> Iterator[set[int]]:
        if not open_ and not closed:
            if inside:
                yield inside
            return
        # A maximal set has the pivot or a row that is not adjacent to it: only these need to be tried.
        pivot = max(open_ | closed, key=lambda row: len(near[row] & open_))
        for row in sorted(open_ - near[pivot]):
            yield from grow(inside | {row}, open_ & near[row], closed & near[row])
            open_ = open_ - {row}
            closed = closed | {row}

    yield from grow(set(), set(range(len(near))), set())
