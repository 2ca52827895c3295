"""The sheet of an experiment: what `spurgen run` wrote, as figures and tables draw it."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from spurgen.benchmark.errors import ReadError, SpurgenError, explain
from spurgen.benchmark.reading import read_json
from spurgen.benchmark.specs import is_baseline
from spurgen.harness.board.against_erm import ERM, direction
from spurgen.harness.experiments.summary import ExperimentSummary, MethodSummary
from spurgen.harness.figures.sheet import Entry, Sheet, in_order
from spurgen.harness.results.curves import stacked_curves
from spurgen.harness.statistics.comparison import Compared
from spurgen.harness.statistics.estimate import Estimate
from spurgen.harness.statistics.units import ANY, Spread, mean_estimate

HEADLINE = "robust_accuracy"
BY_CHANNEL = ("reliance", "sss")


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


def run_sheet(summary: ExperimentSummary) -> Sheet:
    """Return the sheet of an experiment; raise `SpurgenError` if every method failed."""
    finished = summary.finished
    if not finished:
        raise SpurgenError(f"{summary.name}: every method failed, so there is nothing to draw")
    tested = {method: tests[HEADLINE] for method, tests in summary.differences.items()}
    entries = [_entry(method, tested.get(method.name)) for method in finished]
    several = len(summary.seeds) > 1
    over = "training seeds and test samples" if several else "test samples"
    tests = f"Holm over {sum(map(len, summary.differences.values()))} tests, 5 %"
    rule = f"Bold: significantly better than {ERM} (paired tests over {over}, {tests})."
    return Sheet(
        name=summary.name, entries=in_order(entries, HEADLINE), headline=HEADLINE, unit="seed",
        asked=len(summary.seeds), intervals=f"95 % intervals over {over}",
        channel_intervals="95 % Student's t intervals over training seeds" if len(summary.seeds) > 2 else "",
        test="", rule=rule if summary.differences else "", task=summary.task, ideal=summary.ideal,
        left_out={m.name: m.unranked for m in summary.methods if m.unranked and not m.estimates},
    )  # fmt: skip


def _entry(method: MethodSummary, tested: Compared | None) -> Entry:
    verdict = direction(tested) if tested else "undecided"
    return Entry(
        label=method.name,
        access=method.access,
        units=len(method.results),
        unranked=method.unranked or "",
        own=not is_baseline(method.results[0].spec),
        estimates=method.estimates,
        best=verdict == "better",
        difference=(tested.difference, verdict) if tested else None,
        channels=_by_channel(method),
        patterns=_patterns(method),
        curves=stacked_curves(method.results),
    )


def _by_channel(method: MethodSummary) -> dict[str, dict[str, Estimate]]:
    """Return the metrics by channel: SSS with the interval of the experiment, reliance with that over seeds."""
    estimates: dict[str, dict[str, Estimate]] = {}
    for channel, row in method.channels.items():
        for metric in BY_CHANNEL:
            if metric in row:
                known = row[metric].low is not None
                by_seed = np.array([result.channels[channel][metric] for result in method.results])
                estimate = row[metric] if known else mean_estimate(by_seed, Spread(ends=ANY))
                estimates.setdefault(metric, {})[channel] = estimate
    return estimates


def _patterns(method: MethodSummary) -> dict[str, float]:
    """Return the mean accuracies by alignment pattern that all seeds have."""
    tables: list[Mapping[str, float]] = [result.patterns for result in method.results]
    common = [name for name in tables[0] if all(name in table for table in tables)]
    return {name: float(np.mean([table[name] for table in tables])) for name in common}
