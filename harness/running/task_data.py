"""A task's data as arrays: annotated splits, test inputs, and twins in their frozen order."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from spurgen.benchmark.contract import ACCESS, Batch, Int64, LabeledData
from spurgen.benchmark.task import Task
from spurgen.generators import Samples, TwinKind, groups_over, sample, twins
from spurgen.generators.factors import NO_ENVIRONMENT
from spurgen.generators.nuisances import nuisances_in


def inputs(task: Task, samples: Samples) -> Batch:
    """Return the images and captions that the task's modality uses."""
    return Batch(
        None if task.modality == "text" else samples.images,
        None if task.modality == "image" else samples.captions,
    )


def halves_of(task: Task) -> dict[str, bool]:
    """Return which halves of a sample the task needs, as keyword arguments of the generator."""
    return {"images": task.modality != "text", "captions": task.modality != "image"}


def task_groups(task: Task, group_ids: Int64) -> Int64:
    """Reduce the scenario's group ids to those over the channels that the modality carries; return int64 (n,)."""
    return groups_over(task.scenario, task.channels, group_ids)


def annotated_groups(task: Task, group_ids: Int64) -> Int64:
    """Reduce the scenario's group ids to those over the channels that training may know; return int64 (n,)."""
    return groups_over(task.scenario, task.annotated, group_ids)


def first_granted(task: Task, split: str, access: str) -> int:
    """Return the index of the first sample of a split that an access tier is given: before it are balanced ones."""
    return 0 if split != "val" or ACCESS[access].balanced_val else task.scenario.num_balanced_val


def labeled_data(task: Task, split: str, samples: Samples, access: str) -> LabeledData:
    """Return the part of a split that an access tier grants; `samples`: all of `train` or `val`.

    Hidden channels count in no annotation. Balanced samples of val belong to no environment, -1.
    """
    if split == "val":
        balanced = np.arange(len(samples.labels)) < task.scenario.num_balanced_val
        samples = replace(samples, env_ids=np.where(balanced, NO_ENVIRONMENT, samples.env_ids))
    samples = samples.take(slice(first_granted(task, split, access), None))
    indices = range(len(samples.labels))
    counterparts = None
    if access == "twins":
        halves = halves_of(task)
        unc = twins(task.scenario, split, indices, "unc", images=halves["images"], captions=halves["captions"])
        counterparts = inputs(task, unc)
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
    """Key of a block of test inputs: the base samples (`kind` is None), or one kind of their twins.

    If `half` is set, only that half of the multimodal twin is new, and the other half is the base sample's.
    """

    kind: TwinKind | None = None
    channel: str | None = None
    value: int | None = None
    half: str | None = None

    @property
    def name(self) -> str:
        """Readable name, such as `channel/color/3` or `image-half/channel/color/3`."""
        parts = [f"{self.half}-half" if self.half else None, self.kind or "test", self.channel, self.value]
        return "/".join(str(part) for part in parts if part is not None)


HALF_BASES = 200  # base samples that also have half twins, at most


def twin_blocks(task: Task) -> list[Block]:
    """Return all twin blocks of a task in their frozen order: every value of every channel is included."""
    channels, splits = task.scenario.channels, task.scenario.splits
    blocks = [Block("placebo"), Block("core"), Block("ctrl"), Block("unc")]
    blocks += [Block("placebo", nuisance) for nuisance in nuisances_in(task.modality) if splits.nuisance_twins]
    blocks += [Block("channel", name, value) for name in task.channels for value in range(channels[name].values)]
    if task.modality == "multimodal":
        blocks += [
            Block("channel", name, value, half)
            for half in ("image", "caption")
            for name in task.channels
            if len(channels[name].carriers) == 2
            for value in range(channels[name].values)
        ]
    return blocks


def bases(task: Task, block: Block) -> range:
    """Return the indices of the test samples that a block contains."""
    scenario = task.scenario
    if block.kind is None:
        return range(scenario.num_test)
    if block.kind == "placebo" and block.channel:
        return range(scenario.splits.nuisance_twins)
    return range(min(HALF_BASES, scenario.splits.twins) if block.half else scenario.splits.twins)


def make_block(task: Task, block: Block, indices: range | list[int]) -> Samples:
    """Return a block's samples; a half block takes its other half from the base samples."""
    halves = halves_of(task)
    if block.kind is None:
        return sample(task.scenario, "test", indices, **halves)
    if block.half:
        halves = {"images": block.half == "image", "captions": block.half == "caption"}
    made = twins(task.scenario, "test", indices, block.kind, block.channel, block.value, **halves)
    if not block.half:
        return made
    other = sample(task.scenario, "test", indices, images=not halves["images"], captions=not halves["captions"])
    return replace(made, images=other.images) if halves["captions"] else replace(made, captions=other.captions)


def twin_labels(task: Task, block: Block) -> Int64:
    """Return the labels of a block of twins, int64 (m,); core twins show another class than their base samples."""
    if block.kind is None:
        raise ValueError(f"{block.name} is no block of twins")
    changed = twins(
        task.scenario, "test", bases(task, block), block.kind, block.channel, block.value, images=False, captions=False
    )
    return changed.labels


def part_start(task: Task, block: Block, first: int) -> tuple[str, int] | None:
    """Return a block's part in the manifest, and a sample's place there; None for half blocks, which have none."""
    if block.half:
        return None
    if block.kind is None:
        return "test", first
    if block.value is None:
        return f"twins/{block.kind}" + (f"/{block.channel}" if block.channel else ""), first
    return f"twins/channel/{block.channel}", block.value * task.scenario.splits.twins + first


def every_input(task: Task, chunk: int = 1000) -> Iterator[tuple[Block, range]]:
    """Yield the block and indices of all test inputs, base samples first, at most `chunk` at a time."""
    for block in [Block(), *twin_blocks(task)]:
        indices = bases(task, block)
        for start in range(0, len(indices), chunk):
            yield block, indices[start : start + chunk]
