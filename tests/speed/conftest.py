"""Figures and their targets: told at the end of `make bench`, which fails where one is missed by far."""

from dataclasses import dataclass

import pytest

FAR = 1.25  # how many times worse than its target a figure may be: machines differ


@dataclass(frozen=True)
class Figure:
    """Holds what was measured and its target: at most that much, or at least if `more` is better."""

    name: str
    value: float
    target: float
    unit: str
    more: bool

    @property
    def excess(self) -> float:
        """Is how many times worse than its target the figure is; 1 or less where it is met."""
        return self.target / self.value if self.more else self.value / self.target

    def __str__(self) -> str:
        bound = "at least" if self.more else "at most"
        verdict = "met" if self.excess <= 1 else f"missed by {self.excess - 1:.0%}"
        return f"{self.name}: {self.value:,.5g} {self.unit}, target {bound} {self.target:,g}: {verdict}"


FIGURES = pytest.StashKey[list[Figure]]()


@pytest.fixture
def tell(request, benchmark):
    """Returns a function that prints a figure beside its target and, in `make bench`, has it judged at the end."""

    def told(name, value, target, unit, *, more=False):
        figure = Figure(name, value, target, unit, more)
        print(f"\n{figure}")
        if not benchmark.disabled:
            request.config.stash.setdefault(FIGURES, []).append(figure)

    return told


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter, config):
    figures = config.stash.get(FIGURES, [])
    if figures:
        terminalreporter.section("targets")
        for figure in figures:
            terminalreporter.line(str(figure), red=figure.excess > FAR)


def pytest_sessionfinish(session, exitstatus):
    if exitstatus == pytest.ExitCode.OK and any(f.excess > FAR for f in session.config.stash.get(FIGURES, [])):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
