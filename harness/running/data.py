"""The data of a job: parts of its world, what training gets, and how much of it an access tier grants."""

from dataclasses import replace

from spurgen.benchmark.contract import ACCESS, CARRIERS_OF, Batch, LabeledData
from spurgen.benchmark.plugins import is_baseline
from spurgen.benchmark.task import Task
from spurgen.generators.world import NOTHING, Samples, world_of
from spurgen.harness.running.features import features_of
from spurgen.harness.running.job import Job
from spurgen.harness.splits.frozen import SHARD, shard_bounds

CALIBRATION = "calibration"
"""Key of the inputs on whose answers the temperature is fitted, whichever part they are."""


def make_part(job: Job, part: str, first: int = 0, last: int | None = None) -> Samples:
    """Return samples [first, last) of a part as the job's task shows them, checked against the frozen ones.

    On a ladder the shipped baselines get features of what it shows, unless they train the encoder or it has features.
    """
    task, parts, world = job.task, job.task.scenario.parts, world_of(job.task.scenario)
    if part not in parts:  # twins of train or val, which no manifest has
        return world.draw(part, range(first, last or 0), CARRIERS_OF[task.modality])
    chosen = range(parts[part])[first:last]
    encoded = task.backbone == "frozen" and "features" not in CARRIERS_OF[task.modality]
    if is_baseline(job.spec) and encoded and task.scenario.rungs:
        known = features_of(task, part, job.frozen, job.encoder)
        inputs = Batch(None, None, known[chosen.start : chosen.stop])
        return replace(world.draw(part, chosen, NOTHING), inputs=inputs)
    shards = []
    for start, stop in shard_bounds(task.scenario, part):
        if start < chosen.stop and stop > chosen.start:
            shard = world.draw(part, range(start, stop), CARRIERS_OF[task.modality])
            job.check_data(part, start, shard)
            shards.append(shard.take(slice(max(chosen.start - start, 0), chosen.stop - start)))
    return Samples.join(shards)


def fitted(job: Job, split: str) -> Samples:
    """Return train or val without twins; for an uncorrelated job, samples in which nothing goes with the class.

    A matched job has only as many of these to train on as the task has counterexamples, those of its draw.
    """
    scenario, m = job.task.scenario, job.task.counterexamples
    pieces = scenario.pieces(split, m)
    if job.uncorrelated:
        flat, part = scenario.flat(split)
        first, last = (job.draw * m, (job.draw + 1) * m) if job.matched and split == "train" else (0, flat.parts[part])
        pieces = ((part, range(first, last)),)
        if flat is not scenario:
            job = replace(job, task=replace(job.task, scenario=flat), frozen=None)
    return Samples.join([make_part(job, part, rows.start, rows.stop) for part, rows in pieces])


def labeled(job: Job, split: str, samples: Samples, access: str) -> LabeledData:
    """Return what an access tier grants of train or val; twins are the same scenes with random shortcuts.

    Tiers that see no groups on val get it without the samples that make it balanced, or its counterexamples, which
    would be more to train on than train has. On a ladder our methods keep them, since they only select by val.
    """
    task, on_ladder = job.task, bool(job.task.scenario.rungs)
    data = world_of(task.scenario).labeled(task.modality, split, samples)
    twins = task.scenario.counterparts(split, task.counterexamples) if access == "twins" else None
    if twins and not (on_ladder and job.uncorrelated):
        part, order = twins[0], twins[1][: len(data)]
        data = replace(data, twins=make_part(job, part, 0, int(order.max()) + 1).inputs.take(order))
    if not (ACCESS[access].balanced_val or (on_ladder and (job.uncorrelated or is_baseline(job.spec)))):
        data = data.take(task.scenario.biased_rows(split, task.counterexamples))
    return data.restrict(access, split)


def asked(task: Task) -> dict[str, int]:
    """Return how many inputs are queried under each key in one world: calibration, test and all twins."""
    scenario = task.scenario
    return dict([(CALIBRATION, scenario.parts[scenario.calibrated_on]), *scenario.asked(task.modality).items()])


def pieces_of(task: Task, chunk: int = SHARD) -> list[tuple[str, range]]:
    """Return the keys and indices of all inputs to query, at most `chunk` of a shard at a time."""
    parts = {key: task.scenario.calibrated_on if key == CALIBRATION else key for key in asked(task)}
    return [
        (key, range(start, stop)[k : k + chunk])
        for key, part in parts.items() for start, stop in shard_bounds(task.scenario, part)
        for k in range(0, stop - start, chunk)
    ]  # fmt: skip
