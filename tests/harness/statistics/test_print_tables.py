"""docs/simulations.md has what `print_tables.py` prints; what takes minutes is not printed again here."""

import re
from pathlib import Path

import pytest
from print_tables import rows_of, spread_line

PAGE = Path(__file__).parents[3] / "docs/simulations.md"
LINE = re.compile(r"^\| (v\d), ([\w-]+)[^|]*\| (.+) \|$", re.MULTILINE)


def listed():
    """Return what the page lists of a suite's tasks: the cells after the first, by suite and task."""
    return {(suite, task): cells.split(" | ") for suite, task, cells in LINE.findall(PAGE.read_text("utf-8"))}


def test_every_task_of_v2_with_rows_is_listed():
    assert set(rows_of("v2")) <= {task for suite, task in listed() if suite == "v2"}


@pytest.mark.parametrize("suite", ["v2", "v1"])
def test_the_spread_of_stored_rows_is_the_one_listed(suite):
    rows = rows_of(suite)
    for (name, task), cells in listed().items():
        if name == suite:
            assert cells == spread_line(rows[task]), task
