"""The order of a board: by access tier, then by the estimate that ranks."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from spurgen.benchmark.contract import ACCESS
from spurgen.harness.board.schema import BoardRow
from spurgen.harness.board.standings import Standings

Row = TypeVar("Row", bound=BoardRow)
GIVEN = {
    "none": "labels alone", "envs": "environments", "val_groups": "counterexamples marked in val",
    "train_groups": "counterexamples marked in train", "twins": "twins",
}  # fmt: skip
"""What training was given besides inputs, in a cell, by access tier."""


def divide(rows: Sequence[Row], placed: Standings) -> tuple[list[Row], list[Row]]:
    """Return the rows that are ranked, with their standing, and those that have too few units, both as shown."""
    full = [replace(row, **placed.rows[row.submission]._asdict()) for row in rows if row.submission in placed.rows]
    few = [row for row in rows if row.submission not in placed.rows]
    return sorted(full, key=_as_shown), sorted(few, key=_as_shown)


def _as_shown(row: BoardRow) -> tuple[int, float, str]:
    return tier_place(row.access), -row.ranked_by.value, row.submission


def tier_place(access: str) -> int:
    """Return the place of an access tier, in the order of the contract; unknown ones come last."""
    tiers = list(ACCESS)
    return tiers.index(access) if access in tiers else len(tiers)
