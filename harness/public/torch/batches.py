"""Samples of a world as a batch of tensors."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import torch
from numpy.typing import NDArray

from spurgen.benchmark.contract import Int64
from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.scenario import Scenario
from spurgen.benchmark.scenario_tables import Modality
from spurgen.generators import Samples, TwinKind, groups_over, sample, twins

Twin = tuple[TwinKind, str | None, int | None]


def check_modality(modality: str) -> None:
    """Raise `ScenarioError` for an unknown modality."""
    if modality not in get_args(Modality):
        raise ScenarioError(f"there is no modality {modality!r}; choose one of {', '.join(get_args(Modality))}")


def draw(
    scenario: Scenario, split: str, indices: Sequence[int], modality: Modality, twin: Twin | None = None
) -> dict[str, Any]:
    """Make samples, or their twins, as tensors.

    `image`: uint8 (n, 3, H, W), and `caption`: n strings, as the modality shows them; `label`, `group`, `env` and
    `index`: int64 (n,), groups over the channels that the modality carries; `values`: channel name -> int64 (n,), of
    all channels. Raises `ScenarioError` as `generators.sample` does.
    """
    check_modality(modality)
    halves = {"images": modality != "text", "captions": modality != "image"}
    places = np.asarray(indices, dtype=np.int64)
    if twin is None:
        made = sample(scenario, split, places, images=halves["images"], captions=halves["captions"])
    else:
        made = twins(scenario, split, places, *twin, images=halves["images"], captions=halves["captions"])
    groups = groups_over(scenario, scenario.channels_in(modality), made.group_ids)
    return as_tensors(replace(made, group_ids=groups), places, **halves)


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
    return torch.from_numpy(np.require(array, requirements=["W"]))  # copies what is read-only
