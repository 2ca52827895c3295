"""The columns of a board: what each shows of a row, in words, as a number to sort by, and drawn."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from spurgen.harness.board.by_unit import RANKED_BY
from spurgen.harness.board.rendering import UNITS, rank_text
from spurgen.harness.board.schema import BoardRow, SetBoardRow, TaskBoardRow
from spurgen.harness.machine.printing import signed
from spurgen.harness.site.cells import bar_cell, interval_cell
from spurgen.harness.site.material import Board, Material, of_ideal
from spurgen.harness.statistics.estimate import Estimate

CHANNELS = "Reliance on"
EN_DASH = "\N{EN DASH}"
NOTHING = 0.005  # a reliance below it is printed as 0.00
INTERVALS = "ci"  # the class of an interval as text, below its number


@dataclass(frozen=True)
class Cell:
    """What a cell shows, and the same for files and for sorting.

    `raw`: the number, or the text; `low` and `high`: its interval, or the first and last rank;
    `verdict`: whether a difference is significant.
    """

    content: Markup | str
    raw: float | str
    low: float | None = None
    high: float | None = None
    verdict: str | None = None

    @property
    def value(self) -> str:
        """The raw number, and the ends of its interval where it has one, to six digits, for `data-value`."""
        numbers = [each for each in (self.raw, self.low, self.high) if isinstance(each, float | int)]
        return " ".join(f"{each:.6g}" for each in numbers)


EMPTY = Cell("", "")


@dataclass(frozen=True)
class Column:
    """A column.

    `about`: what it shows, in a sentence. `group`: the heading that it shares with its neighbours. `hidden`: whether it
    is shown on demand alone. `spare`: where room lacks, a column with a higher number is shown before others; one
    with 0 is always shown. `ideal`: what the ideal observer reaches. `hint`: a word below the title.
    """

    key: str
    title: str
    about: str
    cell: Callable[[BoardRow], Cell]
    group: str = ""
    hidden: bool = False
    spare: int = 0
    ideal: Cell = EMPTY
    is_text: bool = False
    hint: str = ""

    @property
    def marks(self) -> str:
        """Classes of its cells."""
        return " ".join(["t"] * self.is_text + ["h"] * self.hidden)


def board_columns(material: Material, board: Board, tasks: Sequence[str]) -> list[Column]:
    """Return the columns of a board over tasks, without those that no row has; hidden ones come last."""
    rows = [*board.rows, *board.few]
    made = [
        _robust(material, tasks),
        *_reliances(material, tasks),
        *(column for metric in _SHARES if (column := _share(material, tasks, metric, rows))),
        Column("to_erm", "To ERM", TO_ERM, _to_erm, spare=4),
        Column("recovered", "Gap recovered", RECOVERED, _recovered, spare=3),
        Column("rank", "Rank", RANK, _rank, spare=6),
        Column("letters", "Letter", LETTER, _letters, is_text=True, spare=7),
        *(column for metric in _PLAIN if (column := _plain(material, tasks, metric, rows))),
        *_about_rows(board, rows),
    ]
    shown = [column for column in made if any(column.cell(row) != EMPTY for row in rows)]
    return sorted(shown, key=lambda column: column.hidden)


TO_ERM = (
    "robust accuracy less ERM's, with its 95 % interval without correction; better or worse where it differs "
    "significantly, Holm-corrected over the baselines"
)
RECOVERED = "share of what shortcuts cost ERM that the row wins back"
RANK = "a-b of the n rows of the access tier: a - 1 are significantly better, n - b significantly worse"
LETTER = "rows of an access tier that share a letter do not differ significantly"
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
        return _stated(row.ranked_by, ".3f", interval_cell(row.ranked_by, ideal))

    about = "lowest accuracy of an alignment pattern, averaged over classes, with its 95 % interval; ranks the rows"
    shown = EMPTY if ideal is None else _stated(Estimate(ideal), ".3f", interval_cell(Estimate(ideal), ideal))
    return Column(RANKED_BY, "Robust accuracy", about, cell, ideal=shown)


def _share(material: Material, tasks: Sequence[str], metric: str, rows: Sequence[BoardRow]) -> Column | None:
    title, about = _SHARES[metric]

    def cell(row: BoardRow) -> Cell:
        return _number(row.value(metric)) if metric in row.estimates else EMPTY

    spare = 5 if metric == "wga_corrected" else 0
    ideal = _ideal(material, tasks, of_ideal(metric))
    return Column(metric, title, about, cell, spare=spare, ideal=ideal) if rows else None


def _plain(material: Material, tasks: Sequence[str], metric: str, rows: Sequence[BoardRow]) -> Column | None:
    title, about, style = _PLAIN[metric]

    def cell(row: BoardRow) -> Cell:
        return _number(row.value(metric), style) if metric in row.estimates else EMPTY

    ideal = _ideal(material, tasks, metric, style)
    return Column(metric, title, about, cell, hidden=True, ideal=ideal) if rows else None


def _reliances(material: Material, tasks: Sequence[str]) -> list[Column]:
    """Return the reliance on every channel, what exceeds the ideal observer's, and core use.

    The excess is shown on demand alone where the ideal observer relies on no channel: it is the largest reliance.
    """
    scale, channels = material.reliance_scale, common_channels(material, tasks)
    ideals = [material.ideal_mean(tasks, f"reliance/{name}") for name in channels]
    asked = not ideals or any(ideal is None or abs(ideal) >= NOTHING for ideal in ideals)
    about = f"1: as a reader of the channel alone; 0: ignores it; bars run from 0 to {scale:g}"
    excess = material.estimates(tasks, "reliance_excess")
    title = (
        "the most by which reliance on a channel exceeds the ideal observer's, which is what the training data ask for"
    )
    return [
        *(
            _on_channel(material, tasks, name, _bar(f"reliance/{name}", name, about, material, tasks, scale))
            for name in channels
        ),
        Column("excess", "Excess", title, lambda row: _stated(excess.get(row.submission), "+.3f"), hidden=not asked),
        _bar("core_use", "Core use", "1: follows the class alone; 0: ignores it", material, tasks, 1.0),
    ]


def _bar(
    key: str, title: str, about: str, material: Material, tasks: Sequence[str], scale: float,
) -> Column:  # fmt: skip
    ideal, estimates = material.ideal_mean(tasks, key), material.estimates(tasks, key)

    def cell(row: BoardRow) -> Cell:
        estimate = estimates.get(row.submission)
        return EMPTY if estimate is None else _stated(estimate, ".2f", bar_cell(estimate, ideal, scale))

    shown = EMPTY if ideal is None else _stated(Estimate(ideal), ".2f", bar_cell(Estimate(ideal), ideal, scale))
    return Column(key, title, about, cell, ideal=shown)


def _on_channel(material: Material, tasks: Sequence[str], name: str, column: Column) -> Column:
    """Return a channel's column with its heading, and whether annotations of training leave the channel out."""
    is_hidden = all(name not in material.suite.tasks[task].annotated for task in tasks)
    return replace(column, group=CHANNELS, hint="hidden" if is_hidden else "")


def _about_rows(board: Board, rows: Sequence[BoardRow]) -> list[Column]:
    about = "how many results the row rests on"
    columns = [Column("units", UNITS[board.unit], about, lambda row: Cell(f"{row.units}", row.units), spare=1)]
    if any(isinstance(row, TaskBoardRow) for row in rows):
        columns += [
            Column("verified", "Verified", "who ran it; self-reported is unchecked", _verified, is_text=True, spare=2),
            Column("isolation", "Isolation", "how its process was confined", _isolation, hidden=True, is_text=True),
            Column("private", "Private gap", "robust accuracy less that on splits nobody has seen", _private),
        ]
    return columns


def _rank(row: BoardRow) -> Cell:
    return Cell(placed_text(row), row.ranks[0], *row.ranks) if row.ranks else EMPTY


def placed_text(row: BoardRow) -> str:
    """Return a row's rank interval and among how many rows of its access tier, such as `1 of 4`; empty if alone."""
    return f"{rank_text(row).replace('-', EN_DASH)} of {row.of}" if row.ranks and row.of > 1 else ""


def _letters(row: BoardRow) -> Cell:
    return Cell(row.letters, row.letters) if row.ranks else EMPTY


def _to_erm(row: BoardRow) -> Cell:
    against = row.against_erm
    if against is None:
        return EMPTY
    word = "" if against.verdict == "undecided" else f" {against.verdict}"
    estimate = Estimate(against.difference, *(against.interval or (None, None)))
    return replace(_stated(estimate, "+.3f", word=word), verdict=against.verdict)


def _recovered(row: BoardRow) -> Cell:
    return _stated(row.recovered, ".2f") if isinstance(row, SetBoardRow) else EMPTY


def _verified(row: BoardRow) -> Cell:
    return Cell(row.verification, row.verification) if isinstance(row, TaskBoardRow) else EMPTY


def _isolation(row: BoardRow) -> Cell:
    return Cell(row.isolation, row.isolation) if isinstance(row, TaskBoardRow) else EMPTY


def _private(row: BoardRow) -> Cell:
    if not isinstance(row, TaskBoardRow) or row.private is None:
        return EMPTY
    return _stated(Estimate(row.private.gap, *row.private.gap_ci), "+.3f")


def _number(value: float, style: str = ".3f") -> Cell:
    return Cell(signed(value, style), value)


def _ideal(material: Material, tasks: Sequence[str], metric: str, style: str = ".3f") -> Cell:
    ideal = material.ideal_mean(tasks, metric)
    return EMPTY if ideal is None else _number(ideal, style)


def _stated(estimate: Estimate | None, style: str, drawing: Markup | str = "", word: str = "") -> Cell:
    """Return a number with its drawing, and its interval below it."""
    if estimate is None:
        return EMPTY
    number = Markup("<b>{}</b>{}").format(signed(estimate.value, style) + word, drawing)
    if estimate.low is None:
        return Cell(number, estimate.value)
    low, high = estimate.ends
    interval = Markup('<small class="{}">{} to {}</small>').format(INTERVALS, signed(low, style), signed(high, style))
    return Cell(number + interval, estimate.value, low, high)


def common_channels(material: Material, tasks: Sequence[str]) -> list[str]:
    """Return the channels that all tasks have, in the first one's order."""
    first, *others = (material.suite.tasks[name].channels for name in tasks)
    return [name for name in first if all(name in other for other in others)]
