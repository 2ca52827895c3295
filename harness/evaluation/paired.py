"""Models on the same samples: the differences of their accuracies, and whether chance explains them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.evaluation.figures import at_chance
from spurgen.harness.evaluation.predictions import Predictions, group
from spurgen.harness.metrics.arrays import Int64
from spurgen.harness.statistics.comparison import Compared, Unit, corrected
from spurgen.harness.statistics.comparison import compare as tested


@dataclass(frozen=True)
class Comparison:
    """Two models on the same samples, by metric.

    `by_name`: whether samples were paired by their names, else by their places. `runs`: their number.
    `paired_runs`: whether both have the same runs, which are then paired. `mcnemar`: whether accuracy was tested by
    McNemar's exact test (1947), as it is with one run each. `unranked`: by name, why models are not ranked; then
    nothing is tested.
    """

    first: str
    second: str
    samples: int
    metrics: dict[str, Compared]
    by_name: bool
    runs: tuple[int, int]
    paired_runs: bool
    mcnemar: bool
    unranked: dict[str, str]


def compare(first: Predictions, second: Predictions, allow_missing: bool = False, seed: int = 0) -> Comparison:
    """Compare two models; raise `SpurgenError` unless both answer the same samples."""
    order = same_order(first, second)
    groups = group(first, allow_missing)
    right = first.predicted == first.labels, (second.predicted == second.labels)[:, order]
    ours, theirs = (groups.metrics(groups.accuracies(part)) for part in right)
    errors = groups.difference_errors(*right, seed)
    paired_runs = first.runs == second.runs and len(first.runs) > 1
    single = len(first.runs) == len(second.runs) == 1
    unit: Unit = "seed" if paired_runs else "run"
    metrics = {name: tested(ours[name], theirs[name], unit, samples=errors[name]) for name in ours}
    if single:
        metrics["accuracy"] = replace(metrics["accuracy"], p=_mcnemar(right[0][0], right[1][0]))
    unranked = {model.name: reason for model in (first, second) if (reason := at_chance(model))}
    return Comparison(
        first=first.name,
        second=second.name,
        samples=len(first),
        metrics=corrected({name: replace(each, p=None) for name, each in metrics.items()} if unranked else metrics),
        by_name=first.keys is not None and second.keys is not None,
        runs=(len(first.runs), len(second.runs)),
        paired_runs=paired_runs,
        mcnemar=single,
        unranked=unranked,
    )


def compare_with_first(models: Sequence[Predictions], allow_missing: bool = False, seed: int = 0) -> list[Comparison]:
    """Compare the first model with each of the others, and correct the p-values for all of them.

    Raises `SpurgenError` unless all answer the same samples.
    """
    comparisons = [compare(models[0], other, allow_missing, seed) for other in models[1:]]
    tests = {(k, name): each for k, one in enumerate(comparisons) for name, each in one.metrics.items()}
    every = corrected(tests)
    return [replace(one, metrics={name: every[k, name] for name in one.metrics}) for k, one in enumerate(comparisons)]


def _mcnemar(first: Int64, second: Int64) -> float:
    only = int((first & ~second).sum()), int((second & ~first).sum())
    return float(binomtest(only[0], sum(only)).pvalue) if sum(only) else 1.0


def same_order(
    first: Predictions, second: Predictions, same: str = "a paired test needs the same samples in both"
) -> Int64:
    """Return the place of the first model's samples in the second's, int64 (n,).

    Raises `SpurgenError` if they are not the same; `same` says why they must be.
    """
    attributes = [", ".join(attribute.name for attribute in model.attributes) for model in (first, second)]
    for what, ours, theirs in (("split", first.split, second.split), ("attributes", *attributes)):
        if ours and theirs and ours != theirs:
            raise SpurgenError(f"{first.name} has the {what} {ours}, and {second.name} {theirs}; {same}: name --{what}")
    order = _order(first, second, same)
    for (what, of_first), (_, of_second) in zip(first.factors(), second.factors(), strict=True):
        differ = of_first != of_second[order]
        if differ.any():
            k = int(differ.argmax())
            sample = first.keys[k] if first.keys else f"sample {k + 1}"
            raise SpurgenError(
                f"{first.name} and {second.name} give {sample} different {what}, {of_first[k]} and "
                f"{of_second[order][k]}; {same}, and --key if they are in another order"
            )
    return order


def _order(first: Predictions, second: Predictions, same: str) -> Int64:
    if first.keys is None or second.keys is None:
        if len(first) != len(second):
            raise SpurgenError(
                f"{first.name} has {len(first)} samples and {second.name} {len(second)}; {same}, and --key if they are "
                "in another order"
            )
        return np.arange(len(first))
    ours, theirs = pd.Index(first.keys), pd.Index(second.keys)
    for lacks, lacking in ((second, ours.difference(theirs)), (first, theirs.difference(ours))):
        if len(lacking):
            raise SpurgenError(
                f"{lacks.name} lacks {len(lacking)} of the other table's samples, such as {lacking[0]}; {same}"
            )
    order: Int64 = theirs.get_indexer(ours).astype(np.int64)
    return order
