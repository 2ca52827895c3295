"""The order of a board: ranks and letters within each access tier, and every row compared with ERM's."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from spurgen.benchmark.contract import ACCESS
from spurgen.harness.board.columns import Record, with_ends
from spurgen.harness.board.rows import RANKED_BY
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.statistics.comparison import Compared, with_reference
from spurgen.harness.statistics.standing import References, rank_interval, tier_letters
from spurgen.harness.statistics.units import Spread, cut_to_common

ERM = "erm"
GIVEN = {
    "none": "labels alone", "envs": "environments", "val_groups": "counterexamples marked in val",
    "train_groups": "counterexamples marked in train", "twins": "twins",
}  # fmt: skip
"""What training was given besides inputs, in a cell, by access tier."""


def place(
    rows: Sequence[Record], values: Mapping[str, Float64], baselines: Collection[str], spread: Spread, asked: int
) -> tuple[list[Record], list[Record], float | None]:
    """Return ranked lines with their standing, lines with fewer than `asked` units, and the share of pairs that differ.

    Lines are in the order shown, each with its comparison with ERM. `values`: the metric that ranks, by label and unit,
    float64 (W,). The share is that of all pairs of ranked baselines that differ significantly.
    """
    full = {label: row for label, row in values.items() if len(row) >= asked}
    access = {row["submission"]: row["access"] for row in rows}
    placed, told_apart = standings(full, access, [label for label in baselines if label in full], spread)
    against = against_erm(values, baselines, spread, asked)
    every = [row | against.get(row["submission"], {}) for row in rows]
    every.sort(key=lambda row: (tier_place(row["access"]), -row[RANKED_BY], row["submission"]))
    ranked = [row | placed[label].entries for row in every if (label := row["submission"]) in full]
    return ranked, [row for row in every if row["submission"] not in full], told_apart


def tier_place(access: str) -> int:
    """Return the place of an access tier, in the order of the contract; unknown ones come last."""
    tiers = list(ACCESS)
    return tiers.index(access) if access in tiers else len(tiers)


def against_erm(
    values: Mapping[str, Float64], baselines: Collection[str], spread: Spread, asked: int
) -> dict[str, Record]:
    """Return the entries of every row's comparison with ERM's by label, none where no baseline is ERM.

    The units that both have count, and the moderated paired t-test.
    `values`: the metric that ranks, by unit, float64 (W,). P-values are corrected for the number of baselines; that of
    any other row as if it were the only one besides them. A row with fewer than `asked` units is not ranked and so not
    tested.
    """
    if ERM not in values or ERM not in baselines:
        return {}
    full = {label: row for label, row in values.items() if len(row) >= asked}
    tests = with_reference({RANKED_BY: full}, ERM, set(baselines) & full.keys(), {RANKED_BY: spread})
    against = {}
    for label, row in values.items():
        if label != ERM:
            ours, its = cut_to_common(row, values[ERM])
            untested = Compared(float(ours.mean()), float(its.mean()), float((ours - its).mean()), None, None)
            test = tests[label][RANKED_BY] if label in tests else untested
            against[label] = with_ends("to_erm", test.difference, test.interval or (None, None)) | {
                "to_erm_p": test.p, "to_erm_p_holm": test.p_holm, "to_erm_units": len(ours),
                "to_erm_verdict": test.verdict,
            }  # fmt: skip
    return against


class Standing(NamedTuple):
    """A row's place among the `of` ranked rows of its access tier.

    `ranks` (a, b): a - 1 rows are significantly better, `of` - b significantly worse. `letters`: two rows of the tier
    share one exactly if they do not differ significantly.
    """

    ranks: tuple[int, int]
    of: int
    letters: str

    @property
    def entries(self) -> Record:
        """The row's entries in the frame."""
        first, last = self.ranks
        return {"ranked": True, "first_rank": first, "last_rank": last, "of": self.of, "letters": self.letters}


def standings(
    values: Mapping[str, Float64], access: Mapping[str, str], baselines: Collection[str], spread: Spread
) -> tuple[dict[str, Standing], float | None]:
    """Return the standing of every row by label, and the share of all pairs of baselines that differ significantly.

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
    return placed, float(pairs.mean()) if len(pairs) else None
