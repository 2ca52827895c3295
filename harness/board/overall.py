"""Ranks over sets of tasks: by the mean over a set, for rows that are ranked on each of its tasks."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from spurgen.harness.metrics import basic_interval
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.statistics.ranking import place_rows

FIGURES = ("wga", "accuracy", "sss", "ig")
VARIANCES = ("unknown", "pooled", "own")  # least known first


def rank_set(
    members: Sequence[str], boards: Mapping[str, Any], replicates: Mapping[str, Mapping[str, Float64]]
) -> dict[str, Any]:
    """Rank the rows of a set of tasks by their means over it.

    `boards` and `replicates` map tasks to their boards and, by submission, to the paired bootstrap of WGA, float64
    (2, B), as in `place_rows`. A row that is ranked on only a part of the tasks is listed with the reason; other rows
    do not affect it.
    """
    ranked = {name: {r["submission"]: r for r in boards.get(name, {}).get("rows", ())} for name in members}
    reasons = {
        name: {r["submission"]: r["reason"] for r in boards.get(name, {}).get("unranked", ())} for name in members
    }
    rows, unranked, means = [], [], {}
    for label in sorted({label for some in ranked.values() for label in some}):
        each = {name: ranked[name][label] for name in members if label in ranked[name]}
        lacking = [f"{name}: {reasons[name].get(label, 'not run')}" for name in members if name not in each]
        reason = "; ".join(lacking) or _disagreement(each)
        if reason:
            unranked.append({"submission": label, "reason": reason})
        else:
            means[label] = np.mean([replicates[name][label] for name in members], axis=0)
            rows.append(_mean_row(label, list(each.values()), means[label][0]))
    return {"tasks": list(members), "rows": place_rows(rows, means), "unranked": unranked}


def _disagreement(rows: Mapping[str, Mapping[str, Any]]) -> str:
    """Says that a row was not given the same on all tasks, or nothing."""
    if len({row["access"] for row in rows.values()}) == 1:
        return ""
    return "was given " + ", ".join(f"{row['access']} on {name}" for name, row in rows.items())


def _mean_row(label: str, rows: Sequence[Mapping[str, Any]], replicates: Float64) -> dict[str, Any]:
    averaged = {figure: float(np.mean([row[figure] for row in rows])) for figure in FIGURES}
    return {
        "submission": label,
        "access": rows[0]["access"],
        "seeds": min(row["seeds"] for row in rows),
        "seed_variance": min((row["seed_variance"] for row in rows), key=VARIANCES.index),
        **averaged,
        "wga_ci": list(basic_interval(averaged["wga"], replicates)),
    }
