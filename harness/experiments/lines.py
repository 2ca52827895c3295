"""An experiment's methods as lines of a board's frame, from which tables and figures are made."""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from spurgen.benchmark.errors import ReadError, SpurgenError, explain
from spurgen.benchmark.reading import read_json
from spurgen.harness.board.placing import tier_place
from spurgen.harness.experiments.summary import Difference, ExperimentSummary, MethodSummary
from spurgen.harness.statistics.estimate import Estimate

HEADLINE = "robust_accuracy"
Line = dict[str, Any]


def read_summary(path: Path) -> ExperimentSummary:
    """Read the JSON file of an experiment; raise `SpurgenError`, which names the file, if it is not one."""
    try:
        return ExperimentSummary.model_validate(read_json(path, "the results of spurgen run"))
    except ReadError as error:
        raise SpurgenError(*error.args) from None
    except ValidationError as error:
        raise SpurgenError(
            f"{path} is not the JSON file that this version of spurgen run writes: {explain(error.errors())}; name "
            "EXPERIMENT_results.json, or run the experiment again"
        ) from None


def lines_of_run(summary: ExperimentSummary) -> list[Line]:
    """Return a line per method of which no result failed, by access tier, best first; raise `SpurgenError` if none.

    A method is ranked if it has every seed, beats chance and passes its sanity checks.
    """
    if not summary.finished:
        raise SpurgenError(f"{summary.name}: every method failed, so there is nothing to draw")
    tested = {each.method: each for each in summary.differences if each.metric == HEADLINE}
    lines = [dict(_line(method, tested.get(method.name), len(summary.seeds))) for method in summary.finished]
    return sorted(lines, key=lambda line: (not line["ranked"], tier_place(line["access"]), -line[HEADLINE]))


def run_blocks(lines: list[Line]) -> Iterator[tuple[str, list[Line]]]:
    """Yield a heading and the lines below it: an access tier each, then the lines that are not ranked."""
    for access, rows in groupby((line for line in lines if line["ranked"]), lambda line: line["access"]):
        yield f"Access: {access}", list(rows)
    others = [line for line in lines if not line["ranked"]]
    if others:
        yield "Not ranked: incomplete, not better than chance, or with a failed sanity check", others


def _line(method: MethodSummary, tested: Difference | None, seeds: int) -> Iterator[tuple[str, Any]]:
    ranked = method.above_chance and len(method.results) == seeds and not method.failed_checks
    yield from {"submission": method.name, "access": method.access, "ranked": ranked}.items()
    for metric, estimate in method.estimates.items():
        yield from _metric(metric, estimate)
    for channel, metrics in method.channels.items():
        for metric, estimate in metrics.items():
            yield from _metric(f"{metric}_by_channel.{channel}", estimate)
    tables = [result.patterns for result in method.results]
    for name in tables[0]:
        if all(name in table for table in tables):
            yield f"patterns.{name}", float(np.mean([table[name] for table in tables]))
    if tested:
        yield from _metric("to_erm", tested.difference)
        verdict = "better" if tested.difference.value > 0 else "worse"
        yield "to_erm_verdict", verdict if tested.significant and ranked else "undecided"


def _metric(name: str, estimate: Estimate) -> Iterator[tuple[str, float | None]]:
    yield from zip((name, f"{name}_low", f"{name}_high"), (estimate.value, estimate.low, estimate.high), strict=True)
