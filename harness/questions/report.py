"""The metrics of answers to a task's questions, also by channel."""

import json

from rich.table import Table

from spurgen.benchmark.suite import Suite
from spurgen.benchmark.task import Task
from spurgen.harness.board.schema import TaskBoardRow
from spurgen.harness.machine.printing import terminal_table
from spurgen.harness.results.rows import TaskRow

SCHEMA_VERSION = 2


def tables(row: TaskRow, shown: TaskBoardRow | None) -> list[Table]:
    """Return tables of all metrics, means over runs; `shown`: the row on the board, which has intervals, if ranked."""
    first, runs = row.results[0], len(row)
    whole = terminal_table("Metric", "Mean" if runs > 1 else "Value", *(["Lowest", "Highest"] if runs > 1 else []))
    for name in first.metrics:
        values = row.metric(name)
        estimate = shown.estimates.get(name) if shown else None
        ends = [f"{values.min():.3f}", f"{values.max():.3f}"] if runs > 1 else []
        whole.add_row(name, estimate.text() if estimate else f"{values.mean():.3f}", *ends)
    kinds = list(dict.fromkeys(kind for metrics in first.channels.values() for kind in metrics))
    channels = terminal_table("Channel", *kinds)
    for name, metrics in first.channels.items():
        means = [f"{row.mean(f'{kind}/{name}'):.3f}" if kind in metrics else "" for kind in kinds]
        channels.add_row(name, *means)
    return [whole, channels]


def to_json(suite: Suite, task: Task, row: TaskRow, verdict: list[str]) -> str:
    """Return the metrics of every run, by channel, and the number of correct predictions by group."""
    runs = [
        {
            "run": result.seed,
            "metrics": result.metrics,
            "channels": result.channels,
            "correct_by_group": list(result.groups),
        }
        for result in row.results
    ]
    content = {
        "schema_version": SCHEMA_VERSION,
        "suite": suite.name,
        "task": task.name,
        "verdict": verdict,
        "runs": runs,
    }
    return json.dumps(content, indent=1, allow_nan=False) + "\n"
