"""Splits as tensors that lie on the device as a whole and are batched by index."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from spurgen.baselines.training.tokens import Vocabulary
from spurgen.benchmark.contract import Batch, Int64, LabeledData
from spurgen.benchmark.errors import SubmissionError

T = TypeVar("T")


@dataclass(frozen=True)
class Inputs:
    """Inputs: `images` uint8 (n, H, W, 3), `tokens` int64 (n, L) and `vectors` float32 (n, d), each or None.

    Images keep their layout: contiguous samples make gathering a batch fast, and the permuted view (n, 3, H, W) is
    channels_last without a copy.
    """

    images: Tensor | None
    tokens: Tensor | None
    vectors: Tensor | None = None

    def __len__(self) -> int:
        return next((len(part) for part in (self.images, self.tokens, self.vectors) if part is not None), 0)

    def take(self, indices: Tensor | slice) -> "Inputs":
        """Return the samples at `indices`, int64 (m,) or a slice, in that order."""
        return Inputs(_take(self.images, indices), _take(self.tokens, indices), _take(self.vectors, indices))


@dataclass(frozen=True)
class Data:
    """A split on the device: `labels` int64 (n,), and the annotations that the access tier grants.

    `env_ids` and `group_ids` are int64 (n,) or None, `channel_values` maps names to int64 (n,) or is None, `twins` has
    one input per sample or is None.
    """

    inputs: Inputs
    labels: Tensor
    num_groups: int
    env_ids: Tensor | None = None
    group_ids: Tensor | None = None
    channel_values: dict[str, Tensor] | None = None
    twins: Inputs | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: Tensor) -> "Data":
        """Return the samples at `indices`, int64 (m,), with their annotations."""
        return Data(
            inputs=self.inputs.take(indices),
            labels=self.labels[indices],
            num_groups=self.num_groups,
            env_ids=_take(self.env_ids, indices),
            group_ids=_take(self.group_ids, indices),
            channel_values=self.channel_values and {k: v[indices] for k, v in self.channel_values.items()},
            twins=self.twins and self.twins.take(indices),
        )

    @property
    def environments(self) -> Tensor:
        """`env_ids`; raises `SubmissionError` if the access tier withholds them."""
        return _granted(self.env_ids, "environments")

    @property
    def groups(self) -> Tensor:
        """`group_ids`; raises `SubmissionError` if the access tier withholds them."""
        return _granted(self.group_ids, "groups")

    @property
    def channels(self) -> dict[str, Tensor]:
        """`channel_values`; raises `SubmissionError` if the access tier withholds them, or all channels are hidden."""
        values = _granted(self.channel_values, "channel values")
        if not values:
            raise SubmissionError("needs a channel that is not hidden; this task has none, so leave the method out")
        return values

    @property
    def counterparts(self) -> Inputs:
        """`twins`; raises `SubmissionError` if the access tier withholds them."""
        return _granted(self.twins, "twins")


@dataclass(frozen=True)
class Codec:
    """Conversion of arrays into tensors on the device: images if `images`, captions if there is a vocabulary."""

    images: bool
    vocabulary: Vocabulary | None
    device: str

    def inputs(self, batch: Batch) -> Inputs:
        """Move a batch to the device."""
        pixels = ids = None
        if self.images:
            # Arrays from a pipe are read-only, about which torch.from_numpy warns.
            pixels = torch.from_numpy(np.require(batch.images, np.uint8, ["C", "W"])).to(self.device)
        if self.vocabulary is not None:
            ids = torch.from_numpy(self.vocabulary.encode(batch.captions or [])).to(self.device)
        return Inputs(pixels, ids)

    def data(self, data: LabeledData) -> Data:
        """Move a split to the device, with its annotations."""

        def ids(values: Int64) -> Tensor:
            return torch.tensor(values, dtype=torch.int64, device=self.device)

        channels = data.channel_values
        return Data(
            inputs=self.inputs(data.batch),
            labels=ids(data.labels),
            num_groups=data.num_groups,
            env_ids=None if data.env_ids is None else ids(data.env_ids),
            group_ids=None if data.group_ids is None else ids(data.group_ids),
            channel_values=None if channels is None else {name: ids(values) for name, values in channels.items()},
            twins=None if data.twins is None else self.inputs(data.twins),
        )


def _take(part: Tensor | None, indices: Tensor | slice) -> Tensor | None:
    if part is None or isinstance(indices, slice):
        return None if part is None else part[indices]
    return part.index_select(0, indices)  # several times as fast as part[indices]


def _granted(value: T | None, what: str) -> T:
    if value is None:
        raise SubmissionError(f"needs {what}, which this split does not show under the method's ACCESS")
    return value
