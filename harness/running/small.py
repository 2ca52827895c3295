"""A task made small, on which `spurgen check` trains and asks a submission in seconds."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

import numpy as np

from spurgen.benchmark.contract import Batch, Int64
from spurgen.benchmark.ladder import Ladder
from spurgen.benchmark.task import Rung, Task
from spurgen.generators import sample
from spurgen.harness.running import rungs
from spurgen.harness.running.batching import CHUNK
from spurgen.harness.running.job import Job
from spurgen.harness.running.plan import plan_unfrozen
from spurgen.harness.running.query import count_rows
from spurgen.harness.running.run import fit, fit_on
from spurgen.harness.running.task_data import first_granted, halves_of, inputs
from spurgen.harness.sandbox.process import Worker

SPLITS = {"train": 400, "val": 200}  # samples
ON_LADDER = {"train": 200, "val": 64, "test_per_class": 40}  # samples at most: baselines encode each
MOST = 50  # counterexamples


@dataclass(frozen=True)
class Small:
    """A task made small.

    `train`, int64 labels `labels`: what a probe is fitted on. `many`: as many inputs as a run asks of in a batch, none
    of which training was given from `fresh` on. `truth`: the labels of `many`, int64 (CHUNK,). `states` maps where
    accuracy is shown to the rows of `many`. `fit` trains a worker's submission. `scale`: how many times as large the
    whole task's train split is, and `rows` how many rows a run asks of a submission that offers these functions.
    """

    train: Batch
    labels: Int64
    many: Batch
    truth: Int64
    fresh: slice
    states: dict[str, slice]
    fit: Callable[[Worker], object]
    scale: float
    rows: Callable[[Collection[str]], int]


def small(task: Task, worker: Worker) -> Small:
    """Return the small version of a task, with the samples that a worker's submission is granted."""
    job = plan_unfrozen(task, worker.spec, 0, worker.device, {})
    return _of_rung(job) if isinstance(task, Rung) else _of_scenario(job, worker.about.access)


def _of_scenario(job: Job, access: str) -> Small:
    """Take the first samples of train and val that the access tier is given, and those before that it is not."""
    task, made = job.task, {}
    for split, count in SPLITS.items():
        before = first_granted(task, split, access)
        made[split] = sample(task.scenario, split, range(before + count), **halves_of(task))
    many = sample(task.scenario, "val", range(CHUNK), **halves_of(task))
    return Small(
        train=inputs(task, made["train"]), labels=made["train"].labels, many=inputs(task, many), truth=many.labels,
        fresh=slice(SPLITS["val"], None), states={}, fit=lambda worker: fit(job, worker, made["train"], made["val"]),
        scale=task.scenario.splits.train / SPLITS["train"], rows=lambda offers: count_rows(task, offers),
    )  # fmt: skip


def _of_rung(job: Job) -> Small:
    """Take a rung of a smaller ladder, whose things in test train does not show."""
    whole = rungs.rung_of(job)
    job = replace(job, task=shrunk(whole))
    train, val = rungs.fitted(job, "train"), rungs.fitted(job, "val")
    parts = {state: rungs.make_part(job, f"test/{state}") for state in ("mislead", "agree")}
    count = len(parts["agree"].samples.labels)
    again = np.resize(np.arange(2 * count), CHUNK)
    labels = np.concatenate([part.samples.labels for part in parts.values()])
    asked = sum(rungs.asked_parts(whole).values())
    return Small(
        train=train.inputs, labels=train.samples.labels,
        many=Batch.join([part.inputs for part in parts.values()]).take(again), truth=labels[again],
        fresh=slice(0, 2 * count), states={"mislead": slice(0, count), "agree": slice(count, 2 * count)},
        fit=lambda worker: fit_on(job, worker, train, val), scale=whole.ladder.train / len(train.samples.labels),
        rows=lambda offers: asked + whole.ladder.train * ("encode" in offers),
    )  # fmt: skip


def shrunk(rung: Rung) -> Rung:
    """Return a rung in a smaller world, with at most `MOST` counterexamples."""
    ladder = rung.ladder
    sizes = {name: min(size, getattr(ladder, name)) for name, size in ON_LADDER.items()}
    m = min(rung.counterexamples, MOST, sizes["train"] // 2)
    sizes |= {"twins_per_class": min(ladder.twins_per_class, sizes["test_per_class"])}
    smaller = Ladder.model_validate(ladder.model_dump() | sizes | {"rungs": (m,)})
    return replace(rung, scenario=smaller, counterexamples=m)  # type: ignore[arg-type]  # see Rung
