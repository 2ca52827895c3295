"""What long work says where there is no terminal."""

import io
import os
import threading

import pytest
from rich.console import Console

from spurgen.harness.machine import pool
from spurgen.harness.machine.progress import LONGEST, STEPS, current, jobs_progress, reporting, told


class Lines(io.StringIO):
    """A stream that lets one wait for its third line."""

    def __init__(self):
        super().__init__()
        self.third = threading.Event()

    def flush(self):
        if self.getvalue().count("\n") >= 3:
            self.third.set()


def test_without_a_terminal_a_step_is_named_and_its_time_is_told_until_it_ends():
    stream = Lines()
    with told(Console(file=stream, force_terminal=False), "checking image", seconds=0.001):
        assert stream.third.wait(60)
    first, *others = stream.getvalue().splitlines()
    assert first == "checking image"
    assert set(others) == {"checking image: 0 s so far"} or others[0].startswith("checking image: ")


def test_in_a_terminal_the_bar_says_it():
    stream = io.StringIO()
    with told(Console(file=stream, force_terminal=True), "checking image"):
        pass
    assert stream.getvalue() == ""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(STEPS, str(tmp_path))
    return tmp_path


def test_the_last_step_of_a_running_job_is_shown_and_how_long_it_takes(folder):
    with reporting("erm  signs-text") as show:
        show("training")
        show("answers 40%")
        assert current(folder) == ["erm  signs-text  answers 40%"]
        (file,) = folder.iterdir()
        os.utime(file, (0, file.stat().st_mtime - 12))
        assert current(folder) == ["erm  signs-text  answers 40%, 12 s"]
    assert list(folder.iterdir()) == []


def test_a_step_cannot_move_the_cursor_or_fill_the_screen(folder):
    with reporting("model") as show:
        show("\x1b[2Jhello\n" * 3)
        assert current(folder) == ["model  ?[2Jhello"]
        show("x" * 1000)
        assert len(*current(folder)) == LONGEST


def test_a_job_does_not_fail_if_its_step_cannot_be_written(folder, monkeypatch):
    monkeypatch.setenv(STEPS, str(folder / "none"))
    with reporting("erm") as show:
        show("training")
    assert current(folder / "none") == []


@pytest.mark.parametrize("terminal", [True, False])
def test_a_terminal_shows_the_steps_of_processes_and_nothing_else_does(terminal, tmp_path):
    with (tmp_path / "out").open("w") as out:
        console = Console(file=out, force_terminal=terminal, width=80)
        with jobs_progress(console) as progress, reporting("mine") as show:
            progress.add_task("jobs", total=1)
            show("training")
            progress.refresh()
            others = list(pool.run(lambda _: STEPS in os.environ, [0], 1))
    text = (tmp_path / "out").read_text()
    assert ("mine  training" in text) is terminal
    assert [told for _, told in others] == [terminal]
    assert STEPS not in os.environ
