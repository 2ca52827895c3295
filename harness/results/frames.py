"""Results as pandas tables: a line per result, a column per field and metric."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from spurgen.benchmark.result import Result
from spurgen.harness.machine.frames import typed

if TYPE_CHECKING:  # commands that read results start without pandas
    from pandas import DataFrame

TEXTS = ("suite", "task", "submission", "spec", "access", "isolation", "verification", "error", "device", "finished")


def results_frame(results: Sequence[Result]) -> "DataFrame":
    """Return a line per result, in the given order."""
    lines = [dict(_line(result)) for result in results]
    return typed(lines, texts=TEXTS, whole=("seed", "draw", "peak_memory_bytes"), flags=("uncorrelated", "matched"))


def _line(result: Result) -> Iterator[tuple[str, Any]]:
    for name in ("suite", "task", "submission", "spec", "access", "seed", "isolation", "verification"):
        yield name, getattr(result, name)
    yield from (("uncorrelated", result.uncorrelated), ("matched", result.matched), ("draw", result.draw))
    yield "error", result.error
    yield from result.metrics.items()
    for channel, metrics in result.channels.items():
        yield from ((f"{metric}/{channel}", value) for metric, value in metrics.items())
    provenance = result.provenance
    yield "seconds", provenance.total_seconds
    yield "peak_memory_bytes", provenance.peak_memory_bytes
    yield "device", provenance.environment.device
    yield "finished", provenance.finished
