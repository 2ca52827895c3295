"""Compute the metrics of one job from a submission's predictions, by pure functions of arrays."""

from dataclasses import dataclass, field

import numpy as np

from spurgen.benchmark.contract import Int64
from spurgen.benchmark.errors import SubmissionError
from spurgen.benchmark.plugins import discover
from spurgen.benchmark.result import SampleArrays
from spurgen.benchmark.task import Rung, Task
from spurgen.generators import Samples
from spurgen.harness import metrics
from spurgen.harness.metrics.calibration import largest_lead, with_leads_up_to
from spurgen.harness.results.answered import GROUPED, Answered, answered, answered_on_task, scored_parts
from spurgen.harness.results.rows import PREDICTED
from spurgen.harness.running.query import Answers, Floats
from spurgen.harness.running.task_data import CALIBRATION, Block, task_groups

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


def score(task: Task, answers: Answers, source: str = "predictions") -> Scores:
    """Compute every metric from a submission's answers on one task.

    `source`: where the answers are from, for errors. Outside ladders, raise `SubmissionError` if a sample's logits on
    test differ by more than `LARGEST_LEAD` times the temperature.
    """
    return _of_rung(task, answers) if isinstance(task, Rung) else _of_task(task, answers, source)


def _of_rung(rung: Rung, answers: Answers) -> Scores:
    logits, factors, temperature = answers.logits, answers.factors, answers.temperature
    classes = np.concatenate([logits[part].argmax(axis=1) for part in scored_parts(rung)])
    grouped = Samples.join([factors[part] for part in GROUPED])
    values, free = rung.ladder.num_values, logits["test/free"]
    twins = {name: np.stack(np.split(logits[f"test/{name}"], values), axis=1) for name in rung.channels}
    return _scores(
        answered(rung, classes),
        metrics.Answers(
            metrics.softmax(np.concatenate([logits[part] for part in GROUPED]), temperature),
            grouped.labels,
            grouped.group_ids,
            {name: metrics.softmax(each, temperature) for name, each in twins.items()},
        ),
        _invariance(answers, logits["test/agree"][: len(free)], free, factors["test/free"].labels),
        classes[None, :],
        temperature,
    )


def _of_task(task: Task, answers: Answers, source: str) -> Scores:
    _check_scale(answers, f"{source}, task {task.name}")
    logits, temperature = answers.logits, answers.temperature
    base, labels = logits[Block()], answers.factors[Block()].labels
    groups = task_groups(task, answers.factors[Block()].group_ids)
    channels = task.scenario.channels
    twins = {name: [logits[Block("channel", name, v)] for v in range(channels[name].values)] for name in task.channels}
    bases = slice(0, task.scenario.splits.twins)
    columns = [base[bases], *(each for values in twins.values() for each in values), logits[Block("core")]]
    predicted = np.stack([column.argmax(axis=1) for column in columns], axis=1)  # see results/rows
    return _scores(
        answered_on_task(task, metrics.correct(base, labels), groups, predicted),
        metrics.Answers(
            metrics.softmax(base, temperature),
            labels,
            groups,
            {name: metrics.softmax(np.stack(values, axis=1), temperature) for name, values in twins.items()},
        ),
        _invariance(answers, logits[Block("ctrl")], logits[Block("unc")], labels[bases]),
        predicted,
        temperature,
    )


def _scores(found: Answered, asked: metrics.Answers, gaps: Floats, predicted: Int64, temperature: float) -> Scores:
    """Combine a job's metrics and samples; `gaps`: invariance gaps, float64 (m,)."""
    sensitivities = {
        name: metrics.spurious_sensitivities(asked.probs[: len(twins)], twins, asked.labels[: len(twins)])
        for name, twins in asked.twins.items()
    }
    channels = {
        name: {"sss": float(each.mean()), "follows": found.follows[name]} for name, each in sensitivities.items()
    }
    values = {
        **found.metrics,
        "temperature": temperature,
        "sss": float(np.mean([row["sss"] for row in channels.values()])),
        "ig": float(gaps.mean()),
        **_measured(asked),
    }
    samples = {
        "correct": found.correct,
        PREDICTED: predicted.astype(np.uint8),
        "ig": gaps,
        **{f"sss/{name}": each for name, each in sensitivities.items()},
    }
    return Scores(values, channels, tuple(found.counts.correct.tolist()), samples)


def _measured(answers: metrics.Answers) -> dict[str, float]:
    """Return the metrics that have a file of their own, by the file's name."""
    found = {name: module for name, module in discover(METRICS).items() if hasattr(module, "measure")}
    return {name: float(module.measure(answers)) for name, module in found.items()}


def _check_scale(answers: Answers, where: str) -> None:
    on_test = [logits for key, logits in answers.logits.items() if key != CALIBRATION]
    lead = max(float(np.ptp(logits, axis=1).max()) for logits in on_test)
    if lead > LARGEST_LEAD * answers.temperature:
        raise SubmissionError(
            f"{where}: scores on test differ by up to {lead:.3g}, {lead / answers.temperature:.3g} times the "
            f"temperature that fits them elsewhere, expected at most {LARGEST_LEAD:g} times; scale the scores alike on "
            "all inputs"
        )


def _invariance(answers: Answers, ctrl: Floats, unc: Floats, labels: Int64) -> Floats:
    """Return the invariance gaps between logits on twins whose shortcuts agree and on those with shortcuts at random.

    `ctrl`, `unc`: float64 (m, K).
    """
    most = largest_lead(answers.logits[CALIBRATION])
    ctrl, unc = (with_leads_up_to(most, logits) for logits in (ctrl, unc))
    gaps: Floats = metrics.invariance_gaps(ctrl, unc, labels, answers.temperature)
    return gaps
