"""The columns of a board: what each shows of a row, in words, as a number to sort by, and drawn."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from spurgen.harness.board.by_unit import RANKED_BY
from spurgen.harness.board.rendering import UNITS, rank_text
from spurgen.harness.board.schema import BoardRow, SetBoardRow, TaskBoardRow
from spurgen.harness.site.cells import bar_cell, interval_cell, scale_of
from spurgen.harness.site.material import Board, Material, of_ideal
from spurgen.harness.statistics.estimate import Estimate

CHANNELS = "Reliance on"
LAST = 1e9  # sorts a row without a rank behind all others


@dataclass(frozen=True)
class Cell:
    """What a cell shows, the number or text by which it is sorted, and the same as plain text."""

    content: Markup | str
    sort: float | str
    plain: str


EMPTY = Cell("", "", "")


@dataclass(frozen=True)
class Column:
    """A column.

    `about`: what it shows, in a sentence. `group`: the heading that it shares with its neighbours. `hidden`: whether it
    is shown on demand alone. `ideal`: what the ideal observer reaches.
    """

    key: str
    title: str
    about: str
    cell: Callable[[BoardRow], Cell]
    group: str = ""
    hidden: bool = False
    ideal: Cell = EMPTY
    is_text: bool = False

    @property
    def marks(self) -> str:
        """Classes of its cells."""
        return " ".join(["t"] * self.is_text + ["h"] * self.hidden)


def board_columns(material: Material, board: Board, tasks: Sequence[str]) -> list[Column]:
    """Return the columns of a board over tasks, without those that no row has."""
    rows = [*board.rows, *board.few]
    made = [
        Column(
            "rank",
            "Rank",
            "the places that it may have in its tier: from 1 + the rows surely better, to all less those surely worse",
            _rank,
        ),
        Column("tier", "Tier", "rows that share a letter do not differ significantly", _tier, is_text=True),
        _robust(material, tasks),
        Column("to_erm", "To ERM", "robust accuracy less ERM's; a word where it differs significantly", _to_erm),
        *(column for metric in _SHARES if (column := _share(material, tasks, metric, rows))),
        *_reliances(material, tasks, board),
        *(column for metric in _PLAIN if (column := _plain(material, tasks, metric, rows))),
        *_about_rows(board, rows),
    ]
    return [column for column in made if any(column.cell(row) != EMPTY for row in rows)]


_SHARES = {
    "accuracy": (
        "Accuracy",
        "share of all test samples answered right, which depends on how many of them have conflicting channels",
    ),
    "wga_corrected": ("WGA", "worst-group accuracy, corrected for the bias of a minimum"),
}
_PLAIN = {
    "sss": ("SSS", "spurious sensitivity score", ".3f"),
    "ig": ("IG", "invariance gap, in nats", "+.2f"),
}


def _robust(material: Material, tasks: Sequence[str]) -> Column:
    ideal = material.ideal_mean(tasks, RANKED_BY)

    def cell(row: BoardRow) -> Cell:
        return _drawn(row.ranked_by, interval_cell(row.ranked_by, ideal))

    about = "lowest accuracy of an alignment pattern, averaged over classes, with its 95 % interval; ranks the rows"
    shown = EMPTY if ideal is None else _drawn(Estimate(ideal), interval_cell(Estimate(ideal), ideal))
    return Column(RANKED_BY, "Robust accuracy", about, cell, ideal=shown)


def _share(material: Material, tasks: Sequence[str], metric: str, rows: Sequence[BoardRow]) -> Column | None:
    title, about = _SHARES[metric]

    def cell(row: BoardRow) -> Cell:
        return _number(row.value(metric)) if metric in row.estimates else EMPTY

    return Column(metric, title, about, cell, ideal=_ideal(material, tasks, of_ideal(metric))) if rows else None


def _plain(material: Material, tasks: Sequence[str], metric: str, rows: Sequence[BoardRow]) -> Column | None:
    title, about, style = _PLAIN[metric]

    def cell(row: BoardRow) -> Cell:
        return _number(row.value(metric), style) if metric in row.estimates else EMPTY

    ideal = _ideal(material, tasks, metric, style)
    return Column(metric, title, about, cell, hidden=True, ideal=ideal) if rows else None


def _reliances(material: Material, tasks: Sequence[str], board: Board) -> list[Column]:
    """Return core use, the reliance on every channel, and what exceeds the ideal observer's."""
    rows, channels = [*board.rows, *board.few], _common_channels(material, tasks)
    of_channels = {name: material.estimates(tasks, f"reliance/{name}", rows) for name in channels}
    scaled = [row.submission for row in board.rows or board.few]  # one odd row does not make all bars tiny
    ends = [each[label].ends[1] for each in of_channels.values() for label in scaled if label in each]
    ideals = [material.ideal_mean(tasks, f"reliance/{name}") or 0.0 for name in channels]
    scale = scale_of([*ends, *ideals])
    core = material.estimates(tasks, "core_use", rows)
    excess = material.estimates(tasks, "reliance_excess", rows)
    about = f"1: as a reader of the channel alone; 0: ignores it; bars end at {scale:g}"
    columns = [
        _bar("core_use", "Core use", "1: follows the class alone; 0: ignores it", core, material, tasks, 1.0),
        *(
            _bar(f"reliance/{name}", name, about, of_channels[name], material, tasks, scale, CHANNELS)
            for name in channels
        ),
    ]
    title = "largest reliance on a channel, less the ideal observer's, which is what the training data ask for"
    return [*columns, Column("excess", "Excess", title, lambda row: _signed(excess.get(row.submission)))]


def _bar(
    key: str, title: str, about: str, estimates: Mapping[str, Estimate], material: Material, tasks: Sequence[str],
    scale: float, group: str = "",
) -> Column:  # fmt: skip
    ideal = material.ideal_mean(tasks, key)

    def cell(row: BoardRow) -> Cell:
        estimate = estimates.get(row.submission)
        return EMPTY if estimate is None else _drawn(estimate, bar_cell(estimate, ideal, scale), ".2f", brief=True)

    shown = EMPTY if ideal is None else _drawn(Estimate(ideal), bar_cell(Estimate(ideal), ideal, scale), ".2f")
    return Column(key, title, about, cell, group, ideal=shown)


def _about_rows(board: Board, rows: Sequence[BoardRow]) -> list[Column]:
    recovered = "share of what shortcuts cost ERM that the row wins back"
    columns = [
        Column("recovered", "Gap recovered", recovered, _recovered),
        Column("units", UNITS[board.unit], "how many results the row rests on", lambda row: _count(row.units)),
    ]
    if any(isinstance(row, TaskBoardRow) for row in rows):
        columns += [
            Column("verified", "Verified", "who ran it; self-reported is unchecked", _verified, is_text=True),
            Column("isolation", "Isolation", "how its process was confined", _isolation, hidden=True, is_text=True),
            Column("private", "Private gap", "WGA less that on splits nobody has seen", _private),
        ]
    return columns


def _rank(row: BoardRow) -> Cell:
    text = rank_text(row).replace("-", "\N{EN DASH}")
    return Cell(text, row.ranks[0] + row.ranks[1] / LAST, rank_text(row)) if row.ranks else EMPTY


def _tier(row: BoardRow) -> Cell:
    return Cell(row.letters or "-", row.letters or "~", row.letters or "-") if row.ranks else EMPTY


def _to_erm(row: BoardRow) -> Cell:
    against = row.against_erm
    if against is None:
        return EMPTY
    word = "" if against.verdict == "undecided" else against.verdict
    shown = f"{_minus(f'{against.difference:+.3f}')} {word}".strip()
    return Cell(shown, against.difference, f"{against.difference:+.3f} {word}".strip())


def _recovered(row: BoardRow) -> Cell:
    return _signed(row.recovered, ".2f") if isinstance(row, SetBoardRow) else EMPTY


def _verified(row: BoardRow) -> Cell:
    return Cell(row.verification, row.verification, row.verification) if isinstance(row, TaskBoardRow) else EMPTY


def _isolation(row: BoardRow) -> Cell:
    return Cell(row.isolation, row.isolation, row.isolation) if isinstance(row, TaskBoardRow) else EMPTY


def _private(row: BoardRow) -> Cell:
    return _number(row.private.gap, "+.3f") if isinstance(row, TaskBoardRow) and row.private else EMPTY


def _count(count: int) -> Cell:
    return Cell(f"{count}", count, f"{count}")


def _number(value: float, style: str = ".3f") -> Cell:
    return Cell(_minus(f"{value:{style}}"), value, f"{value:{style}}")


def _signed(estimate: Estimate | None, style: str = "+.3f") -> Cell:
    return EMPTY if estimate is None else _number(estimate.value, style)


def _ideal(material: Material, tasks: Sequence[str], metric: str, style: str = ".3f") -> Cell:
    ideal = material.ideal_mean(tasks, metric)
    return EMPTY if ideal is None else _number(ideal, style)


def _drawn(estimate: Estimate, drawing: Markup, style: str = ".3f", *, brief: bool = False) -> Cell:
    """Return a number, its interval and its drawing; a brief one has the interval as a tooltip."""
    value = _minus(f"{estimate.value:{style}}")
    ends = "" if estimate.low is None else " to ".join(_minus(f"{end:{style}}") for end in estimate.ends)
    if brief:
        number = Markup('<b title="{}">{}</b>').format(f"95 %: {ends}" if ends else "no interval", value)
    else:
        number = Markup("<b>{}</b>{}").format(value, Markup(" <small>{}</small>").format(ends) if ends else "")
    return Cell(number + drawing, estimate.value, estimate.text(style))


def _minus(text: str) -> Markup:
    return escape(text.replace("-", "\N{MINUS SIGN}"))


def _common_channels(material: Material, tasks: Sequence[str]) -> list[str]:
    """Return the channels that all tasks have, in the first one's order."""
    first, *others = (material.suite.tasks[name].channels for name in tasks)
    return [name for name in first if all(name in other for other in others)]
