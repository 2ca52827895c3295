"""A page per row: what it reaches on every task, why it lost, and how to run it again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from shlex import quote

from spurgen.benchmark.task import Task
from spurgen.harness.board.columns import COLUMNS, Line, number, table
from spurgen.harness.board.methods import about_method
from spurgen.harness.results.rows import TaskRow
from spurgen.harness.site.families import SHOWN, Failures, failures
from spurgen.harness.site.material import Material
from spurgen.harness.site.names import shown
from spurgen.harness.site.pictures import Pictures
from spurgen.harness.site.render import inline_markdown
from spurgen.harness.site.tables import of_patterns

GLANCE = ("rank", "letters", "robust_accuracy", "to_erm", "wga_corrected", "reliance", "core_use", "accuracy", "sss")
BY_CHANNEL = {"reliance": "Reliance", "sss": "SSS", "flip_rate": "Flip rate", "decoded": "Decoded from features"}


@dataclass(frozen=True)
class Part:
    """A row on a task; `note` says why it is not ranked.

    `channels`: texts by title for every channel, its name first. `patterns`: accuracies by what
    conflicts, below a heading.
    """

    name: str
    task: Task
    note: str
    channels: Sequence[Mapping[str, str]]
    patterns: Mapping[str, str]
    failures: Failures | None
    stored: int


def row_page(material: Material, pictures: Pictures, label: str) -> dict[str, object]:
    """Return what the template of a row's page shows."""
    row = {name: material.rows[label][name] for name in material.board.tasks if name in material.rows[label]}
    lines = {name: _line(material, name, label) for name in (*material.board.overall, *row)}
    placed = {name: line for name, line in lines.items() if line and not line.get("reason")}
    first = next(iter(row.values())).results[0]
    parts = [_part(material, pictures, name, each, lines[name] or {}) for name, each in row.items()]
    return {
        "label": label,
        "name": first.submission,
        "full": material.names.get(label, ""),
        "access": first.access,
        "method": inline_markdown(about_method(row.values())),
        "glance": list(zip(placed, table(list(placed.values()), GLANCE), strict=True)),
        "columns": {column.title: column.about for key, column in COLUMNS.items() if key in GLANCE},
        "parts": sorted(parts, key=lambda part: part.task.modality == "text"),  # pictures first
        "command": f"spurgen reproduce {quote(shown(label))} --suite {material.suite.spoken}",
        "facts": dict(_facts(row)),
    }


def _line(material: Material, name: str, label: str) -> Line | None:
    return next((line for line in material.lines[name] if line["submission"] == label), None)


def _part(material: Material, pictures: Pictures, name: str, row: TaskRow, line: Line) -> Part:
    task, board, reason = material.suite.tasks[name], material.board.tasks[name], line.get("reason")
    few = "" if line.get("ranked") else f"Not ranked: it has {line.get('units')} of {board.asked} {board.unit}s."
    return Part(
        name=name,
        task=task,
        note=f"Not ranked: {shown(reason)}" if reason else few,
        channels=[] if reason else list(_channels(task, line, material.ideal[name])),
        patterns={"Conflicting": "accuracy"} | found if (found := of_patterns(task, line)) else {},
        failures=None if reason else failures(pictures, task, row, SHOWN if name in material.main else 1),
        stored=row.predicted.shape[1],
    )


def _channels(task: Task, line: Line, ideal: Mapping[str, float]) -> Iterator[dict[str, str]]:
    for name in task.channels:
        values = {title: number(line, f"{key}_by_channel.{name}", ".3f") for key, title in BY_CHANNEL.items()}
        asked = number(ideal, f"reliance/{name}", ".3f")
        yield {"Shortcut": name, "Reliance": values["Reliance"], "Ideal observer's": asked} | values


def _facts(row: Mapping[str, TaskRow]) -> Iterator[tuple[str, str]]:
    """Yield what results say of their making: different values of a fact one after the other."""
    results = [result for part in row.values() for result in part.results]
    made = [result.provenance.environment for result in results]
    days = sorted(result.provenance.finished[:10] for result in results)
    options = {f"{key} = {value}" for result in results for key, value in result.options.items()}
    found: dict[str, Sequence[str]] = {
        "Submission": [result.spec for result in results],
        "Submission SHA-256": [result.submission_sha256 for result in results],
        "Options": sorted(options),
        "Verified": [result.verification for result in results],
        "Isolation": [result.isolation for result in results],
        "Finished": [days[0], days[-1]],
        "SpurGen": [each.spurgen for each in made],
        "Python": [each.python for each in made],
        "Device": [each.gpu or each.device for each in made],
    }
    for name, values in found.items():
        if any(values):
            yield name, "; ".join(dict.fromkeys(shown(value) for value in values))
