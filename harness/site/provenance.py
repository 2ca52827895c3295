"""When, where and with what a row's results were made, as facts of a table."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from spurgen.benchmark.result import Result
from spurgen.harness.results.rows import TaskRow
from spurgen.harness.site.names import shown

MOST = 6  # different values of a fact that are listed


class Fact(NamedTuple):
    """A fact and its value."""

    name: str
    value: str


def provenance(row: Mapping[str, TaskRow]) -> list[Fact]:
    """Return what results say of their making: each fact once, or its different values."""
    results = [result for part in row.values() for result in part.results]
    seconds = [result.provenance.total_seconds for result in results]
    peaks = [result.provenance.peak_memory_bytes for result in results]
    memory = [peak for peak in peaks if peak is not None]
    facts = {
        "Submission": (result.spec for result in results),
        "Submission SHA-256": (result.submission_sha256 for result in results),
        "Data SHA-256": _by_task(row),
        "Isolation": (result.isolation for result in results),
        "Verification": (result.verification for result in results),
        "Consistency check": (_consistency(result) for result in results),
        "Made again": (_again(result) for result in results),
        "Finished": _span(sorted(result.provenance.finished[:10] for result in results)),
        "Wall time per result": _span([f"{min(seconds):.0f} s", f"{max(seconds):.0f} s"]),
        "Peak memory": [f"{max(memory) / 1e9:.1f} GB"] if memory else [],
        "SpurGen": (_version(result) for result in results),
        "Python": (result.provenance.environment.python for result in results),
        "Packages": (_packages(result) for result in results),
        "Machine": (result.provenance.environment.machine for result in results),
        "Device": (result.provenance.environment.gpu or result.provenance.environment.device for result in results),
        "Warnings": (warning for result in results for warning in result.provenance.warnings),
    }
    return [Fact(name, joined) for name, values in facts.items() if (joined := _joined(values))]


def _joined(values: Iterable[str]) -> str:
    different = list(dict.fromkeys(shown(value) for value in values if value))
    more = f"; and {len(different) - MOST} more" if len(different) > MOST else ""
    return "; ".join(different[:MOST]) + more


def _by_task(row: Mapping[str, TaskRow]) -> list[str]:
    digests = {name: dict.fromkeys(result.data_sha256 for result in part.results) for name, part in row.items()}
    return [f"{name}: {digest}" for name, each in digests.items() for digest in each]


def _span(values: list[str]) -> list[str]:
    return [values[0] if values[0] == values[-1] else f"{values[0]} to {values[-1]}"]


def _consistency(result: Result) -> str:
    check = result.provenance.consistency
    if check is None:
        return ""
    return f"{check.rows} predictions recomputed in {'a' if check.worker == 'fresh' else 'the'} {check.worker} process"


def _again(result: Result) -> str:
    again = result.provenance.reproduction
    return f"{again.verdict}, {again.finished[:10]}" if again else ""


def _version(result: Result) -> str:
    made = result.provenance.environment
    commit = f", commit {made.commit[:12]}" if made.commit else ""
    return f"{made.spurgen}{commit}{' with changes' if made.dirty else ''}"


def _packages(result: Result) -> str:
    return ", ".join(f"{name} {version}" for name, version in result.provenance.environment.packages.items())
