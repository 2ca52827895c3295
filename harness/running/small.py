"""A small version of a task, on which `spurgen check` trains and queries a submission in seconds."""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from spurgen.benchmark.contract import Batch, Int64
from spurgen.benchmark.task import Task
from spurgen.generators.world import Samples
from spurgen.harness.running.batching import CHUNK
from spurgen.harness.running.data import fitted, make_part
from spurgen.harness.running.job import Job
from spurgen.harness.running.plan import plan_unfrozen
from spurgen.harness.sandbox.process import Worker


@dataclass(frozen=True)
class Small:
    """A small version of a task: `job` names it, and trains on `train` and `val`.

    `many`: as many inputs as the largest batch of a run, none of which is in training; those of a small test are
    repeated after the first `fresh`. `truth`: their labels, int64 (CHUNK,). `states`: the rows of `many` for each state
    whose accuracy is shown. `scale`: how many times as large the whole task's train split is.
    """

    job: Job
    train: Samples
    val: Samples
    many: Batch
    truth: Int64
    fresh: slice
    states: dict[str, slice]
    scale: float


def small(task: Task, worker: Worker) -> Small:
    """Return the small version of a task for a worker's submission."""
    job = plan_unfrozen(shrunk(task), worker.spec, 0, worker.device, {})
    train, val = (fitted(job, split) for split in ("train", "val"))
    parts = [*reversed(job.task.scenario.layout(task.modality).grouped)]
    made = [make_part(job, part) for part in parts]
    ends = np.cumsum([0, *(len(each.labels) for each in made)]).tolist()
    states = {
        part.partition("/")[2]: slice(*bounds)
        for part, bounds in zip(parts, pairwise(ends), strict=True) if len(parts) > 1
    }  # fmt: skip
    tests, again = Samples.join(made), np.resize(np.arange(ends[-1]), CHUNK)
    scale = task.num_train / len(train.labels)
    return Small(
        job, train, val, tests.inputs.take(again), tests.labels[again], slice(0, min(ends[-1], CHUNK)), states, scale
    )


def shrunk(task: Task) -> Task:
    """Return a task in a smaller world; of a ladder, with fewer counterexamples."""
    smaller = task.scenario.shrunk(task.counterexamples)
    return replace(task, scenario=smaller, counterexamples=max(smaller.rungs, default=0))
