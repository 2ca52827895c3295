"""A small version of a task, on which `spurgen check` trains and queries a submission in seconds."""

from dataclasses import dataclass, replace

import numpy as np

from spurgen.benchmark.contract import Batch, Int64
from spurgen.benchmark.ladder import Ladder
from spurgen.benchmark.task import Rung, Task
from spurgen.harness.running import rungs
from spurgen.harness.running.batching import CHUNK
from spurgen.harness.running.job import Job
from spurgen.harness.running.plan import plan_unfrozen
from spurgen.harness.running.run import fitted
from spurgen.harness.running.task_data import Part, first_granted, part_of
from spurgen.harness.sandbox.process import Worker

SPLITS = {"train": 400, "val": 200}  # samples
ON_LADDER = {"train": 200, "val": 64, "test_per_class": 40}  # samples at most: baselines encode each
MOST = 50  # counterexamples


@dataclass(frozen=True)
class Small:
    """A small version of a task: `job` names it, and trains on `train` and `val`.

    `many`: as many inputs as the largest batch of a run; those in `fresh` are not in training. `truth`: their labels,
    int64 (CHUNK,). `states`: the rows of `many` for each state whose accuracy is shown. `scale`: how many times as
    large the whole task's train split is.
    """

    job: Job
    train: Part
    val: Part
    many: Batch
    truth: Int64
    fresh: slice
    states: dict[str, slice]
    scale: float


def small(task: Task, worker: Worker) -> Small:
    """Return the small version of a task, with the samples that a worker's submission is granted."""
    job = plan_unfrozen(task, worker.spec, 0, worker.device, {})
    return _of_rung(job) if isinstance(task, Rung) else _of_scenario(job, worker.about.access)


def _of_scenario(job: Job, access: str) -> Small:
    """Take the first samples of train and val, enough that the access tier grants `SPLITS` of them."""
    task = job.task
    train, val = (
        part_of(task, split, range(first_granted(task, split, access) + count)) for split, count in SPLITS.items()
    )
    many = part_of(task, "val", range(CHUNK))
    return Small(
        job, train, val, many.inputs, many.samples.labels, slice(SPLITS["val"], None), {},
        task.scenario.splits.train / SPLITS["train"],
    )  # fmt: skip


def _of_rung(job: Job) -> Small:
    """Take a rung of a smaller ladder; its test samples show things that train does not."""
    whole = rungs.rung_of(job)
    job = replace(job, task=shrunk(whole))
    train, val = fitted(job, "train"), fitted(job, "val")
    misled, agreeing = (rungs.make_part(job, f"test/{state}") for state in ("mislead", "agree"))
    count, both = len(agreeing.samples.labels), Part.join([misled, agreeing])
    again = np.resize(np.arange(2 * count), CHUNK)
    return Small(
        job, train, val, both.inputs.take(again), both.samples.labels[again], slice(0, 2 * count),
        {"mislead": slice(0, count), "agree": slice(count, 2 * count)},
        whole.ladder.train / len(train.samples.labels),
    )  # fmt: skip


def shrunk(rung: Rung) -> Rung:
    """Return a rung in a smaller world, with at most `MOST` counterexamples."""
    ladder = rung.ladder
    sizes = {name: min(size, getattr(ladder, name)) for name, size in ON_LADDER.items()}
    m = min(rung.counterexamples, MOST, sizes["train"] // 2)
    sizes |= {"twins_per_class": min(ladder.twins_per_class, sizes["test_per_class"])}
    smaller = Ladder.model_validate(ladder.model_dump() | sizes | {"rungs": (m,)})
    return replace(rung, scenario=smaller, counterexamples=m)
