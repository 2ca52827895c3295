"""A row at a glance: a line per set of tasks and task, with its accuracy, its largest reliance and its rank."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from spurgen.harness.board.by_unit import RANKED_BY, unit_of
from spurgen.harness.board.schema import BoardRow
from spurgen.harness.machine.printing import signed
from spurgen.harness.site.cells import bar_cell, beside, interval_cell
from spurgen.harness.site.columns import NOTHING, common_channels, placed_text
from spurgen.harness.site.material import Material

TEXTS = ("Letter", "Note")  # columns of words


@dataclass(frozen=True)
class GlanceLine:
    """A set of tasks, or a task, which has a part of the page; cells by the title of their column."""

    name: str
    is_task: bool
    cells: Mapping[str, Markup | str]


@dataclass(frozen=True)
class Glance:
    """Titles of the columns that some line fills, and the lines."""

    titles: Sequence[str]
    lines: Sequence[GlanceLine]

    @property
    def texts(self) -> Sequence[str]:
        """Titles of columns of words."""
        return TEXTS


def glance(material: Material, label: str) -> Glance:
    """Return the lines of a row's page, sets of tasks first."""
    lines = []
    for name, board in material.board.overall.items():
        found = _placed(label, [*board.rows, *board.few])
        if found:
            lines.append(GlanceLine(name, is_task=False, cells=_cells(material, found, board.tasks)))
    for name, part in material.board.tasks.items():
        if name in material.rows[label]:
            found = _placed(label, [*part.rows, *part.few])
            cells = _cells(material, found, [name]) if found else {}
            lines.append(GlanceLine(name, is_task=True, cells={**cells, "Note": _note(material, name, found)}))
    titles = dict.fromkeys(title for line in lines for title, cell in line.cells.items() if cell)
    return Glance(list(titles), lines)


def _placed(label: str, rows: Sequence[BoardRow]) -> BoardRow | None:
    return next((row for row in rows if row.submission == label), None)


def _cells(material: Material, row: BoardRow, tasks: Sequence[str]) -> dict[str, Markup | str]:
    return {
        "Robust accuracy": beside(
            row.ranked_by.text(), interval_cell(row.ranked_by, material.ideal_mean(tasks, RANKED_BY))
        ),
        "Largest reliance": _most_relied_on(material, row, tasks),
        "To ERM": _to_erm(row),
        "Rank": placed_text(row),
        "Letter": row.letters or "",
    }


def _most_relied_on(material: Material, row: BoardRow, tasks: Sequence[str]) -> Markup | str:
    """Return the largest reliance on a channel that all tasks have, and the channel."""
    by_channel = {
        name: material.estimates(tasks, f"reliance/{name}").get(row.submission)
        for name in common_channels(material, tasks)
    }
    known = {name: each for name, each in by_channel.items() if each is not None}
    if not known:
        return ""
    name = max(known, key=lambda name: known[name].value)
    if known[name].value < NOTHING:
        return "none measurable"
    ideal = material.ideal_mean(tasks, f"reliance/{name}")
    return beside(known[name].text(".2f"), bar_cell(known[name], ideal, material.reliance_scale), name)


def _to_erm(row: BoardRow) -> str:
    """Return the difference to ERM with its interval, and whether it is significant."""
    against = row.against_erm
    if against is None:
        return ""
    interval = f" [{', '.join(signed(end, '+.3f') for end in against.interval)}]" if against.interval else ""
    word = "" if against.verdict == "undecided" else f" {against.verdict}"
    return f"{signed(against.difference, '+.3f')}{interval}{word}"


def _note(material: Material, name: str, row: BoardRow | None) -> str:
    if row is None:
        return "not ranked"
    return "" if row.ranks else f"few {unit_of(material.suite.tasks[name])}s"
