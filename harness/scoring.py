"""From a submission's answers to the figures of one cell: pure functions of arrays."""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import RidgeClassifier

from spurgen.benchmark.suite import Task
from spurgen.generators import Samples, aligned_values
from spurgen.harness import metrics
from spurgen.harness.answers import PROBED, Answers, Floats
from spurgen.harness.data import HALF_BASES, Block, task_groups

Int64 = NDArray[np.int64]


@dataclass(frozen=True)
class Scores:
    """Holds a cell's figures, and per sample what the bootstrap resamples."""

    figures: dict[str, float]
    channels: dict[str, dict[str, float]]
    patterns: dict[str, float]
    groups: tuple[int, ...]
    samples: dict[str, NDArray[np.bool_] | Floats]


def score(task: Task, answers: Answers, factors: Samples, train: Samples) -> Scores:
    """Computes every figure of DESIGN's metrics from a submission's answers to one task.

    `factors` are those of the test samples, `train` of the train split. Raises `MetricError` on
    answers that cannot be judged.
    """
    val_labels, logits = answers.val_labels, answers.blocks[Block()]
    temperature = metrics.fit_temperature(answers.val, val_labels)
    groups = task_groups(task, factors.group_ids)
    counts = metrics.group_counts(logits, factors.labels, groups, task.num_groups)
    correct = metrics.correct(logits, factors.labels)
    twins = _twin_figures(task, answers, factors.labels, temperature)
    raw = _twin_figures(task, answers, factors.labels, 1.0)
    accuracies = counts.correct / counts.sizes
    patterns = accuracies.reshape(task.scenario.num_classes, -1).mean(axis=0)
    figures = {
        "accuracy": metrics.accuracy(logits, factors.labels),
        "wga": float(accuracies.min()),
        "aligned_accuracy": float(patterns[0]),
        "conflicting_accuracy": float(patterns[-1]),
        "temperature": temperature,
        "ceiling": task.scenario.ceiling,
        **twins.figures,
        "sss_raw": twins_mean(raw, "sss"),
        "ig_raw": raw.figures["ig"],
        **_representation(task, answers, factors, train),
    }
    channels = {name: {**row, "sss_raw": raw.channels[name]["sss"]} for name, row in twins.channels.items()}
    for name, decoded in _decoded(task, answers, factors).items():
        channels[name]["decoded"] = decoded
    named = {_letters(k, len(task.channels)): float(a) for k, a in enumerate(patterns)}
    whole = {"correct": correct, **twins.samples}
    return Scores(figures, channels, named, tuple(counts.correct.tolist()), whole)


@dataclass(frozen=True)
class _TwinScores:
    figures: dict[str, float]
    channels: dict[str, dict[str, float]]
    samples: dict[str, NDArray[np.bool_] | Floats]


def twins_mean(scores: _TwinScores, figure: str) -> float:
    """Averages a figure over the channels."""
    return float(np.mean([row[figure] for row in scores.channels.values()]))


def _twin_figures(task: Task, answers: Answers, test_labels: Int64, temperature: float) -> _TwinScores:
    """Computes what rests on the base samples that have twins."""
    bases = task.scenario.splits.twins
    labels, base = test_labels[:bases], answers.blocks[Block()][:bases]
    probs = metrics.softmax(base, temperature)
    changed = {name: _values(task, answers, name) for name in task.channels}
    core, placebo = (metrics.softmax(answers.blocks[Block(kind)], temperature) for kind in ("core", "placebo"))
    samples: dict[str, NDArray[np.bool_] | Floats] = {
        "placebo": metrics.placebo_sensitivities(probs, placebo, labels),
        "core": metrics.core_sensitivities(probs, core, labels),
        "ig": metrics.invariance_gaps(answers.blocks[Block("ctrl")], answers.blocks[Block("unc")], labels, temperature),
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
    figures = {
        "sss": float(np.mean([row["sss"] for row in channels.values()])),
        "sss_placebo": float(samples["placebo"].mean()),
        "core_sensitivity": float(samples["core"].mean()),
        "ig": float(samples["ig"].mean()),
        "cra": float(samples["cra"].mean()),
        "flip_rate": float(samples["flip"].mean()),
    }
    return _TwinScores(figures, channels, samples)


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


def _probe(features: Floats, targets: Int64, test: Floats, truth: Int64) -> NDArray[np.bool_]:
    """Fits a ridge classifier on standardised features and says where it is right on others."""
    centre, scale = features.mean(axis=0), features.std(axis=0) + 1e-6
    if len(np.unique(targets)) < 2:
        return np.asarray(truth == targets[0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # ill-conditioned features still give a probe
        model = RidgeClassifier(alpha=1.0).fit((features - centre) / scale, targets)
    right: NDArray[np.bool_] = model.predict((test - centre) / scale) == truth
    return right


def _representation(task: Task, answers: Answers, factors: Samples, train: Samples) -> dict[str, float]:
    """Probes the features: fitted on train, and fitted on balanced data, each on other test samples."""
    if not answers.features:
        return {}
    seen, features = answers.features["train"], answers.features["test"]
    half = len(features) // 2
    labels = factors.labels[half : len(features)]
    groups = task_groups(task, factors.group_ids)[half : len(features)]
    on_train = _probe(seen, train.labels[: len(seen)], features[half:], labels)
    balanced = _probe(features[:half], factors.labels[:half], features[half:], labels)
    sizes = np.bincount(groups, minlength=task.num_groups)
    worst = (np.bincount(groups, on_train, task.num_groups)[sizes > 0] / sizes[sizes > 0]).min()
    return {
        "probe_train": float(on_train.mean()),
        "probe_train_wga": float(worst),
        "probe_balanced": float(balanced.mean()),
    }


def _decoded(task: Task, answers: Answers, factors: Samples) -> dict[str, float]:
    """Says how well each channel can be read off the features, on balanced data."""
    if not answers.features:
        return {}
    features = answers.features["test"]
    half = min(PROBED, len(features) // 2)
    return {
        name: float(
            _probe(
                features[:half],
                factors.channel_values[name][:half],
                features[half:],
                factors.channel_values[name][half : len(features)],
            ).mean()
        )
        for name in task.channels
    }
