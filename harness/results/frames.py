"""Results as pandas tables: a line per result, a column per field and metric."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from spurgen.benchmark.result import Result
from spurgen.harness.machine.frames import typed

if TYPE_CHECKING:  # commands that read results start without pandas
    from pandas import DataFrame

    from spurgen.harness.results.rows import Rows

TEXTS = (
    "row", "suite", "task", "submission", "spec", "access", "isolation", "verification", "error", "device", "finished",
)  # fmt: skip


def results_frame(results: Sequence[Result]) -> "DataFrame":
    """Return a line per result, in the given order."""
    return _frame([dict(_line(result)) for result in results])


def rows_frame(rows: "Rows") -> "DataFrame":
    """Return a line per row, task and seed, rows sorted by label, which is the column `row`."""
    return _frame(
        [
            {"row": label} | dict(_line(result))
            for label, row in sorted(rows.items())
            for part in row.values()
            for result in part.results
        ]
    )


def _frame(lines: Sequence[Mapping[str, Any]]) -> "DataFrame":
    return typed(lines, texts=TEXTS, whole=("seed", "peak_memory_bytes"), flags=("uncorrelated", "matched"))


def _line(result: Result) -> Iterator[tuple[str, Any]]:
    for name in ("suite", "task", "submission", "spec", "access", "seed", "isolation", "verification"):
        yield name, getattr(result, name)
    yield from (("uncorrelated", result.uncorrelated), ("matched", result.matched))
    yield "error", result.error
    yield from result.metrics.items()
    for channel, metrics in result.channels.items():
        yield from ((f"{metric}/{channel}", value) for metric, value in metrics.items())
    provenance = result.provenance
    yield "seconds", provenance.total_seconds
    yield "peak_memory_bytes", provenance.peak_memory_bytes
    yield "device", provenance.environment.device
    yield "finished", provenance.finished
