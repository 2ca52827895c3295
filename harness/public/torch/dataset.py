"""A split of a world or of a rung by index, or the twins of its samples."""

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor
from torch.utils.data import Dataset

from spurgen.benchmark.contract import CARRIERS_OF, Modality
from spurgen.generators import TwinKind
from spurgen.harness.public.torch.batches import Drawable, draw, size_of, task_of

Item = dict[str, Any]
CHUNK = 512  # items
KEPT_BYTES = 1 << 30  # of pixels: a larger split keeps no chunks, and single items are made one by one


class SpurGenDataset(Dataset[Item]):
    """A split as a map-style data set; samples are generated on access, in batches.

    An item is a dictionary: `image`, uint8 (3, H, W), `caption`, a string, and `features`, float32 (d,), as far as
    `modality` shows them; `label`, `group` (over the channels that the modality carries) and `env`, int (env is -1 on
    test); `values`, channel name -> int, of all channels; and `index`. A `DataLoader` asks for whole batches through
    `__getitems__`. Single items come from chunks of `CHUNK`, which are made at once and kept.
    """

    def __init__(
        self,
        world: Drawable,
        split: str = "train",
        *,
        modality: Modality | None = None,
        transform: Callable[[Tensor], Any] | None = None,
    ) -> None:
        """`world`: a scenario, or a task of a ladder in a world, `suite.task("things-image-4").in_world(0)`.

        For a task, train and val include its counterexamples, other splits are the ladder's parts, such as
        `test/mislead`, and `modality` defaults to the task's; for a scenario, to all that its samples have. `transform`
        is applied to each image, uint8 (3, H, W), of items, batches and twins alike.

        Raises `ScenarioError` for an unknown split or modality.
        """
        self.task, self.split, self.transform = task_of(world, modality), split, transform
        self._size = size_of(self.task, split)
        scenario, pictured = self.task.scenario, "image" in CARRIERS_OF[self.task.modality]
        self._keeps = self._size * 3 * scenario.image_size**2 * pictured <= KEPT_BYTES
        self._chunks: dict[int, Item] = {}
        self._twin: tuple[TwinKind, str | None, int | None] | None = None

    def twins(self, kind: TwinKind, channel: str | None = None, value: int | None = None) -> "SpurGenDataset":
        """Return the data set of the samples' twins, item k the twin of item k; arguments as `generators.twins`."""
        made = SpurGenDataset(self.task, self.split, transform=self.transform)
        made._twin = (kind, channel, value)
        draw(self.task, self.split, range(1), made._twin)  # raises where there is no such twin
        return made

    @property
    def num_groups(self) -> int:
        """Number of (class, alignment pattern) groups over the channels that the modality carries."""
        return self.task.num_groups

    def __len__(self) -> int:
        """Return the size of the split."""
        return self._size

    def __getitem__(self, index: int) -> Item:
        """Return one item; negative indices count from the end."""
        (place,) = self._places([index])
        if not self._keeps:
            return self._item(self._draw([place]), 0)
        number, within = divmod(place, CHUNK)
        if number not in self._chunks:
            self._chunks[number] = self._draw(range(number * CHUNK, min(self._size, (number + 1) * CHUNK)))
        return self._item(self._chunks[number], within)

    def __getitems__(self, indices: Sequence[int]) -> list[Item]:
        """Return items, made together; raises `IndexError` beyond the split."""
        batch = self._draw(self._places(indices))
        return [self._item(batch, k) for k in range(len(indices))]

    def _places(self, indices: Sequence[int]) -> list[int]:
        places = [int(k) + self._size if k < 0 else int(k) for k in indices]
        if not all(0 <= place < self._size for place in places):
            wrong = next(k for k, place in zip(indices, places, strict=True) if not 0 <= place < self._size)
            raise IndexError(f"index {wrong} is beyond split {self.split}, which has {self._size} samples")
        return places

    def _draw(self, places: Sequence[int]) -> Item:
        return draw(self.task, self.split, places, self._twin)

    def _item(self, batch: Item, k: int) -> Item:
        """Return an item of a batch; its pixels are a copy, so that writing to them does not change a kept chunk."""
        item: Item = {name: batch[name][k].item() for name in ("label", "group", "env", "index")}
        item["values"] = {name: ids[k].item() for name, ids in batch["values"].items()}
        if "image" in batch:
            image = batch["image"][k].clone()
            item["image"] = self.transform(image) if self.transform else image
        if "caption" in batch:
            item["caption"] = batch["caption"][k]
        if "features" in batch:
            item["features"] = batch["features"][k].clone()
        return item
