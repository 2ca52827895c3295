"""Which methods a figure draws that has room for a few."""

from collections.abc import Sequence

from spurgen.harness.board.overview import HEADLINE
from spurgen.harness.figures.sheet import Entry, Sheet, merged
from spurgen.harness.figures.style import SERIES


def chosen(sheets: Sequence[Sheet], most: int = len(SERIES)) -> list[Entry]:
    """Return the rows that are on all of some sheets; if they are too many, those of the user and the best known ones.

    The best known are those of the README's table; others follow, the best first within their access tier.
    """
    known = [set(sheet.by_label) for sheet in sheets]
    common = [entry for entry in merged(sheets) if all(entry.label in labels for labels in known)]
    if len(common) <= most:
        return common
    first = sorted(common, key=lambda entry: (not entry.own, entry.label not in HEADLINE))[:most]
    return [entry for entry in common if entry in first]
