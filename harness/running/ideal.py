"""What the ideal observer of a task's training data reaches, by the same metrics as a submission."""

from functools import lru_cache

import numpy as np

from spurgen.benchmark.contract import Int64, Modality
from spurgen.benchmark.scenario import Scenario
from spurgen.benchmark.task import Task
from spurgen.generators import sample
from spurgen.generators.evidence import evidence
from spurgen.generators.sampling import drawn
from spurgen.harness.running.query import Floats, Predictions, to_logits
from spurgen.harness.running.scoring import Scores, score
from spurgen.harness.running.task_data import Block, bases, twin_blocks
from spurgen.harness.statistics.ideal_observer import ideal_observer

BASE = Block()
DIGITS = 8  # behind the point of logits, so that equally probable classes tie


def ideal_scores(task: Task) -> Scores:
    """Return every metric of the ideal observer of a task's training data, in one world of the task.

    For a scenario of your own: `ideal_scores(Task("mine", load_scenario("mine.toml"), "image"))`. Computed once per
    process and world, in less than a second. Raise `ScenarioError` if the withheld combinations of the scenario join
    too many channels.
    """
    return _scores(task.scenario.model_dump_json(), task.modality)


@lru_cache(maxsize=256)
def _scores(described: str, modality: Modality) -> Scores:
    task = Task("ideal", Scenario.model_validate_json(described), modality)
    every = range(task.scenario.num_test)
    factors = sample(task.scenario, "test", every, images=False, captions=False)
    return score(task, ideal_predictions(task), factors)


def ideal_predictions(task: Task) -> Predictions:
    """Return the ideal observer's predictions on every input of a task."""
    on = task.scenario.calibrated_on
    calibration = np.arange(task.scenario.split_size(on))
    blocks = [BASE, *twin_blocks(task)]
    return Predictions(
        _logits(task, on, calibration),
        drawn(task.scenario, on, calibration).factors.labels,
        {block: _logits(task, "test", np.array(bases(task, block)), block) for block in blocks},
    )


def _logits(task: Task, split: str, indices: Int64, block: Block = BASE) -> Floats:
    made = drawn(task.scenario, split, indices, block.kind, block.channel, block.value)
    return _as_logits(ideal_observer(task.scenario).probabilities(evidence(made, task.modality)))


def _as_logits(probabilities: Floats) -> Floats:
    return np.round(to_logits(probabilities), DIGITS)
