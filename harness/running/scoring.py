"""From a submission's predictions to the metrics of one job: pure functions of arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.errors import MetricError, SubmissionError
from spurgen.benchmark.result import Samples as Measured
from spurgen.benchmark.suite import Task
from spurgen.generators import Samples, aligned_values
from spurgen.harness import metrics
from spurgen.harness.running.query import Answers, Floats
from spurgen.harness.running.task_data import HALF_BASES, Block, task_groups

Int64 = NDArray[np.int64]


LARGEST_LEAD = 1e6
"""Nats by which a class may lead another, at the temperature fitted on val; beyond it no loss can be computed."""


@dataclass(frozen=True)
class Scores:
    """A job's metrics, and what it measured per sample."""

    metrics: dict[str, float]
    channels: dict[str, dict[str, float]]
    patterns: dict[str, float]
    groups: tuple[int, ...]
    samples: Measured


def score(task: Task, answers: Answers, factors: Samples, train: Samples) -> Scores:
    """Compute every metric from a submission's predictions on one task.

    `factors` are those of the test samples, `train` of the train split. Raise `SubmissionError` if predictions on test
    are of another order of magnitude than those on val.
    """
    val_labels, logits = answers.val_labels, answers.blocks[Block()]
    temperature = metrics.fit_temperature(answers.val, val_labels)
    _check_scale(answers, temperature)
    groups = task_groups(task, factors.group_ids)
    counts = metrics.group_counts(logits, factors.labels, groups, task.num_groups)
    correct = metrics.correct(logits, factors.labels)
    twins = _twin_metrics(task, answers, factors.labels, temperature)
    raw = _uncalibrated(task, answers, factors.labels)
    patterns = counts.accuracies.reshape(task.scenario.num_classes, -1).mean(axis=0)
    values = {
        "accuracy": metrics.accuracy(logits, factors.labels),
        "wga": counts.worst,
        "aligned_accuracy": float(patterns[0]),
        "conflicting_accuracy": float(patterns[-1]),
        "temperature": temperature,
        "ceiling": task.scenario.ceiling,
        **twins.metrics,
        "sss_raw": float(np.mean(list(raw.values()))),
        "ig_raw": float(_invariance(answers, factors.labels, 1.0).mean()),
        **_representation(task, answers, factors, train),
    }
    channels = {name: {**row, "sss_raw": raw[name]} for name, row in twins.channels.items()}
    for name, decoded in _decoded(task, answers, factors).items():
        channels[name]["decoded"] = decoded
    named = {_letters(k, len(task.channels)): float(a) for k, a in enumerate(patterns)}
    whole = {"correct": correct, **twins.samples}
    return Scores(values, channels, named, tuple(counts.correct.tolist()), whole)


def _check_scale(answers: Answers, temperature: float) -> None:
    lead = max(float(np.ptp(logits, axis=1).max()) for logits in answers.blocks.values())
    if lead > LARGEST_LEAD * temperature:
        raise SubmissionError(
            f"its scores on test differ by up to {lead:.3g}, {lead / temperature:.3g} times the temperature that its "
            f"scores on val give, expected at most {LARGEST_LEAD:g} times; scale the scores alike on all inputs"
        )


@dataclass(frozen=True)
class _TwinScores:
    metrics: dict[str, float]
    channels: dict[str, dict[str, float]]
    samples: Measured


def _invariance(answers: Answers, test_labels: Int64, temperature: float) -> Floats:
    """Returns each base sample's invariance gap: float64 (m,)."""
    ctrl, unc = answers.blocks[Block("ctrl")], answers.blocks[Block("unc")]
    return metrics.invariance_gaps(ctrl, unc, test_labels[: len(ctrl)], temperature)


def _uncalibrated(task: Task, answers: Answers, test_labels: Int64) -> dict[str, float]:
    """Computes every channel's SSS at temperature 1."""
    labels = test_labels[: task.scenario.splits.twins]
    probs = metrics.softmax(answers.blocks[Block()][: len(labels)])
    return {
        name: metrics.spurious_sensitivity(probs, metrics.softmax(_values(task, answers, name)), labels)
        for name in task.channels
    }


def _twin_metrics(task: Task, answers: Answers, test_labels: Int64, temperature: float) -> _TwinScores:
    """Computes what rests on the base samples that have twins."""
    bases = task.scenario.splits.twins
    labels, base = test_labels[:bases], answers.blocks[Block()][:bases]
    probs = metrics.softmax(base, temperature)
    changed = {name: _values(task, answers, name) for name in task.channels}
    core, placebo = (metrics.softmax(answers.blocks[Block(kind)], temperature) for kind in ("core", "placebo"))
    samples: Measured = {
        "placebo": metrics.placebo_sensitivities(probs, placebo, labels),
        "core": metrics.core_sensitivities(probs, core, labels),
        "ig": _invariance(answers, test_labels, temperature),
        "cra": metrics.counterfactually_robust(base, changed, labels),
    }
    channels: dict[str, dict[str, float]] = {}
    flips = []
    for name, scores in changed.items():
        shifted = metrics.softmax(scores, temperature)
        samples[f"sss/{name}"] = metrics.spurious_sensitivities(probs, shifted, labels)
        flips.append(metrics.flip_rates(base, scores))
        channels[name] = {
            "sss": float(samples[f"sss/{name}"].mean()),
            "flip_rate": float(flips[-1].mean()),
            "pull": metrics.signed_pull(shifted, aligned_values(task.scenario, name)),
            **_halves(task, answers, name, probs, labels, temperature),
        }
    samples["flip"] = np.mean(flips, axis=0)
    values = {
        "sss": float(np.mean([row["sss"] for row in channels.values()])),
        "sss_placebo": float(samples["placebo"].mean()),
        "core_sensitivity": float(samples["core"].mean()),
        "ig": float(samples["ig"].mean()),
        "cra": float(samples["cra"].mean()),
        "flip_rate": float(samples["flip"].mean()),
    }
    return _TwinScores(values, channels, samples)


def _values(task: Task, answers: Answers, name: str, half: str | None = None) -> Floats:
    """Stacks the logits on a channel's twins: float64 (m, V, K)."""
    values = range(task.scenario.channels[name].values)
    return np.stack([answers.blocks[Block("channel", name, v, half)] for v in values], axis=1)


def _halves(
    task: Task, answers: Answers, name: str, probs: Floats, labels: Int64, temperature: float
) -> dict[str, float]:
    """Computes SSS where only the image, or only the caption, takes the channel's new value."""
    some = slice(0, min(HALF_BASES, len(labels)))
    found = {}
    for half in ("image", "caption"):
        if Block("channel", name, 0, half) in answers.blocks:
            shifted = metrics.softmax(_values(task, answers, name, half), temperature)
            found[f"sss_{half}"] = metrics.spurious_sensitivity(probs[some], shifted, labels[some])
    return found


def _letters(pattern: int, channels: int) -> str:
    return "".join("c" if pattern >> k & 1 else "a" for k in range(channels))


def _halves_of_test(answers: Answers, factors: Samples) -> tuple[Floats, Floats, Samples, Samples]:
    """Cuts the first test samples, whose features are known, in two: one to fit probes on, one to judge them by."""
    features = answers.features["test"]
    half = len(features) // 2
    return features[:half], features[half:], factors.take(slice(0, half)), factors.take(slice(half, len(features)))


def _representation(task: Task, answers: Answers, factors: Samples, train: Samples) -> dict[str, float]:
    """Probes the features: fitted on train, and fitted on balanced data, each judged by the same test samples."""
    if not answers.features:
        return {}
    balanced, judged, known, truth = _halves_of_test(answers, factors)
    groups = task_groups(task, truth.group_ids)
    if len(np.unique(groups)) < task.num_groups:
        raise MetricError(
            f"probe: the second half of the first {2 * len(known.labels)} test samples holds "
            f"{len(np.unique(groups))} of {task.num_groups} groups; raise test_per_group, or leave out encode"
        )
    seen = answers.features["train"]
    fitted = (seen, train.labels[: len(seen)], judged, truth.labels)
    return {
        "probe_train": metrics.probe_accuracy(*fitted),
        "probe_train_wga": metrics.probe_worst_group_accuracy(*fitted, groups, task.num_groups),
        "probe_balanced": metrics.probe_accuracy(balanced, known.labels, judged, truth.labels),
    }


def _decoded(task: Task, answers: Answers, factors: Samples) -> dict[str, float]:
    """Says how well each channel can be read off the features, on balanced data."""
    if not answers.features:
        return {}
    fitted, judged, known, truth = _halves_of_test(answers, factors)
    return {
        name: metrics.probe_accuracy(fitted, known.channel_values[name], judged, truth.channel_values[name])
        for name in task.channels
    }
