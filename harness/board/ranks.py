"""Ranks of rows: on a task by WGA, over a set of tasks by the mean WGA of rows that are ranked on each of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from spurgen.harness.board.against_erm import set_against_erm
from spurgen.harness.board.schema import BoardRow, SeedVariance, SetBoard, SetBoardRow, TaskBoard, Unranked
from spurgen.harness.metrics import basic_interval
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.statistics.estimate import Estimate
from spurgen.harness.statistics.ranking import rank

METRICS = ("wga", "accuracy", "sss", "ig")
VARIANCES: tuple[SeedVariance, ...] = ("unknown", "pooled", "own")  # least known first
Row = TypeVar("Row", bound=BoardRow)


def place_rows(rows: Sequence[Row], replicates: Mapping[str, Float64]) -> list[Row]:
    """Return rows with `rank` and `tied`, in the order in which they are shown: of equal ranks by SSS, then by |IG|.

    `replicates` maps submissions to the paired bootstrap of their WGA, float64 (2, B): where it is the higher of two
    rows, and where it is the lower.
    """
    drawn = np.stack([replicates[row.submission] for row in rows]) if rows else np.empty((0, 2, 2))
    ranks = rank(np.array([row.value("wga") for row in rows]), drawn[:, 0], drawn[:, 1])
    placed = [replace(row, rank=k, tied=ranks.count(k) > 1) for k, row in zip(ranks, rows, strict=True)]
    return sorted(placed, key=lambda row: (row.rank, row.value("sss"), abs(row.value("ig")), row.submission))


def rank_set(
    members: Sequence[str], boards: Mapping[str, TaskBoard], replicates: Mapping[str, Mapping[str, Float64]]
) -> SetBoard:
    """Rank the rows of a set of tasks by their means over it.

    `boards` and `replicates` map tasks to their boards and, by submission, to the paired bootstrap of WGA, float64
    (2, B), as in `place_rows`. A row that is ranked on only a part of the tasks is listed with the reason; what other
    rows lack does not change its rank.
    """
    parts = {name: boards.get(name, TaskBoard((), ())) for name in members}
    ranked = {name: {row.submission: row for row in part.rows} for name, part in parts.items()}
    reasons = {name: {row.submission: row.reason for row in part.unranked} for name, part in parts.items()}
    rows, unranked, means = {}, [], {}
    for label in sorted({label for by_label in ranked.values() for label in by_label}):
        present = {name: ranked[name][label] for name in members if label in ranked[name]}
        lacking = [f"{name}: {reasons[name].get(label, 'not run')}" for name in members if name not in present]
        reason = "; ".join(lacking) or _disagreement(present)
        if reason:
            unranked.append(Unranked(submission=label, reason=reason))
        else:
            means[label] = np.mean([replicates[name][label] for name in members], axis=0)
            rows[label] = _mean_row(list(present.values()), means[label][0])
    against = set_against_erm(rows, {label: drawn[0] for label, drawn in means.items()})
    shown = [replace(row, against_erm=against.get(label)) for label, row in rows.items()]
    return SetBoard(tuple(members), place_rows(shown, means), unranked)


def _disagreement(rows: Mapping[str, BoardRow]) -> str:
    """Return in which access tiers a row's tasks differ, or nothing."""
    if len({row.access for row in rows.values()}) == 1:
        return ""
    return "its access differs: " + ", ".join(f"{row.access} on {name}" for name, row in rows.items())


def _mean_row(rows: Sequence[BoardRow], replicates: Float64) -> SetBoardRow:
    means = {metric: float(np.mean([row.value(metric) for row in rows])) for metric in METRICS}
    estimates = {metric: Estimate(mean) for metric, mean in means.items()}
    return SetBoardRow(
        submission=rows[0].submission,
        name=rows[0].name,
        access=rows[0].access,
        seeds=min(row.seeds for row in rows),
        seed_variance=min((row.seed_variance for row in rows), key=VARIANCES.index),
        estimates=estimates | {"wga": Estimate(means["wga"], *basic_interval(means["wga"], replicates))},
    )
