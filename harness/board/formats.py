"""The leaderboard as Markdown, LaTeX (booktabs), JSON and CSV, all from its lines.

Also the README's table, and LaTeX of other tables and of figures.
"""

import csv
import io
import json
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from spurgen.harness.board.columns import Line, board_keys, cell, column, halves_keys, known, number, table
from spurgen.harness.board.placing import GIVEN
from spurgen.harness.board.rows import RANKED_BY, in_papers
from spurgen.harness.board.schema import SCHEMA_VERSION, Board, Leaderboard
from spurgen.harness.machine.files import check_distinct, write_changed
from spurgen.harness.machine.printing import and_list, as_cell, as_latex, as_markdown, markdown_table

HALVES_TITLE = "Counterexamples needed over all ladders of a half, and the place in the worse"
SYNTHETIC = "twins"  # the access tier that is given what real data rarely have
APART = ", which real data rarely have"
STRANGERS = (
    "submission", "name", "access", "reason", "verification", "model", "other", "encoder", "group", "checkpoint",
)  # fmt: skip
"""Keys of texts that submitters wrote."""


def to_markdown(board: Leaderboard) -> str:
    """Return all boards, after an explanation of their columns."""
    lines = [line for part in (*board.tasks.values(), *board.overall.values()) for line in part.lines]
    columns = [column(key) for key in board_keys(lines, "brief", "wide")]
    meanings = [f"- {each.title}: {each.about}." for each in columns]
    parts = [f"# SpurGen {board.suite} leaderboard", "\n".join(["Brackets: 95 % intervals.", "", *meanings])]
    if board.halves:
        parts += [f"## {HALVES_TITLE}", *filter(None, [without(board)]), *halves_markdown(board.halves)]
    for name, whole in board.overall.items():
        if whole.shown:
            parts += [f"## {whole.heading(name)}", *board_markdown(whole)]
    for name, part in board.tasks.items():
        parts += [f"## {name}", *board_markdown(part)]
    return "\n\n".join([*parts, f"Manifest SHA-256: `{board.manifest_sha256}`"]) + "\n"


def without(board: Leaderboard) -> str:
    """Return which ladders of the halves no row has climbed yet, as a sentence, or nothing."""
    return f"Without {and_list(board.empty)}, which no row has climbed in all worlds." if board.empty else ""


def halves_markdown(lines: Sequence[Line]) -> list[str]:
    """Return a table per access tier of the counterexamples needed over the ladders of each half, and what has none."""
    placed, parts = [line for line in escaped(lines) if "reason" not in line], []
    for access in dict.fromkeys(line["access"] for line in placed):
        of_tier = [line for line in placed if line["access"] == access]
        parts += [f"### Access: {access}", markdown_table(table(of_tier, halves_keys(placed)))]
    silent = [f"- {line['submission']}: {line['reason']}" for line in escaped(lines) if "reason" in line]
    return [*parts, "\n".join(silent)] if silent else parts


def board_markdown(part: Board) -> list[str]:
    """Return a board's blocks, each a heading with its table, and the rows that are not ranked."""
    parts = []
    if part.told_apart is not None:
        parts.append(f"Pairs of baselines told apart, over all tiers: {part.told_apart:.0%}.")
    lines = escaped(part.lines)
    for title, rows in blocks(lines, part):
        parts += [f"### {title}", markdown_table(table(rows, board_keys(lines, "brief", "wide")))]
    silent = [f"Not ranked: {line['submission']}: {line['reason']}" for line in lines if line.get("reason")]
    return [*parts, *silent, *([f"- {line}" for line in part.controls.lines] if part.controls else [])]


def blocks(lines: Sequence[Line], part: Board) -> Iterator[tuple[str, list[Line]]]:
    """Yield a heading and its lines for each access tier, then for the rows with too few units.

    The tier whose best row has the highest estimate comes first; that of twins comes last.
    """
    tiers: dict[str, list[Line]] = {}
    for line in lines:
        if line["ranked"]:
            tiers.setdefault(line["access"], []).append(line)
    for access in sorted(tiers, key=lambda tier: (tier == SYNTHETIC, -tiers[tier][0][RANKED_BY])):
        yield f"Access: {access}{APART if access == SYNTHETIC else ''}", tiers[access]
    few = [line for line in lines if not line["ranked"] and not line.get("reason")]
    if few:
        yield f"Fewer than {part.asked} {part.unit}s: not ranked among the others", few


def escaped(lines: Sequence[Line]) -> list[Line]:
    """Return lines with the texts of `STRANGERS` escaped for Markdown."""
    return [
        {**line, **{key: as_markdown(line[key]) for key in STRANGERS if isinstance(line.get(key), str)}}
        for line in lines
    ]


HEADLINE = ("cda", "bsoftmax", "adversarial", "group_dro", "jtt", "erm")
"""Rows of the README's table: methods of several families, and ERM."""


def overview_table(board: Leaderboard, tasks: Collection[str], labels: Sequence[str] = HEADLINE) -> str:
    """Return some rows on some tasks as a Markdown table, in the order of the board's blocks.

    If the board has halves, they have a column each, beside the place and the regret. Else there is a column per
    ladder, with the counterexamples that a row needs and their interval; without ladders, a column for the mean over
    the board's first set of tasks and one per task, with robust accuracy and, in brackets, the rank interval. Rows and
    tasks that the board does not have are left out.
    """
    if board.halves:
        placed = [line for line in board.halves if known(line, "place") and line["submission"] in labels]
        rows = table(placed, [key for key in halves_keys(placed) if key != "submission"])
        return markdown_table([_head(line["submission"], line) | row for line, row in zip(placed, rows, strict=True)])
    ladders = {n: part for n, part in board.overall.items() if part.rungs and part.rows and {*part.tasks} <= {*tasks}}
    by_task = {name: part for name, part in board.tasks.items() if name in tasks and part.rows}
    sets = {f"Mean, {name}": part for name, part in board.overall.items() if part.rows}
    parts = ladders or dict([*sets.items()][:1]) | by_task
    columns = {name: {line["submission"]: line for line in _ranked(part)} for name, part in parts.items()}
    order = {line["submission"]: line for part in parts.values() for line in _ranked(part)}
    return markdown_table(
        [
            _head(label, line) | {name: _entry(lines.get(label)) for name, lines in columns.items()}
            for label, line in order.items()
            if label in labels
        ]
        + _control(ladders)
    )


def _head(label: str, line: Line) -> dict[str, str]:
    return {
        "Given": GIVEN.get(line["access"], as_markdown(line["access"])),
        column("submission").title: in_papers(label) if label in HEADLINE else as_markdown(label),
    }


def _control(ladders: Mapping[str, Board]) -> list[dict[str, str]]:
    """Return a line of ERM on the counterexamples alone, without a shortcut."""
    needs = {name: c.matched_needs for name, part in ladders.items() if (c := part.controls) and c.matched}
    first = {"Given": "control: m samples, no shortcut", column("submission").title: in_papers("erm")}
    return [first | needs] if needs else []


def _ranked(part: Board) -> Iterator[Line]:
    """Yield the ranked lines of a board in the order of its blocks."""
    for _, lines in blocks(part.lines, part):
        yield from (line for line in lines if line["ranked"])


def _entry(line: Line | None) -> str:
    if line is None:
        return ""
    needs = cell("counterexamples", line)
    return needs or f"{number(line, 'robust_accuracy', '.2f')} ({cell('rank', line)} of {line['of']})"


SHOWN = {
    1: ("submission", "robust_accuracy", "counterexamples"),
    2: ("submission", "robust_accuracy", "counterexamples", "follows", "wga", "sss", "ig", "to_erm"),
}
"""Keys of the board's columns that fit a table as wide as one or two columns of the page."""
SIZES = {1: r"\scriptsize", 2: r"\footnotesize"}
HEAD = "% needs \\usepackage{booktabs}\n"


def board_latex(part: Board, name: str, caption: str, columns: int = 2, labels: Collection[str] = ()) -> str:
    """Return a table of a board's rows over one or two columns of the page, a block per access tier.

    `labels`: the rows to include, by default all. Bold: a row that is significantly better than all others of its tier;
    ties are not bold. Rows that are not ranked stand in a block of their own, without bold type and verdict.
    """
    lines = [line for line in part.lines if not labels or line["submission"] in labels]
    return lines_latex(blocks(lines, part), name, caption, columns)


def lines_latex(
    sections: Iterable[tuple[str, Sequence[Line]]], name: str, caption: str, columns: int = 2,
    shown: Sequence[str] = (), *, stacked: bool = False,
) -> str:  # fmt: skip
    """Return a table of sections: a heading, and lines as in a board's frame.

    `shown`: keys of the columns, by default those of a board. `stacked`: show every interval, below its number. A line
    may name the keys of its bold cells as `bold`.
    """
    made = [
        (title, [_row(line, shown or SHOWN[columns], stacked) for line in _marked(lines)]) for title, lines in sections
    ]
    head = list(dict.fromkeys(title for _, rows in made for row in rows for title in row))
    cells = [(title, [[row.get(column, "") for column in head] for row in rows]) for title, rows in made]
    return latex_table(head, cells, caption, f"tab:spurgen-{name}", columns)


def latex_table(
    head: Sequence[str], sections: Iterable[tuple[str, Iterable[Sequence[str]]]], caption: str, label: str, columns: int
) -> str:
    """Return a table with a heading above each section; cells are LaTeX, all else is plain text."""
    body = []
    for title, rows in sections:
        body.append(rf"\midrule \multicolumn{{{len(head)}}}{{l}}{{\emph{{{as_latex(title)}}}}} \\")
        body += [" & ".join(row) + r" \\" for row in rows]
    tabular = rf"\begin{{tabular}}{{l{'r' * (len(head) - 1)}}}"
    content = [
        SIZES[columns] + r"\setlength{\tabcolsep}{3pt}", tabular, r"\toprule", " & ".join(map(as_latex, head)) + r" \\",
        *body, r"\bottomrule", r"\end{tabular}",
    ]  # fmt: skip
    about = [rf"\caption{{{as_latex(caption)}}}", rf"\label{{{label}}}"]
    return HEAD + _float("table", columns, [*about, *content])


def latex_figure(name: str, caption: str, columns: int) -> str:
    """Return the environment of a figure in a file of that name; `caption` is plain text."""
    about = [rf"\caption{{{as_latex(caption)}}}", rf"\label{{fig:spurgen-{name}}}"]
    return _float("figure", columns, [rf"\includegraphics{{{name}}}", *about])


def bold(cell: str) -> str:
    """Return a cell in bold."""
    return rf"\textbf{{{cell}}}"


def _float(kind: str, columns: int, lines: Sequence[str]) -> str:
    environment = kind if columns == 1 else f"{kind}*"
    begin, end = rf"\begin{{{environment}}}[t]", rf"\end{{{environment}}}"
    return "\n".join([begin, r"\centering", *lines, end, ""])


def _marked(lines: Sequence[Line]) -> list[Line]:
    """Return lines with bold type for the ranked one that is significantly better than all others of its tier."""
    best = {k for k, line in enumerate(lines) if line.get("first_rank") == line.get("last_rank") == 1}
    return [{"bold": {RANKED_BY} if k in best and len(lines) > 1 else (), **line} for k, line in enumerate(lines)]


def _row(line: Line, shown: Sequence[str], stacked: bool) -> dict[str, str]:
    """Return the cells of a line that it fills, by the titles of their columns."""
    texts = {key: cell(key, line, stacked) for key in shown}
    return {column(key).title: _cell(text, line, key, stacked) for key, text in texts.items() if text}


def _cell(text: str, line: Line, key: str, stacked: bool) -> str:
    if isinstance(line.get(key), str):
        return as_latex(text)
    number, _, interval = text.partition(" ") if stacked else (text, "", "")
    shown = bold(_number(number)) if key in line["bold"] else _number(number)
    lines = [shown, *[_number(interval)] * bool(interval)]
    return r"\shortstack[r]{" + r"\\".join(lines) + "}" if stacked else shown


def _number(text: str) -> str:
    return as_latex(text).replace("-", "$-$")


def to_json(board: Leaderboard) -> str:
    """Return the leaderboard as JSON: by task and set of tasks, the frame's `columns` and `rows`; raises for NaN.

    Numbers of rows have eight significant digits.
    """
    record: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "suite": board.suite,
        "manifest_sha256": board.manifest_sha256,
        "tasks": {name: _record(part) for name, part in board.tasks.items()},
        "overall": {name: _record(part) for name, part in board.overall.items()},
    }
    if board.halves:
        record["halves"] = [{key: _value(value) for key, value in line.items()} for line in board.halves]
    return json.dumps(record, separators=(",", ":"), allow_nan=False) + "\n"


def to_csv(board: Leaderboard) -> str:
    """Return the leaderboard's frame as CSV, a line per task and row, numbers to eight significant digits."""
    lines = board.lines
    names = dict.fromkeys(name for line in lines for name in line)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_csv_cell(line.get(name)) for name in names] for line in lines)
    return text.getvalue()


def _value(value: Any) -> Any:  # noqa: ANN401
    return float(f"{value:.8g}") if isinstance(value, float) else None if value == "" else value


def _csv_cell(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.8g}"
    return as_cell(value) if isinstance(value, str) else "" if value is None else str(value)


def _record(part: Board) -> dict[str, Any]:
    about: dict[str, Any] = {"tasks": part.tasks} if part.tasks else {"told_apart": part.told_apart}
    about |= {"controls": asdict(part.controls)} if part.controls else {}
    lines = part.lines
    columns = list(dict.fromkeys(name for line in lines for name in line))
    rows = [[_value(line.get(name)) for name in columns] for line in lines]
    return {"unit": part.unit, "asked": part.asked, **about, "columns": columns, "rows": rows}


def write_board(board: Leaderboard, *, markdown: Path | None, csv: Path | None, json: Path | None) -> list[str]:
    """Write a leaderboard to the given files; return a line about each.

    Raise `SpurgenError` if two files are the same.
    """
    check_distinct({"--markdown": markdown, "--csv": csv, "--json": json})
    texts = {markdown: to_markdown, csv: to_csv, json: to_json}
    return [write_changed(path, text(board)) for path, text in texts.items() if path is not None]
