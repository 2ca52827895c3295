"""Tier letters, a compact letter display: rows that share a letter do not differ significantly (Piepho 2004)."""

from collections.abc import Iterator
from itertools import chain, count
from string import ascii_letters

import numpy as np

from spurgen.harness.metrics.arrays import Bool


def tier_letters(differ: Bool) -> list[str]:
    """Return the letters of every row: two rows share one exactly if they do not differ significantly.

    `differ`: bool (R, R), symmetric, rows best first. The best row has the letter a. Every letter is a set of rows of
    which no two differ and to which no further row can be added.
    """
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
        pivot = max(open_ | closed, key=lambda row: len(near[row] & open_))
        for row in sorted(open_ - near[pivot]):
            yield from grow(inside | {row}, open_ & near[row], closed & near[row])
            open_ = open_ - {row}
            closed = closed | {row}

    yield from grow(set(), set(range(len(near))), set())
