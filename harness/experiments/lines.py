"""An experiment's methods as lines of a board's frame, from which tables and figures are made."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from spurgen.benchmark.errors import SpurgenError, checked
from spurgen.benchmark.reading import read_json
from spurgen.harness.board.by_unit import RANKED_BY
from spurgen.harness.board.placing import tier_place
from spurgen.harness.experiments.summary import ExperimentSummary, MethodSummary
from spurgen.harness.statistics.comparison import Compared
from spurgen.harness.statistics.estimate import Estimate

IDEAL = "ideal observer"
Line = dict[str, Any]


def read_summary(path: Path) -> ExperimentSummary:
    """Read the JSON file of an experiment; raise `SpurgenError`, which names the file, if it is not one."""

    def refused(why: str) -> SpurgenError:
        what = f"{path} is not the JSON file that this version of spurgen run writes: {why}"
        return SpurgenError(f"{what}; name EXPERIMENT_results.json, or run the experiment again")

    return checked(ExperimentSummary.model_validate, read_json(path, "the results of spurgen run"), refused)


def lines_of_run(summary: ExperimentSummary) -> list[Line]:
    """Return a line per method of which no result failed, by access tier, best first, those not ranked last.

    Raises `SpurgenError` if there is none.
    """
    if not summary.finished:
        raise SpurgenError(f"{summary.name}: every method failed, so there is nothing to draw")
    lines = [line_of_method(method, summary.differences.get(method.name, {})) for method in summary.finished]
    return sorted(lines, key=lambda line: (not line["ranked"], tier_place(line["access"]), -line[RANKED_BY]))


def run_blocks(lines: Sequence[Line]) -> Iterator[tuple[str, list[Line]]]:
    """Yield a heading and the lines below it: an access tier each, then the lines that are not ranked."""
    for access, rows in groupby((line for line in lines if line["ranked"]), lambda line: line["access"]):
        yield f"Access: {access}", list(rows)
    others = [line for line in lines if not line["ranked"]]
    if others:
        yield "Not ranked", others


def ideal_line(summary: ExperimentSummary) -> list[Line]:
    """Return the ideal observer's line, or none where it is not known."""
    return [{"submission": IDEAL, "access": "", "ranked": False, **summary.ideal}] if summary.ideal else []


def line_of_method(method: MethodSummary, differences: dict[str, Compared]) -> Line:
    """Return the line of a method that has estimates, with its difference from ERM if that was tested."""
    return dict(_entries(method, differences.get(RANKED_BY)))


def _entries(method: MethodSummary, tested: Compared | None) -> Iterator[tuple[str, Any]]:
    yield from {"submission": method.name, "access": method.access, "ranked": method.unranked is None}.items()
    for metric, estimate in method.estimates.items():
        yield from _metric(metric, estimate)
    for channel, metrics in method.channels.items():
        for metric, estimate in metrics.items():
            yield from _metric(f"{metric}_by_channel.{channel}", estimate)
    if tested:
        yield from _metric("to_erm", tested.estimate)
        yield "to_erm_verdict", tested.verdict


def _metric(name: str, estimate: Estimate) -> Iterator[tuple[str, float | None]]:
    yield from zip((name, f"{name}_low", f"{name}_high"), (estimate.value, estimate.low, estimate.high), strict=True)
