import logging
import re
import warnings

import pytest
from rich.console import Console

from spurgen.harness.experiments.log import FILE, NAMES, logged

QUIET = Console(quiet=True)


def test_messages_are_appended_with_their_times(tmp_path):
    for word in ("first", "second"):
        with logged(tmp_path, QUIET) as log:
            log.info("the %s [bold]run[/bold]", word)
    lines = (tmp_path / FILE).read_text().splitlines()
    times = [re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (.*)", line) for line in lines]
    assert [time and time[1] for time in times] == [
        "INFO the first [bold]run[/bold]",
        "INFO the second [bold]run[/bold]",
    ]


def test_python_warnings_are_logged_and_handlers_removed_afterwards(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        with logged(tmp_path, QUIET):
            warnings.warn("careful", RuntimeWarning, stacklevel=1)
    assert "RuntimeWarning: careful" in (tmp_path / FILE).read_text()
    assert [logging.getLogger(name).handlers for name in NAMES] == [[], []]


@pytest.mark.parametrize(
    ("error", "ending"),
    [(KeyboardInterrupt(), "stopped by the user"), (OSError("disk full"), "ended by an error: disk full")],
)
def test_the_reason_for_an_early_end_is_logged(tmp_path, error, ending):
    with pytest.raises(type(error)), logged(tmp_path, QUIET):
        raise error
    assert (tmp_path / FILE).read_text().endswith(f"ERROR {ending}\n")
