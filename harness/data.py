"""A task's data as arrays: splits with every annotation, test inputs, and the twins in order."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.contract import Batch, LabeledData
from spurgen.benchmark.suite import Task
from spurgen.generators import Samples, TwinKind, sample, twins

Int64 = NDArray[np.int64]


def inputs(task: Task, samples: Samples) -> Batch:
    """Keeps what the task's modality shows."""
    return Batch(
        None if task.modality == "text" else samples.images,
        None if task.modality == "image" else samples.captions,
    )


def shown(task: Task) -> dict[str, bool]:
    """Says which halves of a sample the task needs, as keywords of the generator."""
    return {"images": task.modality != "text", "captions": task.modality != "image"}


def task_groups(task: Task, group_ids: Int64) -> Int64:
    """Reduces the scenario's group ids to the channels that the modality carries, int64 (n,)."""
    scenario = task.scenario
    labels, pattern = np.divmod(group_ids, scenario.num_patterns)
    kept = [k for k, name in enumerate(scenario.channels) if name in task.channels]
    reduced = sum(((pattern >> k & 1) << place for place, k in enumerate(kept)), np.zeros_like(pattern))
    return labels * 2 ** len(kept) + reduced


def labeled_data(task: Task, split: str, access: str) -> LabeledData:
    """Makes `train` or `val` with what an access tier grants."""
    indices = np.arange(task.scenario.split_size(split))
    samples = sample(task.scenario, split, indices, **shown(task))
    wants_twins = access == "twins"
    data = LabeledData(
        batch=inputs(task, samples),
        labels=samples.labels,
        num_groups=task.num_groups,
        env_ids=samples.env_ids,
        group_ids=task_groups(task, samples.group_ids),
        channel_values={name: samples.channel_values[name] for name in task.channels},
        twins=inputs(task, twins(task.scenario, split, indices, "unc", **shown(task))) if wants_twins else None,
    )
    return data.restrict(access, split)


@dataclass(frozen=True)
class Block:
    """Names a stretch of test inputs: the base samples, or one kind of their twins.

    `half` is set where only that half of a multimodal twin is new and the other is the base's.
    """

    kind: TwinKind | None = None
    channel: str | None = None
    value: int | None = None
    half: str | None = None

    @property
    def name(self) -> str:
        """Is a readable name, such as `channel/color/3` or `image-half/channel/color/3`."""
        parts = [f"{self.half}-half" if self.half else None, self.kind or "test", self.channel, self.value]
        return "/".join(str(part) for part in parts if part is not None)


HALF_BASES = 200  # base samples whose multimodal twins are also made half by half


def twin_blocks(task: Task) -> list[Block]:
    """Lists all twins of a task in their frozen order, every value of every channel included."""
    values = [
        (name, value) for name in task.channels for value in range(task.scenario.channels[name].values)
    ]
    blocks = [Block("placebo"), Block("core"), Block("ctrl"), Block("unc")]
    blocks += [Block("channel", name, value) for name, value in values]
    if task.modality == "multimodal":
        halves = [(half, name) for half in ("image", "caption") for name in task.channels]
        carried = [(h, n) for h, n in halves if task.scenario.channels[n].carrier in (h, "both")]
        blocks += [
            Block("channel", name, value, half)
            for half, name in carried
            for value in range(task.scenario.channels[name].values)
        ]
    return blocks


def bases(task: Task, block: Block) -> range:
    """Returns the indices of the test samples that a block holds."""
    scenario = task.scenario
    if block.kind is None:
        return range(scenario.num_test)
    return range(min(HALF_BASES, scenario.splits.twins) if block.half else scenario.splits.twins)


def make_block(task: Task, block: Block, indices: range) -> Batch:
    """Makes the inputs of a block's samples."""
    if block.kind is None:
        return inputs(task, sample(task.scenario, "test", indices, **shown(task)))
    if block.half is None:
        made = twins(task.scenario, "test", indices, block.kind, block.channel, block.value, **shown(task))
        return inputs(task, made)
    new_image = block.half == "image"
    half = twins(
        task.scenario, "test", indices, block.kind, block.channel, block.value,
        images=new_image, captions=not new_image,
    )  # fmt: skip
    base = sample(task.scenario, "test", indices, images=not new_image, captions=new_image)
    return Batch(half.images, base.captions) if new_image else Batch(base.images, half.captions)


def test_inputs(task: Task, chunk: int = 1000) -> Iterator[tuple[Block, Batch]]:
    """Yields all test inputs, base samples first, at most `chunk` samples at a time."""
    for block in [Block(), *twin_blocks(task)]:
        every = bases(task, block)
        for start in range(0, len(every), chunk):
            indices = every[start : start + chunk]
            yield block, make_block(task, block, indices)
