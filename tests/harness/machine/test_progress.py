"""What long work says where there is no terminal."""

import io
import threading

from rich.console import Console

from spurgen.harness.machine.progress import told


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
