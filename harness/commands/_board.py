"""Printing the leaderboard: as wide as the terminal, and of a fixed width where the output is none."""

import os
import sys
from collections.abc import Collection

from spurgen.harness.board.schema import Leaderboard
from spurgen.harness.board.terminal import PLAIN_WIDTH, to_terminal


def print_board(
    board: Leaderboard, tasks: Collection[str] = (), mine: Collection[str] = (), *, wide: bool = False
) -> None:
    """Print the tables of these tasks, by default of all; `mine`: the labels of rows to mark."""
    terminal = sys.stdout.isatty()
    width = os.get_terminal_size(sys.stdout.fileno()).columns if terminal else PLAIN_WIDTH
    colour = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    print(to_terminal(board, tasks, mine, width=width or PLAIN_WIDTH, wide=wide, colour=colour))
