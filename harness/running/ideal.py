"""The metrics of the ideal observer of a task's training data, computed as for a submission."""

from functools import lru_cache

import numpy as np

from spurgen.benchmark.contract import Modality
from spurgen.benchmark.scenario import Scenario
from spurgen.benchmark.task import Task
from spurgen.generators import Samples, sample
from spurgen.generators.evidence import evidence
from spurgen.generators.sampling import drawn
from spurgen.harness.running.query import Answers, Floats, to_logits
from spurgen.harness.running.scoring import Scores, score
from spurgen.harness.running.task_data import Block, Key, asked
from spurgen.harness.statistics.ideal_observer import ideal_observer

DIGITS = 8  # decimals that logits are rounded to, so that equally probable classes tie


def ideal_scores(task: Task) -> Scores:
    """Return every metric of the ideal observer of a task's training data, in one world of the task.

    For a scenario of your own: `ideal_scores(Task("mine", load_scenario("mine.toml"), "image"))`. Computed once per
    process and world, in less than a second. Raise `ScenarioError` if the withheld combinations of the scenario join
    too many channels.
    """
    return _scores(task.scenario, task.modality)


@lru_cache(maxsize=256)
def _scores(scenario: Scenario, modality: Modality) -> Scores:
    task = Task("ideal", scenario, modality)
    return score(task, ideal_answers(task))


def ideal_answers(task: Task) -> Answers:
    """Return the ideal observer's answers to every input of a task that is not a rung."""
    scenario, logits, factors = task.scenario, dict[Key, Floats](), dict[Key, Samples]()
    for key, size in asked(task).items():
        block, split = (key, "test") if isinstance(key, Block) else (Block(), scenario.calibrated_on)
        made = drawn(scenario, split, np.arange(size), block.kind, block.channel, block.value)
        probabilities = ideal_observer(scenario).probabilities(evidence(made, task.modality))
        logits[key] = np.round(to_logits(probabilities), DIGITS)
        if block == Block():
            factors[key] = sample(scenario, split, range(size), images=False, captions=False)
    return Answers(logits, factors)
