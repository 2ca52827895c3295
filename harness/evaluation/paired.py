"""Two models on the same samples: the difference of their accuracies, and whether chance explains it."""

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr
from scipy.stats import binomtest

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.evaluation.figures import REPLICATES, quantile, standard_error
from spurgen.harness.evaluation.predictions import Groups, Predictions, group
from spurgen.harness.evaluation.resampling import count_cells, resample
from spurgen.harness.metrics import Interval
from spurgen.harness.metrics.arrays import Float64, Int64
from spurgen.harness.statistics.differences import NOISE, holm

NAMES = ("robust_accuracy", "wga", "accuracy")


@dataclass(frozen=True)
class Compared:
    """A metric of both models, and the first less the second with a 95 % interval.

    `p`: two-sided, by the paired bootstrap of samples and the variance over runs; `p_holm`: corrected for all metrics.
    """

    first: float
    second: float
    difference: float
    interval: Interval
    p: float
    p_holm: float


@dataclass(frozen=True)
class Comparison:
    """Two models on the same samples, by metric.

    `paired_runs`: whether both have the same runs, which are then paired. `mcnemar_p`: of the exact test of accuracy
    (McNemar 1947), for one run each, else None.
    """

    first: str
    second: str
    samples: int
    metrics: dict[str, Compared]
    paired_runs: bool
    mcnemar_p: float | None


def compare(first: Predictions, second: Predictions, allow_missing: bool = False, seed: int = 0) -> Comparison:
    """Compare two models; raise `SpurgenError` unless both answer the same samples."""
    second = _in_order_of(first, second)
    groups = group(first, allow_missing)
    right = [p.predicted == p.labels for p in (first, second)]
    hits = [np.stack([np.bincount(groups.ids[row], minlength=len(groups.sizes)) for row in r]) for r in right]
    drawn = resample(count_cells(groups.ids, np.concatenate(right)), REPLICATES, seed)
    replicates = np.split(drawn, [len(first.runs)], axis=1)
    paired_runs = first.runs == second.runs and len(first.runs) > 1
    tests = {}
    for name in NAMES:
        values = [_metric(name, row / groups.sizes, groups) for row in hits]
        redrawn = [_metric(name, part, groups) for part in replicates]
        if values[0] is not None and values[1] is not None and redrawn[0] is not None and redrawn[1] is not None:
            tests[name] = _test(values[0], values[1], redrawn[0].mean(axis=1) - redrawn[1].mean(axis=1), paired_runs)
    corrected = holm([p for *_, p in tests.values()])
    metrics = {
        name: Compared(a, b, a - b, interval, p, p_holm)
        for (name, (a, b, interval, p)), p_holm in zip(tests.items(), corrected, strict=True)
    }
    single = len(first.runs) == len(second.runs) == 1
    mcnemar = _mcnemar(right[0][0], right[1][0]) if single else None
    return Comparison(first.name, second.name, len(first), metrics, paired_runs, mcnemar)


def _metric(name: str, accuracies: Float64, groups: Groups) -> Float64 | None:
    """Return a metric of groups' accuracies, float64 (..., G), or None where it is not known."""
    if name == "accuracy":
        overall: Float64 = accuracies @ (groups.sizes / groups.sizes.sum())
        return overall
    if name == "wga":
        worst: Float64 = accuracies.min(axis=-1)
        return worst
    if not groups.patterns:
        return None
    robust: Float64 = (accuracies @ np.stack(list(groups.patterns.values()), axis=1)).min(axis=-1)
    return robust


def _test(
    first: Float64, second: Float64, replicates: Float64, paired_runs: bool
) -> tuple[float, float, Interval, float]:
    """Return both means, the interval of their difference, and its p-value; `first`, `second`: by run, (R1,), (R2,)."""
    of_samples = float(replicates.std(ddof=1))
    difference = float(first.mean() - second.mean())
    if paired_runs:
        error, degrees = standard_error(of_samples, first - second)
    else:
        error, degrees = _welch(of_samples, first, second)
    reach = quantile(degrees) * error
    certain = 0.0 if abs(difference) > NOISE else 1.0
    p = float(2 * stdtr(min(degrees, 1e9), -abs(difference) / error)) if error > NOISE else certain
    return float(first.mean()), float(second.mean()), Interval(difference - reach, difference + reach), p


def _welch(of_samples: float, first: Float64, second: Float64) -> tuple[float, float]:
    """Return the standard error of a difference of unpaired runs, and its degrees of freedom (Welch 1947)."""
    parts = [(values.var(ddof=1) / len(values), len(values) - 1) for values in (first, second) if len(values) > 1]
    total = of_samples**2 + sum(variance for variance, _ in parts)
    spread = sum(variance**2 / degrees for variance, degrees in parts)
    return float(np.sqrt(total)), float(total**2 / spread) if spread > 0 else np.inf


def _mcnemar(first: Int64, second: Int64) -> float:
    only = int((first & ~second).sum()), int((second & ~first).sum())
    return float(binomtest(only[0], sum(only)).pvalue) if sum(only) else 1.0


def _in_order_of(first: Predictions, second: Predictions) -> Predictions:
    """Return the second predictions with their samples in the order of the first."""
    if first.keys is not None and second.keys is not None:
        place = {key: k for k, key in enumerate(second.keys)}
        known = set(first.keys)
        lacking = [key for key in first.keys if key not in place] or [key for key in place if key not in known]
        if lacking:
            which = second.name if lacking[0] not in place else first.name
            raise SpurgenError(
                f"{which} lacks {len(lacking)} of the other table's samples, such as {lacking[0]}; a paired test needs "
                "the same samples in both"
            )
        order = np.array([place[key] for key in first.keys])
    elif len(first) != len(second):
        raise SpurgenError(
            f"{first.name} has {len(first)} samples and {second.name} {len(second)}; a paired test needs the same "
            "samples in both, and --key if they are in another order"
        )
    else:
        order = np.arange(len(first))
    moved = Predictions(
        second.name, second.classes, second.labels[order], second.attributes, second.predicted[:, order], second.runs
    )
    if first.classes != second.classes or (first.labels != moved.labels).any():
        wrong = 0 if first.classes != second.classes else int((first.labels != moved.labels).argmax())
        named = first.keys[wrong] if first.keys else f"sample {wrong + 1}"
        raise SpurgenError(
            f"{first.name} and {second.name} give {named} different labels; a paired test needs the same samples in "
            "both, and --key if they are in another order"
        )
    return moved
