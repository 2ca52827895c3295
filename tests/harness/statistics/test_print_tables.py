"""docs/simulations.md has what `print_tables.py` prints; what takes minutes is not printed again here."""

import re
from pathlib import Path

from print_tables import rows_of, spread_line

PAGE = Path(__file__).parents[3] / "docs/simulations.md"
LINE = re.compile(r"^\| v2, ([\w-]+) \| (.+) \|$", re.MULTILINE)


def listed():
    """Return what the page lists of v2's tasks: the cells after the first, by task."""
    return {task: cells.split(" | ") for task, cells in LINE.findall(PAGE.read_text("utf-8"))}


def test_every_task_of_v2_with_rows_is_listed():
    assert set(rows_of("v2")) <= listed().keys()


def test_the_spread_of_stored_rows_is_the_one_listed():
    rows = rows_of("v2")
    for task, cells in listed().items():
        assert cells == spread_line(rows[task]), task
