"""Figures of predictions, with intervals over samples and runs; two models compared; checkpoints that rules select."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import binomtest, rankdata

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.evaluation.predictions import Groups, Predictions, group, same_order, stacked
from spurgen.harness.machine.printing import listed
from spurgen.harness.metrics import Interval, simultaneous_interval
from spurgen.harness.metrics.arrays import Float64, Int64
from spurgen.harness.statistics.comparison import FREE, Compared, Part, Unit, corrected, estimate, margin
from spurgen.harness.statistics.comparison import compare as tested
from spurgen.harness.statistics.estimate import Estimate
from spurgen.harness.statistics.samples import (
    AT_CHANCE,
    classes_better_than_chance,
    corrected_wga,
    deviation,
    guaranteed,
)
from spurgen.harness.statistics.units import Spread, standard_error

BINS = 15
TINY = np.finfo(np.float64).tiny
LOSS = Spread(ends=(0.0, np.inf))
LAST = "last"
ORACLE = "oracle"
RULES = {"accuracy": "val accuracy", "worst_class": "val worst class", "wga": "val worst group"}
"""The rules that select by val, by the metric that they maximise."""


@dataclass(frozen=True)
class GroupFigures:
    """A group's samples, and its accuracy: the mean over runs."""

    name: str
    samples: int
    accuracy: Estimate


@dataclass(frozen=True)
class Calibration:
    """Calibration of probabilities: means over runs.

    `nll`: negative log-likelihood, nats. `brier`: summed squared error over classes, in [0, 2] (Brier 1950). `ece`:
    expected calibration error of the top class over 15 bins of equally many samples (Nixon et al. 2019), in [0, 1]; it
    is biased upwards, so it has no interval.
    """

    nll: Estimate
    brier: Estimate
    ece: float


@dataclass(frozen=True)
class Evaluation:
    """All figures of a table of predictions; numbers are means over runs, intervals cover 95 % over samples and runs.

    `weighted_accuracy`: groups are weighted as in train, None where that is not known. `balanced_accuracy`: every class
    counts alike. `worst_class_f1`: the lowest F1 score of a class that has samples. `auroc`: the area under the ROC
    curve, None unless there are two classes and their scores. `wga`: worst-group accuracy; `wga_corrected`: less the
    bias of a minimum; `wga_simultaneous`: the interval of `wga` by those of all groups at once. `worst`: the group with
    the lowest accuracy. `robust_accuracy`: the lower of `states`, where all attributes `agree` with the class and where
    all `mislead`; None where it is not known which values go with which classes, for the reason `unaligned`, or where
    some class has no sample of one of the `missing_states`. `aligned`: the value of each attribute that goes with each
    class, where it is known; `flags`: attributes of which only that is known, of each sample. `missing`: groups without
    a sample. `split`: what the samples' split is called, if they have one; `unused_lines`: lines of other splits.
    `class_order`: the classes in the order in which scores belong to them, where these have no names. `unranked`: why
    it is compared with no other model, or None.
    """

    name: str
    split: str | None
    samples: int
    unused_lines: int
    runs: int
    accuracy: Estimate
    weighted_accuracy: Estimate | None
    balanced_accuracy: Estimate
    worst_class_f1: float
    auroc: float | None
    wga: float
    wga_corrected: Estimate
    wga_simultaneous: Interval
    worst: str
    robust_accuracy: Estimate | None
    states: dict[str, Estimate]
    groups: list[GroupFigures]
    calibration: Calibration | None
    missing: tuple[str, ...]
    missing_states: tuple[str, ...]
    unaligned: str | None
    aligned: dict[str, dict[str, str]]
    flags: tuple[str, ...]
    class_order: tuple[str, ...] | None
    unranked: str | None

    @property
    def wga_estimate(self) -> Estimate:
        """Worst-group accuracy with its interval by those of all groups."""
        return Estimate(self.wga, *self.wga_simultaneous)


def evaluate(predictions: Predictions, allow_missing: bool = False, seed: int = 0) -> Evaluation:
    """Compute all figures; `seed` is of the bootstrap. Raises `SpurgenError` for missing groups, as `group` does."""
    groups = group(predictions, allow_missing)
    right = predictions.predicted == predictions.labels
    accuracies, replicates = groups.accuracies(right), groups.resampled(right, seed)
    hits = np.rint(accuracies * groups.sizes).astype(np.int64)
    values, drawn = groups.metrics(accuracies), groups.metrics(replicates)
    corrected = np.array([corrected_wga(row, groups.sizes) for row in hits])
    shown = {name: over_runs(values[name], drawn[name]) for name in values}

    def weighted(weights: Float64) -> Estimate:
        return over_runs(accuracies @ weights, replicates @ weights)

    return Evaluation(
        name=predictions.name,
        split=predictions.split,
        samples=len(predictions),
        unused_lines=predictions.unused,
        runs=len(predictions.runs),
        accuracy=shown["accuracy"],
        weighted_accuracy=None if (weights := groups.as_in_train) is None else weighted(weights),
        balanced_accuracy=weighted(groups.balanced),
        worst_class_f1=_lowest_f1(predictions),
        auroc=_auroc(predictions),
        wga=shown["wga"].value,
        wga_corrected=over_runs(corrected, drawn["wga"]),
        wga_simultaneous=_widened(guaranteed(hits, groups.sizes), values["wga"]),
        worst=groups.names[int(accuracies.mean(axis=0).argmin())],
        robust_accuracy=shown.get("robust_accuracy"),
        states={name: weighted(weights) for name, weights in groups.states.items()},
        groups=_of_groups(groups, hits),
        calibration=None if predictions.probs is None else _calibration(predictions.probs, predictions.labels),
        missing=groups.missing,
        missing_states=groups.missing_states,
        unaligned=next((a.unaligned for a in predictions.attributes if a.aligned is None), None),
        aligned={
            a.name: {c: a.values[place] for c, place in zip(predictions.classes, a.aligned, strict=True)}
            for a in predictions.attributes
            if a.aligned is not None and not a.is_flag
        },
        flags=tuple(a.name for a in predictions.attributes if a.is_flag),
        class_order=predictions.classes if predictions.by_place else None,
        unranked=at_chance(predictions),
    )


def at_chance(predictions: Predictions) -> str | None:
    """Return a message if a model is not better than chance, else None; None too if all samples are of one class."""
    labels = predictions.labels
    sizes, right = np.bincount(labels), (predictions.predicted == labels).mean(axis=0)
    present = sizes > 0
    if present.sum() < 2 or classes_better_than_chance(np.bincount(labels, right)[present], sizes[present]):
        return None
    return f"{AT_CHANCE}, averaged over classes"


def over_runs(values: Float64, replicates: Float64) -> Estimate:
    """Return the mean of runs, float64 (R,), in [0, 1], with an interval over samples and runs.

    `replicates`: of the runs on the same samples, float64 (B, R).
    """
    return estimate(values, samples=deviation(replicates.mean(axis=1)))


def class_hits(predictions: Predictions) -> tuple[Int64, Int64]:
    """Return the correct answers of every class, by run, int64 (R, C), and its samples, int64 (C,)."""
    labels, count = predictions.labels, len(predictions.classes)
    hits = [np.bincount(labels[row == labels], minlength=count) for row in predictions.predicted]
    return np.stack(hits), np.bincount(labels, minlength=count)


def _lowest_f1(predictions: Predictions) -> float:
    """Return the lowest F1 score of a class that has samples, as a mean over runs."""
    hits, sizes = class_hits(predictions)
    answers = np.stack([np.bincount(row, minlength=len(sizes)) for row in predictions.predicted])
    return float((2 * hits / np.maximum(sizes + answers, 1))[:, sizes > 0].min(axis=1).mean())


def _auroc(predictions: Predictions) -> float | None:
    """Return the mean over runs; samples are ranked by log-odds, which tell apart what rounds to a probability of 1."""
    labels, probs = predictions.labels, predictions.probs
    if probs is None or len(predictions.classes) != 2 or len(np.unique(labels)) < 2:
        return None
    logs, positive = np.log(np.maximum(probs, TINY)), labels == 1
    ranks = rankdata(logs[..., 1] - logs[..., 0], axis=1)[:, positive]
    hits = int(positive.sum())
    # The Mann-Whitney statistic, as a share of all pairs of a positive and a negative sample.
    return float(np.mean((ranks.sum(axis=1) - hits * (hits + 1) / 2) / (hits * (len(labels) - hits))))


def _of_groups(groups: Groups, hits: Int64) -> list[GroupFigures]:
    """Return every group's figures: Clopper-Pearson over samples, widened by the variance over runs."""
    figures = []
    for k, (name, size) in enumerate(zip(groups.names, groups.sizes.tolist(), strict=True)):
        shares = hits[:, k] / size
        mean = float(shares.mean())
        interval = _widened(simultaneous_interval(np.array([round(mean * size)]), np.array([size])), shares)
        figures.append(GroupFigures(name, size, Estimate(mean, *interval)))
    return figures


def _widened(interval: Interval, values: Float64) -> Interval:
    """Widen an interval over samples of the mean of runs, float64 (R,), in [0, 1], by the variance over runs."""
    mean = float(values.mean())
    reach = margin([Part(*standard_error(values, FREE))])
    low, high = (float(np.hypot(end - mean, reach)) for end in interval)
    return Interval(max(mean - low, 0.0), min(mean + high, 1.0))


def _calibration(probs: Float64, labels: Int64) -> Calibration:
    """Return the calibration of probabilities, float64 (R, n, K), for labels, int64 (n,)."""
    truth = np.arange(probs.shape[2]) == labels[:, None]
    nll = -np.log(np.maximum(probs[:, truth], TINY))
    brier = ((probs - truth) ** 2).sum(axis=2)
    ece = [_ece(row.max(axis=1), row.argmax(axis=1) == labels) for row in probs]
    return Calibration(_mean_loss(nll), _mean_loss(brier), float(np.mean(ece)))


def _mean_loss(losses: Float64) -> Estimate:
    """Return the mean over runs and samples of losses, float64 (R, n), with its interval; one sample has none."""
    of_sample = losses.mean(axis=0)
    if len(of_sample) < 2:
        return Estimate(float(of_sample.mean()))
    return estimate(losses.mean(axis=1), spread=LOSS, samples=float(of_sample.std(ddof=1)) / len(of_sample) ** 0.5)


def _ece(confidence: Float64, right: Int64) -> float:
    order = np.argsort(confidence, kind="stable")
    gaps = [
        abs(float(confidence[part].mean() - right[part].mean())) * len(part)
        for part in np.array_split(order, BINS)
        if len(part)
    ]
    return sum(gaps) / len(order)


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


@dataclass(frozen=True)
class Selected:
    """The name of each run's checkpoint that a rule selects, and the figures on test, which have the rule's name."""

    checkpoints: tuple[str, ...]
    evaluation: Evaluation


def select(
    val: Sequence[Predictions], test: Sequence[Predictions], allow_missing: bool = False, seed: int = 0
) -> list[Selected]:
    """Return what each rule selects among checkpoints, in their order, by their predictions for val and for test.

    Of equally good checkpoints the first is taken. Raises `SpurgenError` unless all have the same samples and runs.
    """
    _check_alike(test[0], val[0])
    tested = [_in_order_of(test[0], other) for other in test]
    scores = [_scores(_in_order_of(val[0], other), allow_missing) for other in val]
    of_test = np.stack([_scores(one, allow_missing)["wga"] for one in tested])
    chosen = {LAST: np.full(len(test[0].runs), len(test) - 1)}
    chosen |= {name: np.stack([each[metric] for each in scores]).argmax(axis=0) for metric, name in RULES.items()}
    chosen[ORACLE] = of_test.argmax(axis=0)
    return [
        Selected(
            tuple(test[k].name for k in places),
            evaluate(replace(_of_each_run(tested, places), name=rule), allow_missing, seed),
        )
        for rule, places in chosen.items()
    ]


def _in_order_of(first: Predictions, other: Predictions) -> Predictions:
    """Return a checkpoint's predictions in the order of the first one's samples."""
    _check_alike(first, other)
    return other.take(same_order(first, other, "checkpoints are compared on the same samples"))


def _check_alike(first: Predictions, other: Predictions) -> None:
    """Raise `SpurgenError` unless both have the same runs and classes."""
    for what in ("runs", "classes"):
        ours, theirs = getattr(first, what), getattr(other, what)
        if ours != theirs:
            raise SpurgenError(
                f"{first.name} has the {what} {listed(ours)}, and {other.name} {listed(theirs)}; every checkpoint "
                f"needs the same {what}, on val and on test"
            )


def _scores(predictions: Predictions, allow_missing: bool) -> dict[str, Float64]:
    """Return the metrics that rules maximise, by run, float64 (R,) each."""
    groups = group(predictions, allow_missing)
    metrics = groups.metrics(groups.accuracies(predictions.predicted == predictions.labels))
    hits, sizes = class_hits(predictions)
    worst_class = (hits[:, sizes > 0] / sizes[sizes > 0]).min(axis=1)
    return {"accuracy": metrics["accuracy"], "worst_class": worst_class, "wga": metrics["wga"]}


def _of_each_run(checkpoints: Sequence[Predictions], places: Int64) -> Predictions:
    """Return the answers of each run's own checkpoint, int64 (R,)."""
    return stacked([checkpoints[place].run(run) for run, place in enumerate(places)], checkpoints[0].runs)
