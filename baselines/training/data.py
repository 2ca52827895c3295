"""Captions as token ids, and splits as tensors that lie on the device as a whole and are batched by index."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from typing import Any, Self, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spurgen.baselines.training.encoders import load_minilm
from spurgen.benchmark.contract import Batch, Int64, LabeledData
from spurgen.benchmark.errors import SubmissionError

T = TypeVar("T")
PADDING, UNKNOWN = 0, 1
LENGTH = 128  # tokens of a caption that MiniLM reads
RESERVED = ("<padding>", "<unknown>")
_words_of = re.compile(r"\d+|[^\W\d]+|[^\w\s]").findall


def words(caption: str) -> list[str]:
    """Split a caption into lower-case words, numbers and single punctuation marks."""
    return _words_of(caption.lower())


@dataclass(frozen=True)
class Vocabulary:
    """Mapping of words to ids in [0, size), and of captions to rows of `length` ids."""

    ids: dict[str, int]
    length: int

    @classmethod
    def of(cls, captions: Sequence[str]) -> Self:
        """Build the vocabulary of `captions`, with ids in alphabetical order."""
        split = [words(caption) for caption in captions]
        known = sorted(set(chain.from_iterable(split)))
        ids = {word: i for i, word in enumerate(known, start=len(RESERVED))}
        return cls(ids, max(1, max(map(len, split), default=1)))

    @property
    def size(self) -> int:
        """Number of ids, including padding and unknown."""
        return len(self.ids) + len(RESERVED)

    def encode(self, captions: Sequence[str]) -> Int64:
        """Return ids, int64 (n, length): unknown words are 1, padding is 0, longer captions are cut."""
        get = self.ids.get

        @cache  # captions repeat words, and no word contains a space
        def ids_of(chunk: str) -> list[int]:
            return [get(word, UNKNOWN) for word in words(chunk)]

        rows = [list(chain.from_iterable(map(ids_of, text.split())))[: self.length] for text in captions]
        lengths = np.fromiter(map(len, rows), np.int64, len(rows))
        encoded = np.full((len(rows), self.length), PADDING, dtype=np.int64)
        filled = np.arange(self.length) < lengths[:, None]
        encoded[filled] = np.fromiter(chain.from_iterable(rows), np.int64, int(lengths.sum()))
        return encoded


@dataclass(frozen=True)
class WordPieces:
    """MiniLM's own tokens, as rows of `LENGTH` ids."""

    tokenizer: Any = field(repr=False)  # transformers ships no types

    @classmethod
    def load(cls) -> Self:
        """Load MiniLM's tokens."""
        return cls(load_minilm("cpu").tokenizer)

    def encode(self, captions: Sequence[str]) -> Int64:
        """Return ids, int64 (n, `LENGTH`): padding is 0, longer captions are cut."""
        ids = self.tokenizer(list(captions), padding="max_length", truncation=True, max_length=LENGTH)["input_ids"]
        return np.array(ids, np.int64).reshape(-1, LENGTH)


@dataclass(frozen=True)
class Inputs:
    """Inputs: `images` uint8 (n, H, W, 3), `tokens` int64 (n, L) and `vectors` float64 (n, d), each or None.

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
class Scaler:
    """Standardisation of frozen features: `mean` and `scale`, float64 (d,).

    The scale includes the root of d, so that a sample's squared norm is about 1 for any encoder, and a strength of l2
    has the same effect.
    """

    mean: Tensor
    scale: Tensor

    @classmethod
    def of(cls, features: NDArray[np.float32]) -> Self:
        """Standardise by the columns' means and standard deviations; a constant column becomes 0."""
        columns = torch.from_numpy(features.astype(np.float64))
        spread = columns.std(0, correction=0)
        constant = spread <= 1e-6 * columns.abs().amax(0)
        return cls(columns.mean(0), torch.where(constant, torch.inf, spread * math.sqrt(features.shape[1])))

    def __call__(self, features: NDArray[np.float32]) -> Tensor:
        """Return standardised features, float64 (n, d)."""
        return (torch.from_numpy(features.astype(np.float64)) - self.mean) / self.scale


@dataclass(frozen=True)
class Codec:
    """Conversion of arrays into tensors on the device.

    Images if `images`, captions if there is a vocabulary, and frozen features if there is a scaler.
    """

    images: bool
    vocabulary: Vocabulary | WordPieces | None
    device: str
    scaler: Scaler | None = None

    def inputs(self, batch: Batch) -> Inputs:
        """Move a batch to the device."""
        pixels = ids = vectors = None
        if self.images:
            # Arrays from a pipe are read-only, about which torch.from_numpy warns.
            pixels = torch.from_numpy(np.require(batch.images, np.uint8, ["C", "W"])).to(self.device)
        if self.vocabulary is not None:
            ids = torch.from_numpy(self.vocabulary.encode(batch.captions or [])).to(self.device)
        if self.scaler is not None and batch.features is not None:
            vectors = self.scaler(batch.features).to(self.device)
        return Inputs(pixels, ids, vectors)

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
