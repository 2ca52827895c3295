"""The leaderboard as data: a pure function of the cells, the suite and nothing else."""

from collections.abc import Mapping, Sequence
from math import isfinite, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.result import Cell
from spurgen.benchmark.suite import Suite, Task
from spurgen.harness.board.against_erm import against_erm
from spurgen.harness.board.bootstrap import Plan, Spreads, figures_of, pooled_spreads
from spurgen.harness.board.eligibility import not_believed, not_fit
from spurgen.harness.board.overall import rank_set
from spurgen.harness.metrics import basic_interval, bias_corrected, percentile_interval, simultaneous_interval
from spurgen.harness.results.consistency import KEPT
from spurgen.harness.statistics.ranking import place_rows

BOOTSTRAPPED = ("wga", "accuracy", "sss", *KEPT)
UNSURE = 0.05  # how often a guaranteed interval may miss
ISOLATIONS = ("process", "bubblewrap")  # weakest first; what is unknown is weaker still
ASKED = ("same", "fresh")  # the worker that a few answers were asked for again; of older rows nothing is known
VERIFICATIONS = ("self-reported", "re-run", "private")
Rows = Mapping[str, Mapping[str, list[Cell]]]
Floats = NDArray[np.float64]


def build(suite: Suite, rows: Rows, private: Rows | None = None) -> dict[str, Any]:
    """Builds the leaderboard: per task, and over each set of tasks that the suite names.

    `private` are the rows' cells on the private splits of the newest commitment, which are shown and not ranked.
    """
    tasks: dict[str, Any] = {}
    replicates: dict[str, dict[str, Floats]] = {}
    for name, task in suite.tasks.items():
        cells = {label: by_task[name] for label, by_task in sorted(rows.items()) if by_task.get(name)}
        if cells:
            tasks[name], replicates[name] = _task_board(suite, task, cells)
            for row in tasks[name]["rows"]:
                _add_private(row, cells[row["submission"]], (private or {}).get(row["submission"], {}).get(name, []))
    return {
        "suite": suite.name,
        "manifest_sha256": suite.manifest.digest,
        "tasks": tasks,
        "overall": {name: rank_set(members, tasks, replicates) for name, members in suite.overall.items()},
    }


def _task_board(suite: Suite, task: Task, cells: Mapping[str, list[Cell]]) -> tuple[dict[str, Any], dict[str, Floats]]:
    """Sorts rows into ranked and unranked; returns the board, and the bootstrap of WGA by submission, float64 (2, B).

    Seeds that disagree more than the baselines' do widen a row's interval and cost it victories, but save it from no
    defeat: one seed that is bad on purpose would.
    """
    plan = Plan.of(task)
    unranked, fit = [], {}
    for label, some in cells.items():
        doubt = not_believed(suite, task, plan.groups, some)
        reason = doubt or not_fit(task, some)
        if reason:
            shown = {"submission": label, "access": some[0].access, "seeds": len(some), "reason": reason}
            figures = {} if doubt else {"accuracy": _mean(some, "accuracy"), "wga": _mean(some, "wga")}
            unranked.append(shown | figures)
        else:
            fit[label] = some
    spreads = pooled_spreads(fit.values(), BOOTSTRAPPED)
    made = {label: make_row(plan, label, some, spreads) for label, some in fit.items()}

    def first(label: str, seeds: int) -> Floats:
        """Draws a row's WGA over its first seeds."""
        some = fit[label][:seeds]
        return made[label][1]["wga"] if len(some) == len(fit[label]) else plan.replicates(label, some, "wga", spreads)

    against = against_erm(fit, first)
    replicates = {
        label: np.stack([drawn["wga"], plan.replicates(label, fit[label], "wga", spreads, own=False)])
        for label, (_, drawn) in made.items()
    }
    rows = place_rows([row | {"against_erm": against.get(label)} for label, (row, _) in made.items()], replicates)
    return {"rows": rows, "unranked": unranked}, replicates


def make_row(plan: Plan, label: str, cells: list[Cell], spreads: Spreads) -> tuple[dict[str, Any], dict[str, Floats]]:
    """Averages a row's cells and puts an interval on every figure that is ranked or shown.

    `spreads` maps the figures of `BOOTSTRAPPED` to their pooled spread over seeds within the task's rows; where no row
    has two seeds, intervals know nothing of seeds, as `seed_variance` says of WGA. Returns the row, and
    the replicates of every figure of `BOOTSTRAPPED`, float64 (B,).
    """
    drawn = {figure: plan.replicates(label, cells, figure, spreads) for figure in BOOTSTRAPPED}
    row: dict[str, Any] = {
        "submission": label,
        "name": cells[0].submission,
        "access": cells[0].access,
        "seeds": len(cells),
        "seed_variance": "own" if len(cells) > 1 else "pooled" if spreads["wga"] else "unknown",
        "wga": _mean(cells, "wga"),
        "wga_ci": list(basic_interval(_mean(cells, "wga"), drawn["wga"])),
        "wga_corrected": bias_corrected(_mean(cells, "wga"), drawn["wga"]),
        "wga_simultaneous": _guaranteed(plan, cells),
    }
    for figure in BOOTSTRAPPED[1:]:
        low, high = percentile_interval(drawn[figure])
        # The seeds' noise is normal, and may lead out of where a proportion can lie.
        ends = [low, high] if figure == "ig" else [max(low, 0.0), min(high, 1.0)]
        row |= {figure: _mean(cells, figure), f"{figure}_ci": ends}
    row |= {figure: _mean(cells, figure) for figure in _shared([cell.figures for cell in cells]) if figure not in row}
    row |= _by_channel(cells)
    row["patterns"] = {p: float(np.mean([c.patterns[p] for c in cells])) for p in _shared([c.patterns for c in cells])}
    row["ignores_core"] = row["core_sensitivity"] <= row["sss_placebo"]
    row["selections"] = _selections(cells)
    row["isolation"] = _weakest(ISOLATIONS, [cell.isolation for cell in cells])
    row["asked_again"] = _weakest(ASKED, [c.provenance.get("asked_again", {}).get("worker", "unknown") for c in cells])
    row["verification"] = _weakest(VERIFICATIONS, [cell.verification for cell in cells])
    row["seconds"] = _seconds(cells)
    return row, drawn


def _of(cell: Cell) -> tuple[str, dict[str, Any]]:
    """Returns what two cells of the same model have in common."""
    return cell.submission_sha256, cell.options


def _add_private(row: dict[str, Any], cells: Sequence[Cell], private: Sequence[Cell]) -> None:
    """Sets what a row's model does on private splits, on the seeds that were run there; all of them verify the row.

    One that failed there is told as `failed`. `gap` is the accuracy on test less that on the private splits. Its
    interval takes accuracy there to be as uncertain as on test, and as independent as other samples and other data to
    train on make it; fewer seeds widen it.
    """
    same = [cell for cell in private if _of(cell) == _of(cells[0])]
    hidden = {cell.seed: cell for cell in same if cell.error is None and cell.access == row["access"]}
    public = [cell for cell in cells if cell.seed in hidden]
    failed = [cell for cell in same if cell.error is not None]
    row["private"] = {"failed": failed[0].error} if failed else None
    if public and not failed:
        means = {name: _mean([hidden[cell.seed] for cell in public], name) for name in ("accuracy", "wga")}
        gap = _mean(public, "accuracy") - means["accuracy"]
        low, high = row["accuracy_ci"]
        reach = (high - low) / 2 * sqrt(2 * len(cells) / len(public))
        row["private"] = {"seeds": len(public), **means, "gap": gap, "gap_ci": [gap - reach, gap + reach]}
    if len(public) == len(cells) and not failed:
        row["verification"] = "private"


def _guaranteed(plan: Plan, cells: list[Cell]) -> list[float]:
    """Returns a guaranteed interval for these seeds' mean WGA: at its level all seeds' intervals cover at once."""
    sizes = np.bincount(plan.groups)
    level = 1 - UNSURE / len(cells)
    ends = [simultaneous_interval(np.array(cell.groups), sizes, level) for cell in cells]
    low, high = np.mean(ends, axis=0).tolist()
    return [low, high]


def _mean(cells: Sequence[Cell], figure: str) -> float:
    return float(figures_of(cells, figure).mean())


def _shared(tables: Sequence[Mapping[str, Any]]) -> list[str]:
    """Lists the keys that all tables have, in the first one's order."""
    return [key for key in tables[0] if all(key in table for table in tables)]


def _by_channel(cells: Sequence[Cell]) -> dict[str, dict[str, float]]:
    """Averages the figures of every channel: `<figure>_by_channel` -> channel -> mean over the cells."""
    means: dict[str, dict[str, float]] = {}
    for name in _shared([cell.channels for cell in cells]):
        for figure in _shared([cell.channels[name] for cell in cells]):
            found = float(np.mean([cell.channels[name][figure] for cell in cells]))
            means.setdefault(f"{figure}_by_channel", {})[name] = found
    return dict(sorted(means.items()))


def _selections(cells: Sequence[Cell]) -> dict[str, dict[str, float]]:
    """Averages what each selection rule would have given, where every seed has it."""
    shared = {rule: [c.selections[rule] for c in cells] for rule in _shared([c.selections for c in cells])}
    return {
        rule: {figure: float(np.mean([table[figure] for table in tables])) for figure in _shared(tables)}
        for rule, tables in shared.items()
    }


def _weakest(known: Sequence[str], found: Sequence[str]) -> str:
    """Returns what is weakest, by the order of `known`."""
    return min(found, key=lambda name: (known.index(name) if name in known else -1, name))


def _seconds(cells: Sequence[Cell]) -> float | None:
    """Averages the wall time, where every cell tells it."""
    tables = [cell.provenance.get("seconds") for cell in cells]
    told = [list(table.values()) for table in tables if isinstance(table, dict)]
    if len(told) < len(cells) or not all(isinstance(s, (int, float)) and isfinite(s) for some in told for s in some):
        return None
    return float(np.mean([sum(some) for some in told]))
