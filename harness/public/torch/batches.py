"""Samples of a world, or of a rung of a ladder, as a batch of tensors."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import torch
from numpy.typing import NDArray

from spurgen.benchmark.contract import Int64, Modality
from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.scenario import Scenario
from spurgen.benchmark.task import Rung
from spurgen.generators import Samples, TwinKind, groups_over, sample, twins
from spurgen.generators.ladder.world import sample_part

Twin = tuple[TwinKind, str | None, int | None]
Drawable = Scenario | Rung


def check_modality(modality: str) -> None:
    """Raise `ScenarioError` for an unknown modality."""
    if modality not in get_args(Modality):
        raise ScenarioError(f"there is no modality {modality!r}; choose one of {', '.join(get_args(Modality))}")


def pieces(world: Drawable, split: str) -> tuple[tuple[str, range], ...]:
    """Return which samples of which parts make up a split; on a rung, train and val include its counterexamples.

    Raises `ScenarioError` for an unknown split.
    """
    if isinstance(world, Scenario):
        return ((split, range(world.split_size(split))),)
    if split in ("train", "val"):
        return world.ladder.pieces(split, world.counterexamples)
    if split not in world.ladder.parts:
        raise ScenarioError(f"unknown split {split!r}; choose one of {', '.join(world.ladder.parts)}")
    return ((split, range(world.ladder.parts[split])),)


def draw(
    world: Drawable, split: str, indices: Sequence[int], modality: Modality, twin: Twin | None = None
) -> dict[str, Any]:
    """Make samples, or their twins, as tensors.

    `image`: uint8 (n, 3, H, W), and `caption`: n strings, as the modality shows them; `label`, `group`, `env` and
    `index`: int64 (n,), groups over the channels that the modality carries; `values`: channel name -> int64 (n,), for
    all channels, or on a rung for those of its task. Raises `ScenarioError` as `generators.sample` does.
    """
    check_modality(modality)
    halves = {"images": modality != "text", "captions": modality != "image"}
    places = np.asarray(indices, dtype=np.int64)
    if isinstance(world, Rung):
        if twin is not None:
            shortcuts = ", ".join(f"test/{name}" for name in world.ladder.active)
            raise ScenarioError(f"twins in a ladder are splits of their own: {shortcuts}, test/thing and test/free")
        return _of_rung(world, split, places, halves)
    if twin is None:
        made = sample(world, split, places, images=halves["images"], captions=halves["captions"])
    else:
        made = twins(world, split, places, *twin, images=halves["images"], captions=halves["captions"])
    groups = groups_over(world, world.channels_in(modality), made.group_ids)
    return as_tensors(replace(made, group_ids=groups), places, **halves)


def _of_rung(rung: Rung, split: str, places: Int64, halves: dict[str, bool]) -> dict[str, Any]:
    made, order, first = [], [], 0
    for part, indices in pieces(rung, split):
        chosen = np.flatnonzero((places >= first) & (places < first + len(indices)))
        made.append(sample_part(rung.ladder, part, places[chosen] - first + indices.start, **halves))
        order.append(chosen)
        first += len(indices)
    joined, back = Samples.join(made), np.argsort(np.concatenate(order))
    ordered = Samples(
        joined.images[back] if halves["images"] else joined.images,
        [joined.captions[k] for k in back] if halves["captions"] else [],
        joined.labels[back],
        {name: joined.channel_values[name][back] for name in rung.channels},
        joined.env_ids[back],
        joined.group_ids[back],
    )
    return as_tensors(ordered, places, **halves)


def as_tensors(made: Samples, places: Int64, *, images: bool, captions: bool) -> dict[str, Any]:
    """Convert samples; pixels are not copied."""
    columns = {"label": made.labels, "group": made.group_ids, "env": made.env_ids, "index": places}
    batch: dict[str, Any] = {name: _tensor(column) for name, column in columns.items()}
    batch["values"] = {name: _tensor(ids) for name, ids in made.channel_values.items()}
    if images:
        batch["image"] = _tensor(made.images).permute(0, 3, 1, 2)
    if captions:
        batch["caption"] = made.captions
    return batch


def _tensor(array: NDArray[Any]) -> torch.Tensor:
    return torch.from_numpy(np.require(array, requirements=["W"]))  # copies read-only arrays
