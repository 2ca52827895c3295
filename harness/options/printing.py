"""Printing the leaderboard: as wide as the terminal, or of a fixed width if the output is not a terminal."""

import os
import sys
from collections.abc import Collection

from spurgen.harness.board.schema import Leaderboard
from spurgen.harness.board.text import PLAIN_WIDTH, first_to_text, to_text


def print_board(
    board: Leaderboard, tasks: Collection[str] = (), mine: Collection[str] = (), *, wide: bool = False,
    alone: Collection[str] | None = None,
) -> None:  # fmt: skip
    """Print the tables of these tasks, by default of all; `mine`: labels of rows to mark; `alone` as for `to_text`."""
    print(to_text(board, tasks, mine, width=_width(), wide=wide, colour=_colour(), alone=alone))


def print_first(board: Leaderboard, mine: Collection[str] = (), *, wide: bool = False) -> None:
    """Print only the first board, best rows last; arguments as for `print_board`."""
    print(first_to_text(board, mine, width=_width(), wide=wide, colour=_colour()))


def _width() -> int:
    return (os.get_terminal_size(sys.stdout.fileno()).columns if sys.stdout.isatty() else 0) or PLAIN_WIDTH


def _colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
