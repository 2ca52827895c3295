"""Compute the metrics of one job from a submission's predictions, by pure functions of arrays."""

from dataclasses import dataclass, field

import numpy as np

from spurgen.benchmark.contract import Int64
from spurgen.benchmark.errors import SubmissionError
from spurgen.benchmark.plugins import discover
from spurgen.benchmark.result import SampleArrays
from spurgen.benchmark.task import Task
from spurgen.generators import Samples
from spurgen.harness import metrics
from spurgen.harness.metrics.calibration import largest_lead, with_leads_up_to
from spurgen.harness.results.answered import answered_on_task
from spurgen.harness.results.predicted import PREDICTED
from spurgen.harness.running.query import Floats, Predictions
from spurgen.harness.running.task_data import Block, task_groups

METRICS = "spurgen.harness.metrics"
LARGEST_LEAD = 1e6
"""Largest difference between two classes' calibrated logits, in nats; above it no loss can be computed."""


@dataclass(frozen=True)
class Scores:
    """A job's metrics and per-sample arrays, named as in `Result`."""

    metrics: dict[str, float] = field(default_factory=dict)
    channels: dict[str, dict[str, float]] = field(default_factory=dict)
    groups: tuple[int, ...] = ()
    samples: SampleArrays = field(default_factory=dict)


def score(task: Task, predictions: Predictions, factors: Samples, source: str = "predictions") -> Scores:
    """Compute every metric from a submission's predictions on one task.

    `factors`: the factors of the test samples. `source`: where the predictions are from, for errors. Raise
    `SubmissionError` if the logits on test are more than `LARGEST_LEAD` times as large as the temperature.
    """
    _check_scale(predictions, f"{source}, task {task.name}")
    logits, temperature = predictions.blocks[Block()], predictions.temperature
    groups, labels = task_groups(task, factors.group_ids), factors.labels
    predicted = _predicted(task, predictions)
    found = answered_on_task(task, metrics.correct(logits, labels), groups, predicted)
    probs = metrics.softmax(logits, temperature)
    twins = {name: metrics.softmax(_values(task, predictions, name), temperature) for name in task.channels}
    bases = slice(0, task.scenario.splits.twins)
    sensitivities = {
        name: metrics.spurious_sensitivities(probs[bases], each, labels[bases]) for name, each in twins.items()
    }
    gaps = _invariance(predictions, labels[bases])
    channels = {
        name: {"sss": float(each.mean()), "follows": found.follows[name]} for name, each in sensitivities.items()
    }
    values = {
        **found.metrics,
        "temperature": temperature,
        "sss": float(np.mean([row["sss"] for row in channels.values()])),
        "ig": float(gaps.mean()),
        **measured(metrics.Answers(probs, labels, groups, twins)),
    }
    samples = {
        "correct": found.correct,
        PREDICTED: predicted.astype(np.uint8),
        "ig": gaps,
        **{f"sss/{name}": each for name, each in sensitivities.items()},
    }
    return Scores(values, channels, tuple(found.counts.correct.tolist()), samples)


def measured(answers: metrics.Answers) -> dict[str, float]:
    """Return the metrics that are files of their own, by the file's name."""
    found = {name: module for name, module in discover(METRICS).items() if hasattr(module, "measure")}
    return {name: float(module.measure(answers)) for name, module in found.items()}


def _predicted(task: Task, predictions: Predictions) -> Int64:
    """Return the predicted classes of families, as `results/predicted` describes them."""
    twins = [Block("channel", name, v) for name in task.channels for v in range(task.scenario.channels[name].values)]
    shown = slice(0, task.scenario.splits.twins)
    columns = [predictions.blocks[block][shown].argmax(axis=1) for block in (Block(), *twins, Block("core"))]
    return np.stack(columns, axis=1)


def _check_scale(predictions: Predictions, where: str) -> None:
    lead = max(float(np.ptp(logits, axis=1).max()) for logits in predictions.blocks.values())
    if lead > LARGEST_LEAD * predictions.temperature:
        raise SubmissionError(
            f"{where}: scores on test differ by up to {lead:.3g}, {lead / predictions.temperature:.3g} times the "
            f"temperature that fits them elsewhere, expected at most {LARGEST_LEAD:g} times; scale the scores alike on "
            "all inputs"
        )


def _invariance(predictions: Predictions, labels: Int64) -> Floats:
    """Return the invariance gap of each base sample, float64 (m,)."""
    most = largest_lead(predictions.calibration)
    ctrl, unc = (with_leads_up_to(most, predictions.blocks[Block(kind)]) for kind in ("ctrl", "unc"))
    return metrics.invariance_gaps(ctrl, unc, labels, predictions.temperature)


def _values(task: Task, predictions: Predictions, name: str) -> Floats:
    """Return the logits on a channel's twins, float64 (m, V, K)."""
    values = range(task.scenario.channels[name].values)
    return np.stack([predictions.blocks[Block("channel", name, v)] for v in values], axis=1)
