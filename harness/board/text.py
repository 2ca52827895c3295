"""The leaderboard as text for a terminal: a table per access tier, with as many columns as fit its width."""

import io
from collections.abc import Collection, Mapping, Sequence

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from spurgen.harness.board.columns import Line, board_keys, channel_keys, column, halves_keys, known, table
from spurgen.harness.board.formats import HALVES_TITLE, blocks, without
from spurgen.harness.board.placing import ERM
from spurgen.harness.board.schema import Board, Leaderboard
from spurgen.harness.machine.printing import one_line

PLAIN_WIDTH = 80  # characters of a line where there is no terminal
UNLIMITED = 10_000
LONGEST = 32  # characters of a name on a line
GAP = 3  # characters between two columns
Rows = Sequence[Mapping[str, str]]
"""A table, row by row: its texts by title."""
NAME = column("submission").title
ALWAYS = ("rank", "submission", "robust_accuracy")
SPARE = (("counterexamples",), ("to_erm",), ("follows",), ("letters",), ("uses_thing",), ("channels",), ("wga",))
"""Further columns in the order in which they are added while they fit; the columns of all channels count as one."""
BRIEF = (
    "Accuracy if misled: where all shortcuts mislead; on a ladder the mean over its rungs above 0, which ranks. "
    "Counterexamples: how many are needed for 3/4 of the ceiling; to ERM: as a multiple of ERM's. Follows: how often "
    "answers go where all shortcuts, or the one `on X`, are switched to. Rank a-b: a - 1 rows of the access tier are "
    "significantly better, at most b - 1 may be. Rows of the tier with a common letter do not differ "
    "significantly. Brackets: 95% intervals. Columns: docs/metrics.md."
)
FIRST = (
    "Counterexamples: needed for 3/4 of the ceiling. Rank: within the access tier. Brackets: 95% intervals. Columns: "
    "docs/metrics.md."
)
MINE = " >: your row."
TOP = 4  # rows of the first tier on the first screen


def to_text(
    board: Leaderboard, tasks: Collection[str] = (), mine: Collection[str] = (), *,
    width: int = PLAIN_WIDTH, wide: bool = False, colour: bool = False, alone: Collection[str] | None = None,
) -> str:  # fmt: skip
    """Return the tables of these tasks, by default of all, and of the sets whose tasks are all among them.

    `alone`: the tasks that also get a table of their own, None for all. `>` marks rows `mine`. `width`: characters of a
    line, at most; with `wide`, all columns and lines as long as they need to be. `colour`: whether the terminal's codes
    for colours may be used.
    """
    printer = _Printer(mine, UNLIMITED if wide else width, wide, colour)
    shown = {name: part for name, part in board.tasks.items() if not tasks or name in tasks}
    printer.title(f"# SpurGen {board.suite} leaderboard")
    printer.text(BRIEF + MINE * bool(mine), width)
    if board.halves and not tasks:
        printer.halves(board.halves, without(board))
    for name, part in shown.items():
        if alone is None or name in alone:
            printer.title(f"## {name}")
            printer.board(part)
    for name, whole in board.overall.items():
        if shown.keys() >= set(whole.tasks) and whole.shown:
            printer.title(f"## {whole.heading(name)}")
            printer.board(whole)
    printer.text(f"Manifest: {board.manifest_sha256}")
    return printer.content


def first_to_text(
    board: Leaderboard, mine: Collection[str] = (), *,
    width: int = PLAIN_WIDTH, wide: bool = False, colour: bool = False,
) -> str:  # fmt: skip
    """Return the first set of tasks with rows, or else the first task, on one screen that ends with the best rows.

    It has the best rows of the first tier of `blocks`, the best of each other one, ERM and `mine`; the others are
    counted, as are unranked rows, of which only `mine` are shown with the reason. Arguments: as for `to_text`.
    """
    printer = _Printer(mine, UNLIMITED if wide else width, wide, colour)
    printer.text(FIRST + MINE * bool(mine), width)
    sets = [(name, part) for name, part in board.overall.items() if part.shown]
    known: Sequence[tuple[str, Board]] = [*sets, *board.tasks.items()]
    if known:
        name, part = known[0]
        title = part.heading(name)
        if part.tasks and not part.rungs:
            title = f"means over {', '.join(part.tasks)}"
        printer.text(f"SpurGen {board.suite}: {title}", width)
        printer.best_last(part)
    return printer.content.rstrip()


class _Printer:
    """Collects the text of a leaderboard."""

    def __init__(self, mine: Collection[str], width: int, wide: bool, colour: bool) -> None:
        self._mine, self._wide = mine, wide
        self._console = Console(
            file=io.StringIO(), width=width, highlight=False, force_terminal=colour,
            color_system="standard" if colour else None,
        )  # fmt: skip

    @property
    def content(self) -> str:
        """What was printed so far, without spaces at the ends of lines."""
        file = self._console.file
        assert isinstance(file, io.StringIO)
        lines = [line.rstrip() for line in file.getvalue().splitlines()]
        return "\n".join(lines).replace("\n\n\n", "\n\n")

    def title(self, line: str) -> None:
        """Print a heading."""
        self._console.print(Text(one_line(line), style="bold"), soft_wrap=True)
        self._console.print()

    def text(self, text: str, width: int | None = None) -> None:
        """Print text, wrapped at `width`, by default not at all."""
        self._console.print(Text(text), soft_wrap=width is None, width=width)
        self._console.print()

    def board(self, part: Board) -> None:
        """Print a table per access tier, one of the rows with few units, and the rows that are not ranked."""
        if part.told_apart is not None:
            self.text(f"Pairs of baselines told apart, over all tiers: {part.told_apart:.0%}.")
        self._tables(dict(blocks(part.lines, part)))
        for row in part.unranked:
            line = f"Not ranked: {row['submission']}: {row['reason']}"
            self._console.print(Text(one_line(line)), soft_wrap=True)
        if part.unranked:
            self._console.print()
        self._controls(part)

    def halves(self, lines: Sequence[Line], without: str) -> None:
        """Print counterexamples needed over the ladders of each half, a table per access tier."""
        self.title(f"## {HALVES_TITLE}")
        if without:
            self.text(without, self._console.width)
        placed = [line for line in lines if known(line, "place")]
        for access in dict.fromkeys(line["access"] for line in placed):
            of_tier = [line for line in placed if line["access"] == access]
            rows = table([*map(self._marked, of_tier)], halves_keys(placed))
            self._console.print(Text(f"Access: {access}", style="italic"))
            self._console.print(
                _rich_table(rows, _widths([rows]), [row["submission"] in self._mine for row in of_tier])
            )
            self._console.print()

    def best_last(self, part: Board) -> None:
        """Print how many rows are not ranked, with the reason of one's own, and a table with the best row last."""
        own = [row for row in part.unranked if row["submission"] in self._mine]
        for row in own:
            self.text(one_line(f"Not ranked: {row['submission']}: {row['reason']}"), self._console.width)
        if len(part.unranked) > len(own):
            self.text(f"Not ranked: {len(part.unranked) - len(own)} {'others' if own else 'rows'}; --all says why.")
        self._controls(part)
        tiers, always = [lines for _, lines in blocks(part.lines, part)], {*self._mine, ERM}
        best = [line for k, lines in enumerate(tiers) for line in lines[: (1, TOP)[k == 0]] if line["ranked"] or not k]
        kept = [line for lines in tiers for line in lines if line in best or line["submission"] in always]
        hidden = sum(map(len, tiers)) - len(kept)
        title = "The best rows of each access tier, the best of all last" + f"; {hidden} more: --all" * bool(hidden)
        self._tables({title: kept[::-1]}, ["access"])

    def _controls(self, part: Board) -> None:
        """Print the controls of a ladder, if it has any."""
        known = part.controls
        if known and (known.ceiling is not None or known.matched is not None or known.tricks):
            self.text("\n".join(known.lines), self._console.width)

    def _tables(self, tables: Mapping[str, Sequence[Line]], first: Sequence[str] = ()) -> None:
        """Print tables with the same columns, equally wide in each; those of the keys `first` begin them."""
        every = [line for lines in tables.values() for line in lines]
        shown = board_keys(every, "brief", "wide") if self._wide else self._fitting(every, tables, first)
        shown = [*first, *shown]
        made = self._made(tables, shown)
        known = _widths([*made.values()], self._console.width)
        titles = [column(key).title for key in ("access", *shown)]
        widths = {title: known[title] for title in dict.fromkeys(titles) if title in known}
        for title, rows in made.items():
            self._console.print(Text(one_line(title), style="italic"), soft_wrap=True)
            self._console.print(_rich_table(rows, widths, [line["submission"] in self._mine for line in tables[title]]))
            self._console.print()

    def _marked(self, line: Line) -> Line:
        """Return a line whose name is harmless, and marked if it is one's own."""
        mark = "> " if line["submission"] in self._mine else ""
        return {**line, "submission": mark + one_line(line["submission"])}

    def _made(self, tables: Mapping[str, Sequence[Line]], shown: Sequence[str]) -> dict[str, Rows]:
        return {title: table(list(map(self._marked, lines)), shown) for title, lines in tables.items()}

    def _fitting(
        self, lines: Sequence[Line], tables: Mapping[str, Sequence[Line]], first: Sequence[str]
    ) -> list[str]:  # fmt: skip
        """Return the keys of the columns that fit the width after the `first`, in their order."""
        shown = list(ALWAYS)
        for spare in SPARE:
            more = [*shown, *(channel_keys(lines) if spare == ("channels",) else spare)]
            made = [*self._made(tables, [*first, *more]).values()]
            shown = more if _length(made, _widths(made)) <= self._console.width else shown
        return [key for key in board_keys(lines, "brief") if key in shown]


def _widths(tables: Sequence[Rows], most: int | None = None) -> dict[str, int]:
    """Return the width of every column; names take what is left of `most` in the table with the longest lines."""
    rows = [row for rows in tables for row in rows]
    titles = dict.fromkeys(title for row in rows for title in row)
    widths = {title: max(cell_len(text) for text in (title, *(row.get(title, "") for row in rows))) for title in titles}
    if NAME in widths:
        widths[NAME] = max(len(NAME), min(widths[NAME], LONGEST))
        spare = (most or UNLIMITED) - _length(tables, widths)
        widths[NAME] = max(len(NAME), widths[NAME] + min(spare, 0))
    return widths


def _length(tables: Sequence[Rows], widths: Mapping[str, int]) -> int:
    """Return the length of the longest line of all tables; each shows the columns that its own rows have."""
    shown = [[widths[title] for title in {title for row in rows for title in row}] for rows in tables if rows]
    return max((sum(each) + GAP * (len(each) - 1) for each in shown), default=0)


def _rich_table(rows: Rows, widths: Mapping[str, int], mine: Sequence[bool]) -> Table:
    made = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1), show_edge=False)
    shown = [title for title in widths if any(title in row for row in rows)]
    for title in shown:
        left = title in (NAME, "Rank", "Letter", "Access", "Verified")
        made.add_column(title, justify="left" if left else "right", overflow="fold", width=widths[title])
    for row, own in zip(rows, mine, strict=True):
        made.add_row(*(Text(row.get(title, "")) for title in shown), style="bold cyan" if own else None)
    return made
