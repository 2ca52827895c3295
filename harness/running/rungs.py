"""The data of a rung: its parts, what training gets, and how much of it an access tier grants."""

import numpy as np

from spurgen.benchmark.contract import ACCESS, Batch, LabeledData
from spurgen.benchmark.specs import is_baseline
from spurgen.benchmark.task import Rung
from spurgen.generators import Samples
from spurgen.generators.ladder.world import sample_part
from spurgen.harness.running.features import features_of
from spurgen.harness.running.job import Job
from spurgen.harness.running.task_data import Part, halves_of, inputs
from spurgen.harness.splits.freeze import SHARD

JOINT = "shortcuts"
"""Name of the channel that gives training the shortcuts' values: they move together, so one value stands for all."""


def make_part(job: Job, part: str, first: int = 0, last: int | None = None) -> Part:
    """Return samples [first, last) of a part, checked against the frozen ones.

    The shipped baselines get features instead of images and captions, unless they train the encoder.
    """
    rung = rung_of(job)
    chosen = range(rung.ladder.parts[part])[first:last]
    if is_baseline(job.spec) and rung.backbone == "frozen":
        samples = sample_part(rung.ladder, part, chosen, images=False, captions=False)
        known = features_of(rung, part, job.frozen, job.encoder)
        return Part(samples, Batch(None, None, known[chosen.start : chosen.stop]))
    shards = []
    for start in range(chosen.start - chosen.start % SHARD, chosen.stop, SHARD):
        shard = sample_part(
            rung.ladder, part, range(start, min(start + SHARD, rung.ladder.parts[part])), **halves_of(rung)
        )
        job.check_data(part, start, shard)
        shards.append(shard.take(slice(max(chosen.start - start, 0), max(chosen.stop - start, 0))))
    samples = Samples.join(shards)
    return Part(samples.without_inputs(), inputs(rung, samples))


def rung_of(job: Job) -> Rung:
    """Return a job's rung."""
    assert isinstance(job.task, Rung)
    return job.task


def split_of(job: Job, split: str) -> Part:
    """Return train or val of a rung, made of `Ladder.pieces`; for an uncorrelated job, `free` samples.

    A matched job has only as many free samples as the rung has counterexamples, those of its draw.
    """
    rung = rung_of(job)
    if job.uncorrelated:
        free = "train/free" if split == "train" else "calibration"
        if split == "train" and job.matched:
            first = job.draw * rung.counterexamples
            return make_part(job, free, first, first + rung.counterexamples)
        return make_part(job, free)
    pieces = rung.ladder.pieces(split, rung.counterexamples)
    return Part.join([make_part(job, part, indices.start, indices.stop) for part, indices in pieces])


def labeled(job: Job, split: str, part: Part, access: str) -> LabeledData:
    """Return what an access tier grants of train or val; twins are the same scenes with random shortcuts.

    Tiers that see no groups on val get it without its counterexamples, which would be more to train on than train has.
    Our methods keep them, since they only select by val. In an uncorrelated job the values are those of the first
    shortcut; the others do not share them.
    """
    rung = rung_of(job)
    if split == "val" and not (ACCESS[access].balanced_val or job.uncorrelated or is_baseline(job.spec)):
        counters = rung.ladder.val_counterexamples(rung.counterexamples)
        first = counters if rung.ladder.hidden else 0
        part = part.take(slice(first, len(part.samples.labels) - counters))
    twins = None
    if access == "twins" and split == "train" and not job.uncorrelated:
        size, m = rung.ladder.train, rung.counterexamples
        order = np.concatenate([np.arange(size - m), size - 1 - np.arange(m)])
        twins = make_part(job, "train/free").inputs.take(order)
    data = LabeledData(
        batch=part.inputs,
        labels=part.samples.labels,
        num_groups=rung.num_groups,
        env_ids=part.samples.env_ids,
        group_ids=part.samples.group_ids,
        channel_values={JOINT: part.samples.channel_values[rung.channels[0]]},
        twins=twins,
    )
    return data.restrict(access, split)
