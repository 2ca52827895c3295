"""Models on the same samples: the differences of their accuracies, and whether chance explains them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.evaluation.figures import REPLICATES, at_chance
from spurgen.harness.evaluation.margins import Part, margin, of_difference, of_runs, p_value
from spurgen.harness.evaluation.predictions import Groups, Predictions, group
from spurgen.harness.evaluation.resampling import count_cells, of_a_difference, resample
from spurgen.harness.metrics import Interval
from spurgen.harness.metrics.arrays import Float64, Int64
from spurgen.harness.statistics.differences import ALPHA, holm

NAMES = ("robust_accuracy", "wga", "accuracy")


@dataclass(frozen=True)
class Compared:
    """A metric of both models, and the first less the second with a 95 % interval.

    `p`: two-sided, by the paired bootstrap of samples and the variance over runs; that of accuracy is McNemar's where
    each model has one run. `p_holm`: corrected for all metrics of all models that are compared. Both are None where one
    of the models is not ranked.
    """

    first: float
    second: float
    difference: float
    interval: Interval
    p: float | None
    p_holm: float | None

    @property
    def significant(self) -> bool:
        """Whether the difference is significant at 5 %."""
        return self.p_holm is not None and self.p_holm < ALPHA


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
    order = _same_samples(first, second)
    groups = group(first, allow_missing)
    right = [first.predicted == first.labels, (second.predicted == second.labels)[:, order]]
    hits = [np.stack([np.bincount(groups.ids[row], minlength=len(groups.sizes)) for row in r]) for r in right]
    added = of_a_difference(len(first.runs), len(second.runs), len(groups.sizes))
    drawn = resample(count_cells(groups.ids, np.concatenate(right)), REPLICATES, seed, added)
    replicates = np.split(drawn, [len(first.runs)], axis=1)
    paired_runs = first.runs == second.runs and len(first.runs) > 1
    single = len(first.runs) == len(second.runs) == 1
    tests = {}
    for name in NAMES:
        values = [_metric(name, row / groups.sizes, groups) for row in hits]
        redrawn = [_metric(name, part, groups) for part in replicates]
        if values[0] is not None and values[1] is not None and redrawn[0] is not None and redrawn[1] is not None:
            tests[name] = _test(values[0], values[1], redrawn[0].mean(axis=1) - redrawn[1].mean(axis=1), paired_runs)
    if single:
        tests["accuracy"] = (*tests["accuracy"][:3], _mcnemar(right[0][0], right[1][0]))
    unranked = {model.name: reason for model in (first, second) if (reason := at_chance(model))}
    p_values = [None if unranked else p for *_, p in tests.values()]
    metrics = {
        name: Compared(a, b, a - b, interval, p, p_holm)
        for (name, (a, b, interval, _)), p, p_holm in zip(tests.items(), p_values, holm(p_values), strict=True)
    }
    by_name = first.keys is not None and second.keys is not None
    runs = len(first.runs), len(second.runs)
    return Comparison(first.name, second.name, len(first), metrics, by_name, runs, paired_runs, single, unranked)


def compare_with_first(models: Sequence[Predictions], allow_missing: bool = False, seed: int = 0) -> list[Comparison]:
    """Compare the first model with each of the others, and correct the p-values for all of them.

    Raises `SpurgenError` unless all answer the same samples.
    """
    comparisons = [compare(models[0], other, allow_missing, seed) for other in models[1:]]
    tested = [compared.p for comparison in comparisons for compared in comparison.metrics.values()]
    corrected = iter(holm(tested))
    return [
        replace(
            comparison,
            metrics={name: replace(compared, p_holm=next(corrected)) for name, compared in comparison.metrics.items()},
        )
        for comparison in comparisons
    ]


def _metric(name: str, accuracies: Float64, groups: Groups) -> Float64 | None:
    """Return a metric of groups' accuracies, float64 (..., G), or None where it is not known."""
    if name == "accuracy":
        overall: Float64 = accuracies @ (groups.sizes / groups.sizes.sum())
        return overall
    if name == "wga":
        worst: Float64 = accuracies.min(axis=-1)
        return worst
    if (weights := groups.all_patterns) is None:
        return None
    robust: Float64 = (accuracies @ weights).min(axis=-1)
    return robust


def _test(
    first: Float64, second: Float64, replicates: Float64, paired_runs: bool
) -> tuple[float, float, Interval, float]:
    """Return both means, the interval of their difference, and its p-value; `first`, `second`: by run, (R1,), (R2,)."""
    difference = float(first.mean() - second.mean())
    runs = of_runs(first - second) if paired_runs else of_difference(first, second)
    parts = [Part(float(replicates.std(ddof=1))), *runs]
    reach = margin(parts)
    return (
        float(first.mean()),
        float(second.mean()),
        Interval(max(difference - reach, -1.0), min(difference + reach, 1.0)),
        p_value(difference, parts),
    )


def _mcnemar(first: Int64, second: Int64) -> float:
    only = int((first & ~second).sum()), int((second & ~first).sum())
    return float(binomtest(only[0], sum(only)).pvalue) if sum(only) else 1.0


def _same_samples(first: Predictions, second: Predictions) -> Int64:
    """Return the place of the first model's samples in the second's; raise `SpurgenError` if they are not the same."""
    same = "a paired test needs the same samples in both"
    for what in ("split", "attributes"):
        ours, theirs = (_about(model, what) for model in (first, second))
        if ours and theirs and ours != theirs:
            raise SpurgenError(f"{first.name} has the {what} {ours}, and {second.name} {theirs}; {same}: name --{what}")
    order = _order(first, second, same)
    for (what, of_first), (_, of_second) in zip(_factors(first), _factors(second), strict=True):
        differ = of_first != of_second[order]
        if differ.any():
            k = int(differ.argmax())
            sample = first.keys[k] if first.keys else f"sample {k + 1}"
            raise SpurgenError(
                f"{first.name} and {second.name} give {sample} different {what}, {of_first[k]} and "
                f"{of_second[order][k]}; {same}, and --key if they are in another order"
            )
    return order


def _about(model: Predictions, what: str) -> str | None:
    return model.split if what == "split" else ", ".join(attribute.name for attribute in model.attributes)


def _order(first: Predictions, second: Predictions, same: str) -> Int64:
    if first.keys is None or second.keys is None:
        if len(first) != len(second):
            raise SpurgenError(
                f"{first.name} has {len(first)} samples and {second.name} {len(second)}; {same}, and --key if they are "
                "in another order"
            )
        return np.arange(len(first))
    place = {key: k for k, key in enumerate(second.keys)}
    known = set(first.keys)
    lacking = [key for key in first.keys if key not in place] or [key for key in place if key not in known]
    if lacking:
        which = second.name if lacking[0] not in place else first.name
        raise SpurgenError(f"{which} lacks {len(lacking)} of the other table's samples, such as {lacking[0]}; {same}")
    return np.array([place[key] for key in first.keys])


def _factors(model: Predictions) -> Iterator[tuple[str, NDArray[np.str_]]]:
    """Yield what labels and attributes are called, and their names, str (n,)."""
    yield "labels", np.array(model.classes)[model.labels]
    for attribute in model.attributes:
        yield f"values of {attribute.name}", np.array(attribute.values)[attribute.ids]
