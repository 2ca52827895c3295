"""A page per row: on every task its reliance, patterns, worlds, curves, and the families that it gets most wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from shlex import quote

from markupsafe import Markup

from spurgen.benchmark.result import Result
from spurgen.benchmark.suite import Task
from spurgen.harness.board.by_unit import RANKED_BY, unit_of
from spurgen.harness.board.schema import BoardRow, TaskBoardRow, Unranked
from spurgen.harness.results.rows import TaskRow
from spurgen.harness.site.boards import board_view
from spurgen.harness.site.cells import bar_cell, beside, interval_cell
from spurgen.harness.site.charts import by_conflicts, curve_series, curves, pattern_bars, shade, signed_bar, spoken
from spurgen.harness.site.families import Failures, failures
from spurgen.harness.site.glance import glance
from spurgen.harness.site.glossary import OF_ROWS, method_in_words, terms
from spurgen.harness.site.material import Board, Material
from spurgen.harness.site.names import shown
from spurgen.harness.site.pictures import Pictures
from spurgen.harness.site.provenance import Fact, provenance
from spurgen.harness.site.words import curves_in_words
from spurgen.harness.statistics.estimate import Estimate

UNIT_METRICS = {
    "accuracy": "Accuracy",
    "wga_corrected": "WGA",
    "reliance": "Reliance",
    "reliance_total": "Total reliance",
    "core_use": "Core use",
    "sss": "SSS",
}
CHANNEL_METRICS = {"sss": "SSS", "flip_rate": "Flip rate", "decoded": "Decoded from features"}


@dataclass(frozen=True)
class ChannelLine:
    """How a row uses a channel: numbers with drawings, and further metrics by title."""

    name: str
    hidden: bool
    reliance: Markup | None
    ideal: float | None
    pull: Markup | None
    others: Mapping[str, float]


@dataclass(frozen=True)
class UnitLine:
    """A world or training seed: its accuracy by pattern, with shades, and its metrics by title."""

    unit: int
    robust: Markup | None
    metrics: Mapping[str, float | None]
    patterns: Mapping[str, tuple[float, int]]
    error: str | None


@dataclass(frozen=True)
class TaskPart:
    """A row on a task; `note` says why it is not ranked."""

    name: str
    task: Task
    row: TaskBoardRow | None
    note: str | None
    unit: str
    channels: Sequence[ChannelLine]
    patterns: Mapping[str, str]
    bars: Markup | None
    units: Sequence[UnitLine]
    curves: Markup | None
    about_curves: str
    selections: Mapping[str, Mapping[str, float]]
    chosen: str | None
    checks: Sequence[tuple[str, bool]]
    failures: Failures | None
    stored: int
    reliance_scale: float

    @property
    def shortened(self) -> bool:
        """Whether a class that the failures name has a shorter name there."""
        shown = self.failures.shown if self.failures else []
        return any(name != short for family in shown for name, short in family.short.items())

    @property
    def unit_metrics(self) -> list[str]:
        """Titles of the metrics that some unit has."""
        titles = dict.fromkeys(title for unit in self.units for title in unit.metrics)
        return [title for title in titles if any(unit.metrics.get(title) is not None for unit in self.units)]


def row_page(material: Material, pictures: Pictures, label: str) -> dict[str, object]:
    """Return what the template of a row's page shows."""
    of_tasks = material.rows[label]
    row = {name: of_tasks[name] for name in material.board.tasks if name in of_tasks}
    parts = [_part(material, pictures, label, name, part) for name, part in row.items()]
    first = next(iter(row.values())).results[0]
    return {
        "label": label,
        "name": first.submission,
        "access": first.access,
        "parts": parts,
        "sections": sorted(parts, key=lambda part: part.task.modality == "text"),  # pictures first
        "method": method_in_words(row.values()),
        "terms": terms(board_view(material, next(iter(row))).columns) | OF_ROWS,
        "glance": glance(material, label),
        "facts": provenance(row),
        "command": f"spurgen reproduce {quote(shown(label))} --suite {material.suite.spoken}",
        "options": [Fact(shown(key), shown(str(value))) for key, value in first.options.items()],
    }


def _part(material: Material, pictures: Pictures, label: str, name: str, row: TaskRow) -> TaskPart:
    task, board = material.suite.tasks[name], material.board.tasks[name]
    placed = next((each for each in (*board.rows, *board.few) if each.submission == label), None)
    done = [result for result in row.results if result.error is None]
    patterns = dict(placed.patterns) if placed else {}
    unranked = next((each for each in board.unranked if each.submission == label), None)
    return TaskPart(
        name=name,
        task=task,
        row=placed,
        note=_note(placed, unranked, board),
        unit=unit_of(task),
        channels=_channels(material, label, task, placed) if placed else [],
        patterns={name: spoken(name, task.channels) for name in by_conflicts(patterns)},
        bars=pattern_bars(patterns, task.channels) if patterns else None,
        units=[_unit(material, task, result, UNIT_METRICS if placed else {}) for result in row.results],
        curves=curves(done),
        about_curves=curves_in_words(task, row.results[0].access, curve_series(done)),
        selections=placed.selections if placed else {},
        chosen=done[0].report.selection if done and done[0].report else None,
        checks=_checks(done),
        failures=failures(pictures, task, row) if placed else None,
        stored=row.predicted.shape[1],
        reliance_scale=material.reliance_scale,
    )


def _note(row: BoardRow | None, unranked: Unranked | None, board: Board) -> str | None:
    if unranked:
        return f"Not ranked: {shown(unranked.reason)}"
    if row is not None and row.ranks is None:
        return f"Not ranked among the others: it has {row.units} of {board.asked} {board.unit}s."
    return None


def _channels(material: Material, label: str, task: Task, row: TaskBoardRow) -> list[ChannelLine]:
    estimates: dict[str, Estimate | None] = {
        name: material.estimates([task.name], f"reliance/{name}").get(label) for name in task.channels
    }
    ideals = {name: material.ideal_mean([task.name], f"reliance/{name}") for name in task.channels}
    scale = material.reliance_scale
    lines = []
    for name in task.channels:
        pull = row.by_channel.get("pull", {}).get(name)
        others = {
            title: row.by_channel[metric][name]
            for metric, title in CHANNEL_METRICS.items()
            if name in row.by_channel.get(metric, {})
        }
        estimate = estimates[name]
        lines.append(
            ChannelLine(
                name=name,
                hidden=name not in task.annotated,
                reliance=beside(estimate.text(".2f"), bar_cell(estimate, ideals[name], scale)) if estimate else None,
                ideal=ideals[name],
                pull=None if pull is None else beside(f"{pull:+z.2f}", signed_bar(pull, 1.0)),
                others=others,
            )
        )
    return lines


def _unit(material: Material, task: Task, result: Result, titles: Mapping[str, str]) -> UnitLine:
    """Return a result's line; `titles` of its metrics: none for a row off the board, whose counts may not fit."""
    robust = result.metrics.get(RANKED_BY)
    ideal = material.ideals.get((task.in_world(result.seed).scenario.name, task.modality))
    line = ideal.metrics.get(RANKED_BY) if ideal else None
    return UnitLine(
        unit=result.seed,
        robust=None if robust is None else beside(f"{robust:.3f}", interval_cell(Estimate(robust), line)),
        metrics={title: _of_result(material, task, result, metric) for metric, title in titles.items()},
        patterns={name: (value, shade(value)) for name, value in result.patterns.items()},
        error=result.error,
    )


def _of_result(material: Material, task: Task, result: Result, metric: str) -> float | None:
    values = material.values[task.name].of(TaskRow((result,)), metric)
    return None if values is None else float(values[0])


def _checks(results: Sequence[Result]) -> list[tuple[str, bool]]:
    """Return the sanity checks that results report, and whether each passed in all of them."""
    outcomes: dict[str, bool] = {}
    for result in results:
        for name, passed in (result.report.checks if result.report else {}).items():
            outcomes[name] = outcomes.get(name, True) and passed
    return list(outcomes.items())
