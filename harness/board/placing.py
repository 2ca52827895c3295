"""The order of a board: by access tier, then by the metric that ranks."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from spurgen.benchmark.contract import ACCESS
from spurgen.harness.board.against_erm import against_erm
from spurgen.harness.board.schema import BoardRow
from spurgen.harness.board.standings import standings
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.statistics.units import Spread

Row = TypeVar("Row", bound=BoardRow)
GIVEN = {
    "none": "labels alone", "envs": "environments", "val_groups": "counterexamples marked in val",
    "train_groups": "counterexamples marked in train", "twins": "twins",
}  # fmt: skip
"""What training was given besides inputs, in a cell, by access tier."""


def place(
    rows: Sequence[Row], values: Mapping[str, Float64], baselines: Collection[str], spread: Spread, asked: int
) -> tuple[list[Row], list[Row], float | None]:
    """Return ranked rows with their standing, rows with fewer than `asked` units, and the share of pairs that differ.

    Rows are in the order shown, each with its comparison with ERM. `values`: the metric that ranks, by label and unit,
    float64 (W,). The share is that of all pairs of ranked baselines that differ significantly.
    """
    full = {label: row for label, row in values.items() if len(row) >= asked}
    access = {row.submission: row.access for row in rows}
    placed = standings(full, access, [label for label in baselines if label in full], spread)
    against = against_erm(values, baselines, spread, asked)
    every = sorted((replace(row, against_erm=against.get(row.submission)) for row in rows), key=_as_shown)
    ranked = [replace(row, **placed.rows[row.submission]._asdict()) for row in every if row.submission in full]
    return ranked, [row for row in every if row.submission not in full], placed.told_apart


def _as_shown(row: BoardRow) -> tuple[int, float, str]:
    return tier_place(row.access), -row.ranked_by.value, row.submission


def tier_place(access: str) -> int:
    """Return the place of an access tier, in the order of the contract; unknown ones come last."""
    tiers = list(ACCESS)
    return tiers.index(access) if access in tiers else len(tiers)
