"""The train split of a world as an endless stream of batches, the same for any number of workers."""

import operator
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.utils.data import IterableDataset, get_worker_info

from spurgen.benchmark.contract import Modality
from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.worlds.pictograms import Scenario
from spurgen.harness.public.torch.batches import draw, task_of

Batch = dict[str, Any]


class SpurGenStream(IterableDataset[Batch]):
    """Endless train samples in batches: `DataLoader(SpurGenStream(...), batch_size=None, num_workers=4)`.

    Batch k has the samples [k * batch_size, (k + 1) * batch_size) of train, which continues past its frozen size with
    the same distribution. Other splits have no stream: they are balanced only as a whole. Batches are dealt out to
    ranks, and by each rank to the workers of its `DataLoader`, which takes them in turn: so no sample is repeated, and
    a rank sees the same batches in the same order for any number of workers. To resume, pass as `start` how many
    batches this rank has taken.

    A batch is a dictionary of tensors: `image`, uint8 (n, 3, H, W), `caption`, n strings, as far as `modality` shows
    them; `label`, `group` (over the channels that the modality carries), `env` and `index`, int64 (n,); `values`,
    channel name -> int64 (n,). `transform` is applied to each batch, for example to tokenise captions.
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        batch_size: int = 64,
        modality: Modality | None = None,
        transform: Callable[[Batch], Any] | None = None,
        start: int = 0,
        rank: int | None = None,
        ranks: int | None = None,
    ) -> None:
        """`rank` of `ranks`: default, those of torch.distributed, or 0 of 1. Raises `ValueError` for a bad one."""
        ours, all_ranks = _distributed()
        self.rank, self.ranks = ours if rank is None else rank, all_ranks if ranks is None else ranks
        if not 0 <= self.rank < self.ranks or operator.index(batch_size) < 1 or operator.index(start) < 0:
            raise ValueError(
                f"rank {self.rank} of {self.ranks}, batch_size {batch_size}, start {start}: expected a rank from 0 to "
                f"{self.ranks - 1}, a batch_size of at least 1 and a start of at least 0"
            )
        self.task, self.transform = task_of(scenario, modality), transform  # raises for an unknown modality
        self.batch_size, self.start = batch_size, start
        if self.task.scenario.rungs:
            raise ScenarioError("a ladder's train has an end, so there is no stream of it; take SpurGenDataset")

    def __iter__(self) -> Iterator[Any]:
        """Yield this worker's batches of this rank."""
        info = get_worker_info()
        worker, workers = (0, 1) if info is None else (info.id, info.num_workers)
        if info is not None:
            torch.set_num_threads(1)
        turn = self.start + worker
        while True:
            first = (self.rank + turn * self.ranks) * self.batch_size
            batch = draw(self.task, "train", range(first, first + self.batch_size))
            yield batch if self.transform is None else self.transform(batch)
            turn += workers


def _distributed() -> tuple[int, int]:
    distributed = torch.distributed
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1
