"""A board as its template shows it: a part per access tier, the rows with few units, the rows that are not ranked."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from spurgen.harness.board.rendering import UNITS
from spurgen.harness.board.schema import BoardRow, SetBoard, TaskBoardRow, Unranked
from spurgen.harness.figures.terms import SHOWN_TO
from spurgen.harness.site.columns import CHANNELS, EMPTY, Column, board_columns
from spurgen.harness.site.material import Board, Material
from spurgen.harness.site.names import shown

TIERS = {tier: f"also given {what}" for tier, what in SHOWN_TO.items()} | {"none": "given labels alone"}
FEW = "few"
MOST_LONG_BARS = 3


@dataclass(frozen=True)
class Line:
    """A row of a board, and the name of its page's file."""

    row: BoardRow
    page: str

    @property
    def name(self) -> str:
        """Label to show."""
        return shown(self.row.submission)

    @property
    def ignores_core(self) -> bool:
        """Whether it ignores the core cue."""
        return isinstance(self.row, TaskBoardRow) and self.row.ignores_core


@dataclass(frozen=True)
class Tier:
    """The rows of an access tier, best first, or those with few units."""

    access: str
    title: str
    about: str
    lines: Sequence[Line]


@dataclass(frozen=True)
class BoardView:
    """A board; `modality` is `several` for a set of tasks that differ in it."""

    key: str
    title: str
    modality: str
    tasks: Sequence[str]
    columns: Sequence[Column]
    tiers: Sequence[Tier]
    unranked: Sequence[Unranked]
    told_apart: float | None
    unit: str
    asked: int
    reliance_scale: float

    @property
    def lines(self) -> list[Line]:
        """All lines, in the order of the tiers."""
        return [line for tier in self.tiers for line in tier.lines]

    @property
    def has_ideal(self) -> bool:
        """Whether the ideal observer's metrics are known."""
        return any(column.ideal != EMPTY for column in self.columns)

    @property
    def has_reliance(self) -> bool:
        """Whether it has a column of the reliance on some channel."""
        return any(column.group == CHANNELS for column in self.columns)

    @property
    def is_wide(self) -> bool:
        """Whether it has so many channels that their bars must be short."""
        return sum(column.group == CHANNELS for column in self.columns) > MOST_LONG_BARS

    @property
    def groups(self) -> list[tuple[str, int]]:
        """Headings over columns and how many each spans."""
        return [(name, len(list(columns))) for name, columns in groupby(self.columns, lambda column: column.group)]


def board_view(material: Material, name: str) -> BoardView:
    """Return the view of a task's or a set's board."""
    board = material.board_of(name)
    tasks = list(board.tasks) if isinstance(board, SetBoard) else [name]
    modalities = {material.suite.tasks[task].modality for task in tasks}
    return BoardView(
        key=name,
        title=f"Mean over {name}" if isinstance(board, SetBoard) else name,
        modality=modalities.pop() if len(modalities) == 1 else "several",
        tasks=tasks,
        columns=board_columns(material, board, tasks),
        tiers=_tiers(material, board),
        unranked=board.unranked,
        told_apart=None if isinstance(board, SetBoard) else board.told_apart,
        unit=UNITS[board.unit].lower(),
        asked=board.asked,
        reliance_scale=material.reliance_scale,
    )


def _tiers(material: Material, board: Board) -> list[Tier]:
    tiers = []
    for access, rows in groupby(board.rows, lambda row: row.access):
        tiers.append(Tier(access, f"Access: {shown(access)}", TIERS.get(access, ""), _lines(material, list(rows))))
    if board.few:
        title = f"Fewer than {board.asked} {UNITS[board.unit].lower()}"
        tiers.append(Tier(FEW, title, "not ranked among the others", _lines(material, board.few)))
    return tiers


def _lines(material: Material, rows: Sequence[BoardRow]) -> list[Line]:
    return [Line(row, material.pages[row.submission]) for row in rows]
