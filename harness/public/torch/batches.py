"""Samples of a world as a batch of tensors."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import torch
from numpy.typing import NDArray

from spurgen.benchmark.contract import CARRIERS_OF, Int64, Modality
from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.task import Task
from spurgen.benchmark.world import Description
from spurgen.benchmark.worlds.pictograms import pictograms
from spurgen.generators import Samples, TwinKind, twins, world_of
from spurgen.generators.world import FITTED

Twin = tuple[TwinKind, str | None, int | None]
Drawable = Description | Task


def task_of(world: Drawable, modality: Modality | None) -> Task:
    """Return a world seen through a modality, a task's own by default; raise `ScenarioError` for an unknown one."""
    chosen = modality or world.modality
    if chosen not in get_args(Modality):
        raise ScenarioError(f"there is no modality {chosen!r}; choose one of {', '.join(get_args(Modality))}")
    return replace(world, modality=chosen) if isinstance(world, Task) else Task(world.name, world, chosen)


def size_of(task: Task, split: str) -> int:
    """Return the number of samples of a split; train and val of a rung include its counterexamples.

    Raises `ScenarioError` for an unknown split.
    """
    parts = task.scenario.parts
    if split not in parts:
        raise ScenarioError(f"unknown split {split!r}; choose one of {', '.join(parts)}")
    return task.num_fitted(split) if split in FITTED else parts[split]


def draw(task: Task, split: str, indices: Sequence[int], twin: Twin | None = None) -> dict[str, Any]:
    """Make samples, or their twins, as tensors.

    `image`: uint8 (n, 3, H, W), `caption`: n strings, and `features`: float32 (n, d), as the modality shows them;
    `label`, `group`, `env` and `index`: int64 (n,), groups over the channels that the modality carries; `values`:
    channel name -> int64 (n,), for all channels, or on a ladder for those of the modality. Raises `ScenarioError` as
    `generators.sample` does.
    """
    places, carriers = np.asarray(indices, dtype=np.int64), CARRIERS_OF[task.modality]
    world, ladder = world_of(task.scenario), bool(task.scenario.rungs)
    if twin is None:
        made = world.rows(split, task.counterexamples, places, carriers)
    elif ladder:
        own = ", ".join(task.scenario.layout(task.modality).switched.values())
        raise ScenarioError(f"twins in a ladder are splits of their own: {own}, test/thing and test/free")
    else:
        images, captions = ("image" in carriers, "caption" in carriers)
        made = twins(pictograms(task.scenario), split, places, *twin, images=images, captions=captions)
    values = {name: made.channel_values[name] for name in (task.channels if ladder else made.channel_values)}
    return as_tensors(replace(made, channel_values=values, group_ids=world.groups(task.channels, made)), places)


def as_tensors(made: Samples, places: Int64) -> dict[str, Any]:
    """Convert samples; pixels are not copied."""
    columns = {"label": made.labels, "group": made.group_ids, "env": made.env_ids, "index": places}
    batch: dict[str, Any] = {name: _tensor(column) for name, column in columns.items()}
    batch["values"] = {name: _tensor(ids) for name, ids in made.channel_values.items()}
    if made.inputs.images is not None:
        batch["image"] = _tensor(made.images).permute(0, 3, 1, 2)
    if made.inputs.captions is not None:
        batch["caption"] = made.captions
    if made.inputs.features is not None:
        batch["features"] = _tensor(made.inputs.features)
    return batch


def _tensor(array: NDArray[Any]) -> torch.Tensor:
    return torch.from_numpy(np.require(array, requirements=["W"]))  # copies read-only arrays
