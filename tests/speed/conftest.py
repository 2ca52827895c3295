"""Measurements and their targets: `make bench` lists them at its end, and fails if one misses its target by far."""

from dataclasses import dataclass

import pytest

FAR = 1.5  # how many times worse than its target a measurement may be, since machines differ


@dataclass(frozen=True)
class Measurement:
    """A measured value and its target: an upper bound, or a lower bound if `more` is better."""

    name: str
    value: float
    target: float
    unit: str
    more: bool

    @property
    def excess(self) -> float:
        """How many times worse than its target the value is; at most 1 if the target is met."""
        return self.target / self.value if self.more else self.value / self.target

    def __str__(self) -> str:
        bound = "at least" if self.more else "at most"
        verdict = "met" if self.excess <= 1 else f"missed by {self.excess - 1:.0%}"
        return f"{self.name}: {self.value:,.5g} {self.unit}, target {bound} {self.target:,g}: {verdict}"


MEASUREMENTS = pytest.StashKey[list[Measurement]]()


@pytest.fixture
def measure(request, benchmark):
    """Return a function that prints a measurement with its target; `make bench` checks it at the end."""

    def compare(name, value, target, unit, *, more=False):
        measurement = Measurement(name, value, target, unit, more)
        print(f"\n{measurement}")
        if not benchmark.disabled:
            request.config.stash.setdefault(MEASUREMENTS, []).append(measurement)

    return compare


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter, config):
    measurements = config.stash.get(MEASUREMENTS, [])
    if measurements:
        terminalreporter.section("targets")
        for measurement in measurements:
            terminalreporter.line(str(measurement), red=measurement.excess > FAR)


def pytest_sessionfinish(session, exitstatus):
    if exitstatus == pytest.ExitCode.OK and any(m.excess > FAR for m in session.config.stash.get(MEASUREMENTS, [])):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
