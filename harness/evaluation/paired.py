"""Models on the same samples: the differences of their accuracies, and whether chance explains them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from scipy.stats import binomtest

from spurgen.harness.evaluation.figures import at_chance
from spurgen.harness.evaluation.predictions import Predictions, group, same_order
from spurgen.harness.metrics.arrays import Int64
from spurgen.harness.statistics.comparison import Compared, Unit, corrected
from spurgen.harness.statistics.comparison import compare as tested


@dataclass(frozen=True)
class Comparison:
    """Two models on the same samples, by metric.

    `by_name`: whether samples were paired by their names, else by their positions. `runs`: their number.
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
    order = same_order(first, second, "a paired test needs the same samples in both")
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


def compare_with_first(models: Sequence[Predictions], allow_missing: bool = False) -> list[Comparison]:
    """Compare the first model with each of the others, and correct the p-values for all of them.

    Raises `SpurgenError` unless all answer the same samples.
    """
    comparisons = [compare(models[0], other, allow_missing) for other in models[1:]]
    tests = {(k, name): each for k, one in enumerate(comparisons) for name, each in one.metrics.items()}
    every = corrected(tests)
    return [replace(one, metrics={name: every[k, name] for name in one.metrics}) for k, one in enumerate(comparisons)]


def _mcnemar(first: Int64, second: Int64) -> float:
    only = int((first & ~second).sum()), int((second & ~first).sum())
    return float(binomtest(only[0], sum(only)).pvalue) if sum(only) else 1.0
