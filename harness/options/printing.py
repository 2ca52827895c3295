"""What commands print and renew: the leaderboard, as wide as the terminal, and a marked section of a text file."""

import argparse
import os
import sys
from collections.abc import Collection
from pathlib import Path

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.reading import read_bytes
from spurgen.harness.board.schema import Leaderboard
from spurgen.harness.board.text import PLAIN_WIDTH, first_to_text, to_text
from spurgen.harness.machine.files import write_changed


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


FILE_BYTES = 1 << 25


def add_page(parser: argparse.ArgumentParser, begin: str, end: str) -> None:
    """Declare the flag that names the file whose section is renewed."""
    parser.add_argument(
        "--page", type=Path, metavar="FILE", help=f"renew the section from {begin} to {end} of this file as well"
    )


def around(path: Path, begin: str, end: str) -> tuple[str, str]:
    """Return the text before the begin marker and after the end marker.

    Raises `SpurgenError` if the file cannot be read or a marker is missing.
    """
    try:
        text = read_bytes(path, FILE_BYTES).decode()  # not read_text, which would change line ends
    except UnicodeDecodeError as error:
        raise SpurgenError(f"cannot read {path}: {error}; save it as UTF-8") from None
    head, _, rest = text.partition(begin)
    _, closed, tail = rest.partition(end)
    if not closed:
        raise SpurgenError(f"{path} has no line {begin!r} followed by {end!r}; put both where the table belongs")
    return head, tail


def renew(path: Path, begin: str, end: str, content: str) -> str:
    """Replace the text between the markers; raise `SpurgenError` as `around` does; return a line about the file."""
    head, tail = around(path, begin, end)
    return write_changed(path.resolve(), f"{head}{begin}\n{content}\n{end}{tail}")
