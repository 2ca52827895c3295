"""Compute the metrics of one job from a submission's predictions, by pure functions of arrays."""

import math
from dataclasses import dataclass, field

import numpy as np

from spurgen.benchmark.contract import Int64
from spurgen.benchmark.errors import SubmissionError
from spurgen.benchmark.plugins import discover
from spurgen.benchmark.result import SampleArrays, pattern_letters
from spurgen.benchmark.task import Task
from spurgen.generators import Samples, aligned_values
from spurgen.generators.nuisances import NUISANCES
from spurgen.harness import metrics
from spurgen.harness.metrics.calibration import largest_lead, with_leads_up_to
from spurgen.harness.results.predicted import PREDICTED, Classes, families_of
from spurgen.harness.running.query import Floats, Predictions
from spurgen.harness.running.task_data import HALF_BASES, Block, task_groups, twin_labels

METRICS = "spurgen.harness.metrics"
LARGEST_LEAD = 1e6
"""Largest difference between two classes' calibrated logits, in nats; above it no loss can be computed."""


@dataclass(frozen=True)
class Scores:
    """A job's metrics and per-sample arrays, named as in `Result`."""

    metrics: dict[str, float] = field(default_factory=dict)
    channels: dict[str, dict[str, float]] = field(default_factory=dict)
    patterns: dict[str, float] = field(default_factory=dict)
    groups: tuple[int, ...] = ()
    samples: SampleArrays = field(default_factory=dict)


def score(
    task: Task, predictions: Predictions, factors: Samples, train: Samples, source: str = "predictions"
) -> Scores:
    """Compute every metric from a submission's predictions on one task.

    `factors`: the factors of the test samples. `train`: those of the train split. `source`: where the predictions are
    from, for errors. Raise `SubmissionError` if the logits on test are more than `LARGEST_LEAD` times as large as the
    temperature.
    """
    logits = predictions.blocks[Block()]
    temperature = predictions.temperature
    _check_scale(predictions, temperature, f"{source}, task {task.name}")
    groups = task_groups(task, factors.group_ids)
    counts = metrics.group_counts(logits, factors.labels, groups, task.num_groups)
    correct = metrics.correct(logits, factors.labels)
    of_twins = _twin_metrics(task, predictions, factors.labels, temperature)
    raw = _uncalibrated(task, predictions, factors.labels)
    patterns = metrics.pattern_accuracies(counts.accuracies, task.scenario.num_classes)
    values = {
        "accuracy": metrics.accuracy(logits, factors.labels),
        "robust_accuracy": metrics.robust_accuracy(counts.accuracies, task.scenario.num_classes),
        "wga": counts.worst,
        "aligned_accuracy": float(patterns[0]),
        "conflicting_accuracy": float(patterns[-1]),
        "temperature": temperature,
        "ceiling": task.scenario.ceiling,
        **of_twins.metrics,
        "sss_raw": float(np.mean(list(raw.values()))),
        "ig_raw": float(_invariance(predictions, factors.labels, 1.0).mean()),
        **_representation(task, predictions, factors, train),
        **_measured(task, predictions, factors.labels, groups),
    }
    channels = {name: {**row, "sss_raw": raw[name]} for name, row in of_twins.channels.items()}
    for name, decoded in _decoded(task, predictions, factors).items():
        channels[name]["decoded"] = decoded
    by_letters = {pattern_letters(k, len(task.channels)): float(a) for k, a in enumerate(patterns)}
    samples = {"correct": correct, PREDICTED: _predicted(task, predictions), **of_twins.samples}
    return Scores(values, channels, by_letters, tuple(counts.correct.tolist()), samples)


def _measured(task: Task, predictions: Predictions, labels: Int64, groups: Int64) -> dict[str, float]:
    """Return the metrics that are files of their own, by the file's name."""
    found = {name: module for name, module in discover(METRICS).items() if hasattr(module, "measure")}
    if not found:
        return {}
    probs = metrics.softmax(predictions.blocks[Block()], predictions.temperature)
    twins = {n: metrics.softmax(_values(task, predictions, n), predictions.temperature) for n in task.channels}
    answers = metrics.Answers(probs, labels, groups, twins)
    return {name: float(module.measure(answers)) for name, module in found.items()}


def _predicted(task: Task, predictions: Predictions) -> Classes:
    """Return the predicted classes of families, as `results/predicted` describes them."""
    twins = [Block("channel", name, v) for name in task.channels for v in range(task.scenario.channels[name].values)]
    shown = slice(0, families_of(task))
    columns = [predictions.blocks[block][shown].argmax(axis=1) for block in (Block(), *twins)]
    return np.stack(columns, axis=1).astype(np.uint8)


def _check_scale(predictions: Predictions, temperature: float, where: str) -> None:
    lead = max(float(np.ptp(logits, axis=1).max()) for logits in predictions.blocks.values())
    if lead > LARGEST_LEAD * temperature:
        raise SubmissionError(
            f"{where}: scores on test differ by up to {lead:.3g}, {lead / temperature:.3g} times the temperature that "
            f"fits them elsewhere, expected at most {LARGEST_LEAD:g} times; scale the scores alike on all inputs"
        )


@dataclass(frozen=True)
class _TwinScores:
    metrics: dict[str, float]
    channels: dict[str, dict[str, float]]
    samples: SampleArrays


def _invariance(predictions: Predictions, test_labels: Int64, temperature: float, most: float = math.inf) -> Floats:
    """Return the invariance gap of each base sample, float64 (m,); leads count up to `most`."""
    ctrl, unc = (with_leads_up_to(most, predictions.blocks[Block(kind)]) for kind in ("ctrl", "unc"))
    return metrics.invariance_gaps(ctrl, unc, test_labels[: len(ctrl)], temperature)


def _uncalibrated(task: Task, predictions: Predictions, test_labels: Int64) -> dict[str, float]:
    """Return the SSS of every channel at temperature 1."""
    labels = test_labels[: task.scenario.splits.twins]
    probs = metrics.softmax(predictions.blocks[Block()][: len(labels)])
    return {
        name: metrics.spurious_sensitivity(probs, metrics.softmax(_values(task, predictions, name)), labels)
        for name in task.channels
    }


def _twin_metrics(task: Task, predictions: Predictions, test_labels: Int64, temperature: float) -> _TwinScores:
    """Compute the metrics that compare base samples with their twins."""
    bases = task.scenario.splits.twins
    labels, base = test_labels[:bases], predictions.blocks[Block()][:bases]
    probs = metrics.softmax(base, temperature)
    changed = {name: _values(task, predictions, name) for name in task.channels}
    core, placebo = (metrics.softmax(predictions.blocks[Block(kind)], temperature) for kind in ("core", "placebo"))
    samples: SampleArrays = {
        "placebo": metrics.placebo_sensitivities(probs, placebo, labels),
        "core": metrics.core_sensitivities(probs, core, labels),
        "ig": _invariance(predictions, test_labels, temperature, largest_lead(predictions.calibration)),
        "cra": metrics.counterfactually_robust(base, changed, labels),
    }
    channels: dict[str, dict[str, float]] = {}
    flips = []
    for name, scores in changed.items():
        shifted = metrics.softmax(scores, temperature)
        samples[f"sss/{name}"] = metrics.spurious_sensitivities(probs, shifted, labels)
        aligned = aligned_values(task.scenario, name)
        samples[f"pull/{name}"] = metrics.signed_pulls(shifted, aligned)
        flips.append(metrics.flip_rates(base, scores))
        channels[name] = {
            "sss": float(samples[f"sss/{name}"].mean()),
            "flip_rate": float(flips[-1].mean()),
            "pull": float(samples[f"pull/{name}"].mean()),
            "reliance": metrics.reliance(shifted, aligned),
            **_halves(task, predictions, name, probs, labels, temperature),
        }
    samples["flip"] = np.mean(flips, axis=0)
    samples["core_use"] = metrics.core_uses(probs, core, labels, twin_labels(task, Block("core")))
    values = {
        "reliance": max(row["reliance"] for row in channels.values()),
        "core_use": float(samples["core_use"].mean()),
        "sss": float(np.mean([row["sss"] for row in channels.values()])),
        "sss_placebo": float(samples["placebo"].mean()),
        **_floors(predictions, probs, labels, temperature),
        "core_sensitivity": float(samples["core"].mean()),
        "ig": float(samples["ig"].mean()),
        "cra": float(samples["cra"].mean()),
        "flip_rate": float(samples["flip"].mean()),
    }
    return _TwinScores(values, channels, samples)


def _floors(predictions: Predictions, probs: Floats, labels: Int64, temperature: float) -> dict[str, float]:
    """Return the sensitivity to every single nuisance that has twins, and the largest of them, the floor of SSS."""
    floors = {}
    for nuisance in NUISANCES:
        if Block("placebo", nuisance) in predictions.blocks:
            placebo = metrics.softmax(predictions.blocks[Block("placebo", nuisance)], temperature)
            count = len(placebo)
            floors[f"sss_placebo_{nuisance}"] = metrics.placebo_sensitivity(probs[:count], placebo, labels[:count])
    return {"sss_floor": max(floors.values()), **floors} if floors else {}


def _values(task: Task, predictions: Predictions, name: str, half: str | None = None) -> Floats:
    """Return the logits on a channel's twins, float64 (m, V, K)."""
    values = range(task.scenario.channels[name].values)
    return np.stack([predictions.blocks[Block("channel", name, v, half)] for v in values], axis=1)


def _halves(
    task: Task, predictions: Predictions, name: str, probs: Floats, labels: Int64, temperature: float
) -> dict[str, float]:
    """Return the SSS when only the image, or only the caption, takes the channel's new value."""
    with_halves = slice(0, min(HALF_BASES, len(labels)))
    values = {}
    for half in ("image", "caption"):
        if Block("channel", name, 0, half) in predictions.blocks:
            shifted = metrics.softmax(_values(task, predictions, name, half), temperature)
            values[f"sss_{half}"] = metrics.spurious_sensitivity(probs[with_halves], shifted, labels[with_halves])
    return values


def _halves_of_test(predictions: Predictions, factors: Samples) -> tuple[Floats, Floats, Samples, Samples]:
    """Split the test samples that have features into halves, to fit probes and to evaluate them.

    Return the features of both halves, float64 (h, d), then the factors of both.
    """
    features = predictions.features["test"]
    half = len(features) // 2
    return features[:half], features[half:], factors.take(slice(0, half)), factors.take(slice(half, len(features)))


def _representation(task: Task, predictions: Predictions, factors: Samples, train: Samples) -> dict[str, float]:
    """Return the accuracies of probes fitted on train and on balanced data, evaluated on the same test samples.

    The worst group's is missing where those samples do not hold every group.
    """
    if not predictions.features:
        return {}
    fit_features, features, fit_factors, evaluated = _halves_of_test(predictions, factors)
    groups = task_groups(task, evaluated.group_ids)
    train_features = predictions.features["train"]
    on_train = (train_features, train.labels[: len(train_features)], features, evaluated.labels)
    worst = {}
    if len(np.unique(groups)) == task.num_groups:
        worst["probe_train_wga"] = metrics.probe_worst_group_accuracy(*on_train, groups, task.num_groups)
    return worst | {
        "probe_train": metrics.probe_accuracy(*on_train),
        "probe_balanced": metrics.probe_accuracy(fit_features, fit_factors.labels, features, evaluated.labels),
    }


def _decoded(task: Task, predictions: Predictions, factors: Samples) -> dict[str, float]:
    """Return how accurately a probe fitted on balanced data reads each channel from the features."""
    if not predictions.features:
        return {}
    fit_features, features, fit_factors, evaluated = _halves_of_test(predictions, factors)
    return {
        name: metrics.probe_accuracy(
            fit_features, fit_factors.channel_values[name], features, evaluated.channel_values[name]
        )
        for name in task.channels
    }
