"""A task's data as arrays: annotated splits, test inputs, and twins in their frozen order."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from spurgen.benchmark.contract import ACCESS, Batch, Int64, LabeledData
from spurgen.benchmark.task import Rung, Task
from spurgen.generators import Samples, TwinKind, groups_over, sample, twins
from spurgen.generators.factors import NO_ENVIRONMENT
from spurgen.harness.results.answered import scored_parts

CALIBRATION = "calibration"


@dataclass(frozen=True)
class Part:
    """Samples, used only for their factors, and their inputs as a submission sees them."""

    samples: Samples
    inputs: Batch

    def take(self, chosen: slice) -> "Part":
        """Return the samples of a slice."""
        return Part(self.samples.take(chosen), self.inputs.take(chosen))

    @classmethod
    def join(cls, parts: Sequence["Part"]) -> "Part":
        """Concatenate one or more parts, in order."""
        return cls(Samples.join([part.samples for part in parts]), Batch.join([part.inputs for part in parts]))


def inputs(task: Task, samples: Samples) -> Batch:
    """Return the images and captions that the task's modality uses."""
    return Batch(
        None if task.modality == "text" else samples.images, None if task.modality == "image" else samples.captions
    )


def halves_of(task: Task) -> dict[str, bool]:
    """Return which halves of a sample the task needs, as keyword arguments of the generator."""
    return {"images": task.modality != "text", "captions": task.modality != "image"}


def part_of(task: Task, split: str, indices: range) -> Part:
    """Return samples of a split, without twins."""
    samples = sample(task.scenario, split, indices, **halves_of(task))
    return Part(samples, inputs(task, samples))


def task_groups(task: Task, group_ids: Int64) -> Int64:
    """Reduce the scenario's group ids to those over the channels that the modality carries; return int64 (n,)."""
    return groups_over(task.scenario, task.channels, group_ids)


def annotated_groups(task: Task, group_ids: Int64) -> Int64:
    """Reduce the scenario's group ids to those over the channels that training may know; return int64 (n,)."""
    return groups_over(task.scenario, task.annotated, group_ids)


def first_granted(task: Task, split: str, access: str) -> int:
    """Return the index of a split's first sample that an access tier grants; the samples before it are balanced."""
    return 0 if split != "val" or ACCESS[access].balanced_val else task.scenario.num_balanced_val


def labeled_data(task: Task, split: str, samples: Samples, access: str) -> LabeledData:
    """Return the part of a split that an access tier grants; `samples`: all of `train` or `val`.

    No annotation covers hidden channels. Balanced samples of val belong to no environment, -1.
    """
    if split == "val":
        balanced = np.arange(len(samples.labels)) < task.scenario.num_balanced_val
        samples = replace(samples, env_ids=np.where(balanced, NO_ENVIRONMENT, samples.env_ids))
    samples = samples.take(slice(first_granted(task, split, access), None))
    indices = range(len(samples.labels))
    counterparts = None
    if access == "twins":
        counterparts = inputs(task, twins(task.scenario, split, indices, "unc", None, None, **halves_of(task)))
    data = LabeledData(
        batch=inputs(task, samples),
        labels=samples.labels,
        num_groups=task.scenario.num_classes * 2 ** len(task.annotated),
        env_ids=samples.env_ids,
        group_ids=annotated_groups(task, samples.group_ids),
        channel_values={name: samples.channel_values[name] for name in task.annotated},
        twins=counterparts,
    )
    return data.restrict(access, split)


@dataclass(frozen=True)
class Block:
    """Key of a block of test inputs: the base samples (`kind` is None), or one kind of their twins."""

    kind: TwinKind | None = None
    channel: str | None = None
    value: int | None = None

    @property
    def name(self) -> str:
        """Readable name, such as `channel/color/3`."""
        return "/".join(str(part) for part in (self.kind or "test", self.channel, self.value) if part is not None)


def twin_blocks(task: Task) -> list[Block]:
    """Return all twin blocks of a task in their frozen order: every value of every channel is included."""
    channels = task.scenario.channels
    blocks = [Block("core"), Block("ctrl"), Block("unc")]
    return blocks + [Block("channel", name, v) for name in task.channels for v in range(channels[name].values)]


def bases(task: Task, block: Block) -> range:
    """Return the indices of the test samples that a block contains."""
    return range(task.scenario.num_test if block.kind is None else task.scenario.splits.twins)


def make_block(task: Task, block: Block, indices: range | list[int]) -> Samples:
    """Return a block's samples."""
    if block.kind is None:
        return sample(task.scenario, "test", indices, **halves_of(task))
    return twins(task.scenario, "test", indices, block.kind, block.channel, block.value, **halves_of(task))


def part_start(task: Task, block: Block, first: int) -> tuple[str, int]:
    """Return a block's part in the manifest, and a sample's place there."""
    if block.kind is None:
        return "test", first
    if block.value is None:
        return f"twins/{block.kind}", first
    return f"twins/channel/{block.channel}", block.value * task.scenario.splits.twins + first


Key = Block | str
"""Key of inputs to query: a block, a part of a rung's ladder, or `CALIBRATION`."""


def asked(task: Task) -> dict[Key, int]:
    """Return how many inputs are queried under each key in one world: calibration, test and all twins."""
    if isinstance(task, Rung):
        return dict([(CALIBRATION, task.ladder.parts[CALIBRATION]), *scored_parts(task).items()])
    calibration = task.scenario.split_size(task.scenario.calibrated_on)
    blocks = ((block, len(bases(task, block))) for block in (Block(), *twin_blocks(task)))
    return dict([(CALIBRATION, calibration), *blocks])


def pieces_of(task: Task, chunk: int = 1000) -> list[tuple[Key, range]]:
    """Return the keys and indices of all inputs to query, at most `chunk` at a time."""
    return [(key, range(size)[k : k + chunk]) for key, size in asked(task).items() for k in range(0, size, chunk)]
