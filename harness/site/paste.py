"""A board as text to paste: the tables of the LaTeX and Markdown files by line, so that a page can leave out rows.

The texts are made here, once; the page chooses among their lines (static/share.js).
"""

import json
from collections.abc import Sequence

from spurgen.harness.board.rendering import (
    Columns,
    Row,
    as_text,
    board_blocks,
    board_table,
    set_columns,
    task_columns,
)
from spurgen.harness.board.schema import SetBoard
from spurgen.harness.figures.latex import Table
from spurgen.harness.figures.latex import row as latex_row
from spurgen.harness.figures.sheet import Sheet
from spurgen.harness.figures.tables import EXCESS, OTHERS, reliance_table, task_table
from spurgen.harness.site.glossary import method_name
from spurgen.harness.site.material import Board, Material
from spurgen.harness.site.names import shown
from spurgen.harness.site.set_channels import by_channel

Section = tuple[str, list[tuple[str, str]]]
"""The lines above some rows, and each row's label and line."""
Pasted = dict[str, object]
"""A table as `open`, `sections` and `close`; that of LaTeX also as the keys of its `columns`."""


def tables_script(material: Material) -> str:
    """Return a script with the tables of the first page's boards, and the full names of our methods by label.

    It is a script, since a page that is opened from disk can load no other file.
    """
    tables = {name: _tables(material, name) for name in material.first_page}
    names = {shown(label): name for label, row in material.rows.items() if (name := method_name(row.values()))}
    parts = {"spurgenTables": tables, "spurgenNames": names}
    return "".join(f"window.{key} = {json.dumps(part, separators=(',', ':'))};\n" for key, part in parts.items())


def _tables(material: Material, name: str) -> dict[str, list[Pasted]]:
    """Return a board's tables by format."""
    sheet, named = material.sheets[name], by_channel(material, name)
    labels = [entry.label for entry in sheet.entries]
    made = [(task_table(sheet), _of_task(sheet)), (reliance_table(named), _of_reliance(named))] if labels else []
    latex = [_latex(table, labels, columns) for table, columns in made if table]
    return {"md": [_markdown(material.board_of(name), sheet.name)], "tex": latex}


def _of_task(sheet: Sheet) -> list[str]:
    """Return the keys of the board's columns that `task_table` shows, in its order."""
    others = [metric for metric in OTHERS if any(metric in entry.estimates for entry in sheet.entries)]
    return ["name", sheet.headline, *["to_erm"] * any(entry.difference for entry in sheet.entries), *others]


def _of_reliance(sheet: Sheet) -> list[str]:
    """Return the keys of the board's columns that `reliance_table` shows, in its order."""
    has_excess = any(EXCESS in entry.estimates for entry in sheet.entries)
    return ["name", *(f"reliance/{name}" for name in sheet.channel_names("reliance")), *["excess"] * has_excess]


def _latex(table: Table, labels: Sequence[str], columns: Sequence[str]) -> Pasted:
    ideal = sum(len(section.rows) for section in table.sections) - len(labels)  # it comes first and has no label
    rows = iter([""] * ideal + [shown(label) for label in labels])
    sections: list[Section] = [
        (table.heading(section), [(next(rows), f"{latex_row(cells)}\n") for cells in section.rows])
        for section in table.sections
    ]
    assert len(columns) == len(table.head)
    return {"columns": columns, "open": table.opening, "sections": sections, "close": table.closing}


def _markdown(board: Board, title: str) -> Pasted:
    if isinstance(board, SetBoard):
        sections = [_table(board, block, set_columns) for block in board_blocks(board, board.rows, board.few)]
    else:
        sections = [_table(board, block, task_columns) for block in board_blocks(board, board.rows, board.few)]
    return {"open": f"## {as_text(title)}\n", "sections": sections, "close": ""}


def _table(board: Board, block: tuple[str, Sequence[Row]], columns: Columns[Row]) -> Section:
    heading, rows = block
    head, rule, *lines = board_table(rows, columns, board.unit).splitlines()
    labels = [shown(row.submission) for row in rows]
    return f"\n{heading}\n\n{head}\n{rule}\n", [(label, f"{line}\n") for label, line in zip(labels, lines, strict=True)]
