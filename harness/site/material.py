"""What every page is made from: a suite, its rows, its leaderboard, and what the ideal observers reach."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from spurgen.benchmark.reading import read_text
from spurgen.benchmark.suite import Suite
from spurgen.harness.board.columns import COLUMNS, Line
from spurgen.harness.board.files import build_board
from spurgen.harness.board.frame import Record, lines_of
from spurgen.harness.board.methods import full_names
from spurgen.harness.board.schema import Leaderboard, SetBoard, TaskBoard
from spurgen.harness.results.ideal import mean_ideal, stored_ideals, with_ideal
from spurgen.harness.results.rows import Rows
from spurgen.harness.results.store import Store
from spurgen.harness.site.names import file_names

Board = TaskBoard | SetBoard
REPORT_BYTES = 1 << 24
IDEAL = "ideal observer"


@dataclass(frozen=True)
class Material:
    """A suite's results.

    `rows` have the metrics that follow from what is stored, also those that are not ranked. `validity`: the text of the
    validity report, if there is one. `documented`: whether the documentation lies in the site's folder, so that pages
    link to it.
    """

    suite: Suite
    rows: Rows
    board: Leaderboard
    validity: str | None = None
    documented: bool = False

    @cached_property
    def pages(self) -> dict[str, str]:
        """The file name of every row's page, without its ending."""
        return file_names(self.rows)

    @cached_property
    def names(self) -> dict[str, str]:
        """The full names of our own methods, by label."""
        return full_names(self.rows)

    @cached_property
    def ideal(self) -> dict[str, dict[str, float]]:
        """The ideal observer's metrics, means over worlds, by task."""
        stored = stored_ideals(self.suite)
        return {name: mean_ideal(stored, self.suite.tasks[name]) for name in self.board.tasks}

    @property
    def main(self) -> list[str]:
        """Names of the main tasks that have rows, or of all if no main one has."""
        return [name for name in self.suite.main if name in self.board.tasks] or list(self.board.tasks)

    @property
    def first_page(self) -> list[str]:
        """Names of the boards on the first page: sets of tasks, then the main tasks."""
        return [*(name for name, board in self.board.overall.items() if board.rows or board.few), *self.main]

    def board_of(self, name: str) -> Board:
        """Return the board of a task or of a set of tasks."""
        return self.board.tasks[name] if name in self.board.tasks else self.board.overall[name]

    @cached_property
    def lines(self) -> dict[str, list[Record]]:
        """The lines of every board's frame, by task and set of tasks."""
        return {name: lines_of(self.board_of(name)) for name in (*self.board.tasks, *self.board.overall)}

    def ideal_line(self, name: str) -> Line | None:
        """Return the ideal observer as a line of a board, its metrics means over tasks; None where it is not known."""
        board = self.board_of(name)
        tables = [self.ideal[task] for task in (board.tasks if isinstance(board, SetBoard) else [name])]
        metrics = _means([table | {"wga_corrected": table["wga"]} for table in tables if "wga" in table])  # it is exact
        return {"submission": IDEAL} | {key: metrics[key] for key in COLUMNS if key in metrics} if metrics else None


def _means(tables: list[dict[str, float]]) -> Mapping[str, float]:
    common = set.intersection(*map(set, tables)) if tables else set()
    return {key: sum(table[key] for table in tables) / len(tables) for key in common}


def gather(suite: Suite, results: Path, validity: Path | None = None) -> Material:
    """Read a suite's rows from a folder of results, and the validity report from its file."""
    rows = Store(results, suite.name).rows()
    text = read_text(validity, REPORT_BYTES) if validity else None
    return Material(suite, with_ideal(suite, rows), build_board(suite, results, rows), text)
