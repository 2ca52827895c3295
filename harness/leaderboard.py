"""The leaderboard as data: a pure function of the cells, the suite and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.record import Cell, unpack
from spurgen.benchmark.suite import Suite, Task
from spurgen.generators import sample
from spurgen.harness.bootstrap import bootstrap_mean, bootstrap_wga, group_bootstrap_weights, seed_draws
from spurgen.harness.data import task_groups
from spurgen.harness.metrics import basic_interval, bias_corrected, percentile_interval, simultaneous_interval
from spurgen.harness.ranking import better_than_chance, order, rank

REPLICATES = 1000
MEANS = {
    "sss": None,
    "sss_placebo": "placebo",
    "ig": "ig",
    "core_sensitivity": "core",
    "cra": "cra",
    "flip_rate": "flip",
}
Rows = Mapping[str, Mapping[str, list[Cell]]]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Plan:
    """Holds what all rows of a task share: groups, and the bootstrap's weights."""

    groups: NDArray[np.int64]
    test_weights: NDArray[np.uint8]
    base_weights: NDArray[np.uint8]

    @classmethod
    def of(cls, task: Task) -> "Plan":
        """Draws the weights; base samples are resampled within their class."""
        scenario = task.scenario
        test = sample(scenario, "test", range(scenario.num_test), images=False, captions=False)
        groups = task_groups(task, test.group_ids)
        bases = test.labels[: scenario.splits.twins]
        return cls(
            groups,
            group_bootstrap_weights(groups, REPLICATES, f"{task.name}/test"),
            group_bootstrap_weights(bases, REPLICATES, f"{task.name}/bases"),
        )


def build(suite: Suite, rows: Rows) -> dict[str, Any]:
    """Builds the leaderboard: per task, and over all tasks that any row was scored on."""
    tasks: dict[str, Any] = {}
    replicates: dict[str, dict[str, Floats]] = {}
    for name, task in suite.tasks.items():
        cells = {label: by_task[name] for label, by_task in rows.items() if by_task.get(name)}
        if cells:
            tasks[name], replicates[name] = _task_board(suite, task, cells)
    return {
        "suite": suite.name,
        "manifest_sha256": suite.manifest.digest,
        "tasks": tasks,
        "overall": _overall(tasks, replicates),
    }


def _task_board(suite: Suite, task: Task, cells: Mapping[str, list[Cell]]) -> tuple[dict[str, Any], dict[str, Floats]]:
    plan = Plan.of(task)
    data = suite.manifest.scenarios[task.scenario.name].digest
    unranked, ranked, replicates = [], [], {}
    for label, some in sorted(cells.items()):
        reason = _disqualified(task, data, some)
        if reason:
            shown = {"submission": label, "access": some[0].access, "seeds": len(some), "reason": reason}
            if not any(cell.error for cell in some):
                shown |= {"accuracy": _mean(some, "accuracy"), "wga": _mean(some, "wga")}
            unranked.append(shown)
        else:
            row, replicates[label] = _row(task, plan, label, some)
            ranked.append(row)
    return {"rows": _ranked(ranked, replicates), "unranked": unranked}, replicates


def _ranked(rows: list[dict[str, Any]], replicates: Mapping[str, Floats]) -> list[dict[str, Any]]:
    """Gives every row its rank and sorts them, by the one rule."""
    keys = [(row["sss"], abs(row["ig"]), row["submission"]) for row in rows]
    stacked = np.stack([replicates[row["submission"]] for row in rows]) if rows else np.empty((0, REPLICATES))
    places = rank(np.array([row["wga"] for row in rows]), stacked, keys)
    placed = [{"rank": p.rank, "tied": p.tied, **row} for p, row in zip(places, rows, strict=True)]
    return [placed[k] for k in order(places)]


def _disqualified(task: Task, data_sha256: str, cells: list[Cell]) -> str | None:
    """Says why a row cannot be ranked, or None."""
    failed = next((cell for cell in cells if cell.error), None)
    if failed and failed.error:
        return f"failed with seed {failed.seed}: {failed.error.splitlines()[0]}"
    if any(cell.data_sha256 != data_sha256 for cell in cells):
        return "scored on other data than this suite's; run it again"
    seeds = [cell.seed for cell in cells]
    if seeds != list(range(len(seeds))):
        return f"incomplete: has the seeds {', '.join(map(str, seeds))} instead of 0 to {len(seeds) - 1}"
    right = int(np.mean([sum(cell.groups) for cell in cells]))
    if not better_than_chance(right, task.scenario.num_test, task.scenario.num_classes):
        return "not significantly better than chance in test accuracy"
    return None


def _mean(cells: list[Cell], figure: str) -> float:
    return float(np.mean([cell.figures[figure] for cell in cells]))


def _channel_means(cells: list[Cell], figure: str) -> dict[str, float]:
    names = [name for name, row in cells[0].channels.items() if figure in row]
    return {name: float(np.mean([cell.channels[name][figure] for cell in cells])) for name in names}


def _row(task: Task, plan: Plan, label: str, cells: list[Cell]) -> tuple[dict[str, Any], Floats]:
    """Averages a row's cells and puts an interval on every figure that is ranked or shown."""
    draws = seed_draws(len(cells), REPLICATES, task.name)
    arrays = [{name: unpack(packed) for name, packed in cell.samples.items()} for cell in cells]
    correct = np.stack([a["correct"] for a in arrays])
    wga = _mean(cells, "wga")
    replicates = bootstrap_wga(correct, plan.groups, plan.test_weights, draws)
    sizes = np.bincount(plan.groups)
    guaranteed = np.array([simultaneous_interval(np.array(cell.groups), sizes) for cell in cells]).mean(axis=0)
    row: dict[str, Any] = {
        "submission": label,
        "name": cells[0].submission,
        "access": cells[0].access,
        "seeds": len(cells),
        "wga": wga,
        "wga_ci": list(basic_interval(wga, replicates)),
        "wga_corrected": bias_corrected(wga, replicates),
        "wga_simultaneous": guaranteed.tolist(),
        "accuracy": _mean(cells, "accuracy"),
        "accuracy_ci": list(percentile_interval(bootstrap_mean(correct.astype(float), plan.test_weights, draws))),
    }
    for figure, kept in MEANS.items():
        values = np.stack([_contribution(a, kept) for a in arrays]).astype(np.float64)
        row[figure] = _mean(cells, figure)
        row[f"{figure}_ci"] = list(percentile_interval(bootstrap_mean(values, plan.base_weights, draws)))
    others = sorted(set(cells[0].figures) - set(row))
    row |= {figure: _mean(cells, figure) for figure in others}
    row |= {f"{figure}_by_channel": _channel_means(cells, figure) for figure in _channel_figures(cells)}
    row["patterns"] = {p: float(np.mean([cell.patterns[p] for cell in cells])) for p in cells[0].patterns}
    row["ignores_core"] = row["core_sensitivity"] <= row["sss_placebo"]
    row["isolation"], row["verification"] = cells[0].isolation, cells[0].verification
    row["seconds"] = float(np.mean([sum(cell.provenance["seconds"].values()) for cell in cells]))
    return row, replicates


def _contribution(arrays: Mapping[str, NDArray[Any]], kept: str | None) -> NDArray[Any]:
    """Returns each base sample's part in a figure; SSS is the mean over the channels."""
    if kept is not None:
        return arrays[kept]
    mean: NDArray[Any] = np.mean([array for name, array in arrays.items() if name.startswith("sss/")], axis=0)
    return mean


def _channel_figures(cells: list[Cell]) -> list[str]:
    return sorted({figure for row in cells[0].channels.values() for figure in row})


def _overall(tasks: Mapping[str, Any], replicates: Mapping[str, Mapping[str, Floats]]) -> dict[str, Any]:
    """Ranks by the mean over tasks; a row that lacks a task, or is unranked in one, is not ranked."""
    found = {name: {row["submission"]: row for row in board["rows"]} for name, board in tasks.items()}
    labels = sorted({row["submission"] for board in tasks.values() for row in board["rows"] + board["unranked"]})
    rows, unranked, means = [], [], {}
    for label in labels:
        missing = [name for name in tasks if label not in found[name]]
        if missing:
            unranked.append({"submission": label, "reason": f"not ranked in {', '.join(missing)}"})
            continue
        each = [found[name][label] for name in tasks]
        figures = ("wga", "accuracy", "sss", "ig")
        averaged = {figure: float(np.mean([row[figure] for row in each])) for figure in figures}
        rows.append({"submission": label, "access": each[0]["access"], **averaged})
        means[label] = np.mean([replicates[name][label] for name in tasks], axis=0)
    return {"tasks": list(tasks), "rows": _ranked(rows, means), "unranked": unranked}
