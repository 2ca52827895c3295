"""Compute the metrics of one job from a submission's predictions, by pure functions of arrays."""

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from spurgen.benchmark.contract import Int64, Modality
from spurgen.benchmark.errors import SubmissionError
from spurgen.benchmark.plugins import discover
from spurgen.benchmark.result import SampleArrays
from spurgen.benchmark.task import Task
from spurgen.benchmark.world import Description
from spurgen.generators.world import Samples, world_of
from spurgen.harness import metrics
from spurgen.harness.metrics.calibration import largest_lead, with_leads_up_to
from spurgen.harness.results.answered import answered
from spurgen.harness.results.rows import PREDICTED
from spurgen.harness.running.data import CALIBRATION, asked
from spurgen.harness.running.query import Answers, Floats, to_logits

METRICS = "spurgen.harness.metrics"
LARGEST_LEAD = 1e6
"""Largest difference between two classes' calibrated logits, in nats; above it no loss can be computed."""
DIGITS = 8  # decimals that the ideal observer's logits are rounded to, so that equally probable classes tie


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
    if not task.scenario.rungs:
        _check_scale(answers, f"{source}, task {task.name}")
    logits, factors, temperature = answers.logits, answers.factors, answers.temperature
    world, layout = world_of(task.scenario), task.scenario.layout(task.modality)
    predicted = np.concatenate([logits[part].argmax(axis=1) for part in task.scenario.asked(task.modality)])
    found, grouped = answered(task, predicted), Samples.join([factors[part] for part in layout.grouped])
    twins = {
        name: metrics.softmax(np.stack(np.split(logits[part], len(world.goes[name])), axis=1), temperature)
        for name, part in layout.switched.items()
    }
    probs = metrics.softmax(np.concatenate([logits[part] for part in layout.grouped]), temperature)
    about = metrics.Answers(probs, grouped.labels, world.groups(task.channels, grouped), twins)
    sensitivities: dict[str, Floats] = {
        name: metrics.spurious_sensitivities(probs[: len(each)], each, grouped.labels[: len(each)])
        for name, each in twins.items()
    }
    values = found.metrics | {"temperature": temperature}
    samples: SampleArrays = {"correct": found.correct, PREDICTED: predicted[None, :].astype(np.uint8)}
    samples |= {f"sss/{name}": each for name, each in sensitivities.items()}
    means = {name: float(each.mean()) for name, each in sensitivities.items()}
    channels = {name: {"sss": mean, "follows": found.follows[name]} for name, mean in means.items()}
    if channels:
        values["sss"] = float(np.mean([*means.values()]))
    if layout.agreeing and layout.free:
        free = logits[layout.free]
        samples["ig"] = _invariance(answers, logits[layout.agreeing][: len(free)], free, grouped.labels[: len(free)])
        values["ig"] = float(samples["ig"].mean())
    return Scores(values | _measured(about), channels, tuple(found.counts.correct.tolist()), samples)


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


def ideal_scores(task: Task) -> Scores | None:
    """Return every metric of the ideal observer of a task's training data, in one world; None if it is not known.

    For a scenario of your own: `ideal_scores(Task("mine", load_scenario("mine.toml"), "image"))`. Computed once per
    process and world, in less than a second. Raise `ScenarioError` if the withheld combinations of the scenario join
    too many channels.
    """
    return _ideal_scores(task.scenario, task.modality)


@lru_cache(maxsize=256)
def _ideal_scores(scenario: Description, modality: Modality) -> Scores | None:
    task = Task("ideal", scenario, modality)
    answers = ideal_answers(task)
    return None if answers is None else score(task, answers)


def ideal_answers(task: Task) -> Answers | None:
    """Return the ideal observer's answers to every input of a task, or None if it is not known."""
    world, logits, factors = world_of(task.scenario), dict[str, Floats](), dict[str, Samples]()
    for key, size in asked(task).items():
        part = task.scenario.calibrated_on if key == CALIBRATION else key
        probabilities = world.ideal(part, range(size), task.modality)
        if probabilities is None:
            return None
        logits[key] = np.round(to_logits(probabilities), DIGITS)
        factors[key] = world.factors(part)
    return Answers(logits, factors)
