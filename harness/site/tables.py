"""Boards as tables of a page: texts by the columns that all formats share, raw numbers beside them for sorting."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from spurgen.benchmark.task import Task
from spurgen.harness.board.columns import Column, Line, board_keys, cell, column, columns_of, filled, known, number
from spurgen.harness.board.markdown import blocks
from spurgen.harness.board.schema import SetBoard
from spurgen.harness.site.material import IDEAL, Material
from spurgen.harness.site.names import shown

MARKED = "robust_accuracy"  # has its interval as a drawing
WIDE, HIGH = 60, 10  # units of the drawing
SPARE = ("units", "private_gap", "verification", "robust_accuracy_lowest", "reliance_total", "ig")
"""Columns that a page shows when they are asked for."""


@dataclass(frozen=True)
class Cell:
    """What a row shows in a column: a number or text, the interval, a drawing of it, and the raw value."""

    text: str
    interval: str = ""
    mark: Markup | str = ""
    raw: str = ""


@dataclass(frozen=True)
class Row:
    """A row of a table; `page`: the name of its page, empty for the ideal observer. `cells`: without its name."""

    label: str
    name: str
    full: str
    page: str
    cells: Sequence[Cell]


@dataclass(frozen=True)
class Block:
    """The rows below a heading; `access`: their access tier, empty where they have several."""

    title: str
    access: str
    rows: Sequence[Row]


@dataclass(frozen=True)
class Table:
    """A board; `columns` by key, that of the names first. `silent`: the rows that are not ranked, and why."""

    key: str
    title: str
    about: str
    columns: dict[str, Column]
    ideal: Row | None
    blocks: Sequence[Block]
    silent: Sequence[tuple[Row, str]]

    @property
    def spare(self) -> list[str]:
        """Keys of the columns that are shown when they are asked for."""
        return [key for key in self.columns if key in SPARE]


def board_table(material: Material, name: str) -> Table:
    """Return the table of a task or of a set of tasks."""
    board, lines, ideal = material.board_of(name), material.lines[name], material.ideal_line(name)
    rated = [line for line in lines if not line.get("reason")]
    columns = ["submission", *(key for key in filled(rated, board_keys(rated, "brief", "wide")) if key != "submission")]
    best = ideal.get(MARKED) if ideal else None
    made = [
        Block(title, "" if len({line["access"] for line in part}) > 1 else part[0]["access"],
              [_row(material, line, columns, best) for line in part])
        for title, part in blocks(lines, board)
    ]  # fmt: skip
    tasks = board.tasks if isinstance(board, SetBoard) else []
    return Table(
        key=name,
        title=f"Mean over {name}" if tasks else name,
        about=f"Means over {', '.join(tasks)}." if tasks else "",
        columns={key: column(key, columns_of(rated)) for key in columns},
        ideal=_row(material, ideal, columns, best) if ideal else None,
        blocks=made,
        silent=[(_row(material, line, [], None), shown(line["reason"])) for line in lines if line.get("reason")],
    )


def of_patterns(task: Task, line: Line) -> dict[str, str]:
    """Return a line's accuracies by the channels that conflict with the class, few conflicts first."""
    found = [key.removeprefix("patterns.") for key in line if key.startswith("patterns.")]
    texts = {}
    for letters in sorted(found, key=lambda each: (each.count("c"), each)):
        conflicting = [name for name, letter in zip(task.channels, letters, strict=True) if letter == "c"]
        texts[", ".join(conflicting) or "nothing"] = number(line, f"patterns.{letters}", ".2f")
    return texts


def _row(material: Material, line: Line, columns: Sequence[str], ideal: float | None) -> Row:
    label = line["submission"]
    cells = [_cell(key, line, ideal) for key in columns[1:]]
    name = cell("submission", {**line, "submission": shown(label)})
    page = "" if line.get("access") is None and label == IDEAL else material.pages[label]
    return Row(shown(label), name, material.names.get(label, ""), page, cells)


def _cell(key: str, line: Line, ideal: float | None) -> Cell:
    text, bracket, interval = cell(key, line).partition(" [")
    raw = line.get("first_rank" if key == "rank" else key)
    mark = _mark(line[key], line[f"{key}_low"], line[f"{key}_high"], ideal) if key == MARKED and interval else ""
    raw_text = f"{raw:.8g}" if isinstance(raw, int | float) and known({"": raw}, "") else ""
    return Cell(shown(text), (bracket + interval).strip(), mark, raw_text)


def _mark(value: float, low: float, high: float, ideal: float | None) -> Markup:
    """Draw a proportion with its interval on a scale from 0 to 1, and the ideal observer as a line across it."""
    left, at, right = (round(WIDE * min(max(end, 0.0), 1.0), 1) for end in (low, value, high))
    line = f'<path class="ideal" d="M{round(WIDE * ideal, 1)} 0V{HIGH}"/>' if ideal is not None else ""
    return Markup(  # numbers of our own
        f'<svg class="mark" viewBox="-3 0 {WIDE + 6} {HIGH}" aria-hidden="true">'
        f'<path d="M0 {HIGH}H{WIDE}" class="axis"/>'
        f'{line}<path d="M{left} {HIGH / 2}H{right}"/><circle cx="{at}" cy="{HIGH / 2}" r="2.5"/></svg>'
    )
