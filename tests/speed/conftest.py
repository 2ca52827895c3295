"""Measurements and their targets: `make bench` lists them at its end, and fails if one misses its target by far."""

import statistics
import time
from dataclasses import dataclass

import pytest

from spurgen.benchmark.task import Task
from spurgen.benchmark.worlds.pictograms import make_scenario

FAR = 1.5  # how many times worse than expected a measurement may be, since machines differ


@dataclass(frozen=True)
class Measurement:
    """A measured value and its target: an upper bound, or a lower bound if `more` is better.

    `expected`: the worst value on the machines of docs/performance.md, by default the target.
    """

    name: str
    value: float
    target: float
    unit: str
    more: bool
    expected: float

    def excess(self, bound: float) -> float:
        """How many times worse than a bound the value is; at most 1 if it is within it."""
        return bound / self.value if self.more else self.value / bound

    @property
    def far(self) -> bool:
        """Whether the value is much worse than expected."""
        return self.excess(self.expected) > FAR

    def __str__(self) -> str:
        bound = "at least" if self.more else "at most"
        missed = self.excess(self.target) - 1
        verdict = "met" if missed <= 0 else f"missed by {missed:.0%}"
        return f"{self.name}: {self.value:,.5g} {self.unit}, target {bound} {self.target:,g}: {verdict}"


STRENGTHS = {"strong": 0.97, "weak": 0.85}
SPLITS = {
    "train": 20_000, "val": 4000, "val_per_group": 20, "test_per_group": 50, "conflicting_per_class": 350,
    "calibration_per_group": 5, "twins": 600, "nuisance_twins": 200,
}  # fmt: skip


@pytest.fixture(scope="session")
def pictograms():
    """Return a function that makes a task of pictograms, ten classes with three shortcuts, in a modality."""

    def make(modality="image"):
        channels = {"background": {}, "color": {}, "shape": {}}
        environments = [{"name": name, "strength": dict.fromkeys(channels, p)} for name, p in STRENGTHS.items()]
        scenario = make_scenario(
            "speed", suite="speed", name="speed", seed=4, num_classes=10, captions="natural", channels=channels,
            environments=environments, splits=SPLITS,
        )  # fmt: skip
        return Task(f"speed-{modality}", scenario, modality)

    return make


MEASUREMENTS = pytest.StashKey[list[Measurement]]()


@pytest.fixture
def measure(request, benchmark):
    """Return a function that prints a measurement with its target; `make bench` checks it at the end."""

    def record(name, value, target, unit, *, more=False, expected=None):
        measurement = Measurement(name, value, target, unit, more, expected or target)
        print(f"\n{measurement}")
        if not benchmark.disabled:
            request.config.stash.setdefault(MEASUREMENTS, []).append(measurement)

    return record


@pytest.fixture
def compare(benchmark, measure):
    """Return a function that times two others in turn, after a first round, and records the median of their ratios."""

    def run(name, ours, other, target, *, more=False, rounds=3, expected=None):
        others = []

        def time_other():
            start = time.perf_counter()
            other()
            others.append(time.perf_counter() - start)

        benchmark.pedantic(ours, setup=time_other, rounds=rounds, warmup_rounds=1)
        if benchmark.stats:
            pairs = zip(benchmark.stats.stats.data, others[1:], strict=True)
            ratio = statistics.median(b / a if more else a / b for a, b in pairs)
            measure(name, ratio, target, "x", more=more, expected=expected)

    return run


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter, config):
    measurements = config.stash.get(MEASUREMENTS, [])
    if measurements:
        terminalreporter.section("targets")
        for measurement in measurements:
            terminalreporter.line(str(measurement), red=measurement.far)


def pytest_sessionfinish(session, exitstatus):
    if exitstatus == pytest.ExitCode.OK and any(m.far for m in session.config.stash.get(MEASUREMENTS, [])):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
