"""Tier letters, a compact letter display: rows that share a letter do not differ significantly (Piepho 2004)."""

from collections.abc import Iterator
from itertools import chain, combinations, count
from string import ascii_letters

import numpy as np

from spurgen.harness.metrics.arrays import Bool


def tier_letters(differ: Bool) -> list[str]:
    """Return the letters of every row: two rows share one exactly if they do not differ significantly.

    `differ`: bool (R, R), symmetric, rows best first. The best row has the letter a. Every letter is a largest possible
    set of rows of which no two differ; sets that say nothing new are left out.
    """
    groups = _needed(sorted(sorted(group) for group in _cliques(~differ)))
    further = (character for character in map(chr, count(ord("\u03b1"))) if character.isalpha())  # Greek, then others
    lettered = [*zip(chain(ascii_letters, further), groups, strict=False)]
    return ["".join(letter for letter, group in lettered if row in group) for row in range(len(differ))]


def largest_distinct(differ: Bool) -> list[int]:
    """Return the largest set of rows that all differ significantly from one another, ascending; of several the first.

    `differ`: bool (R, R), symmetric.
    """
    return min((sorted(group) for group in _cliques(differ)), key=lambda group: (-len(group), group), default=[])


def _needed(groups: list[list[int]]) -> list[list[int]]:
    """Leave out groups whose pairs, and rows, are all in others; the last ones first."""
    pairs = [{(row, row) for row in group} | set(combinations(group, 2)) for group in groups]
    needed = list(range(len(groups)))
    for k in reversed(range(len(groups))):
        others = set().union(*(pairs[other] for other in needed if other != k))
        if pairs[k] <= others:
            needed.remove(k)
    return [groups[k] for k in needed]


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
