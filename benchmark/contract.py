"""The types that pass between the benchmark and a submission."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Int64 = NDArray[np.int64]
Modality = Literal["image", "text", "multimodal", "features"]
Carrier = Literal["image", "caption", "features"]
CARRIERS_OF: dict[Modality, tuple[Carrier, ...]] = {
    "image": ("image",), "text": ("caption",), "multimodal": ("image", "caption"), "features": ("features",),
}  # fmt: skip
"""What a sample shows in each modality; of several, features are concatenated in this order."""
Backbone = Literal["scratch", "frozen", "finetuned"]


@dataclass(frozen=True)
class Grant:
    """What an access tier may see besides inputs and labels of train, and of the val samples at train's strengths."""

    env_ids: bool = False
    val_groups: bool = False
    train_groups: bool = False
    twins: bool = False

    @property
    def balanced_val(self) -> bool:
        """Whether it gets the val samples that are balanced over groups: training on them needs no group label."""
        return self.val_groups or self.twins


ACCESS: dict[str, Grant] = {
    "none": Grant(),
    "envs": Grant(env_ids=True),
    "val_groups": Grant(val_groups=True),
    "train_groups": Grant(env_ids=True, val_groups=True, train_groups=True),
    "twins": Grant(twins=True),
}


@dataclass(frozen=True)
class Batch:
    """Inputs: `images` uint8 (n, H, W, 3), `captions` n strings, `features` float32 (n, d); None for what is not given.

    Samples have features where a user brought them (docs/own-data.md). On other tasks with `backbone = "frozen"` the
    shipped baselines get those of frozen encoders, instead of images and captions.
    """

    images: NDArray[np.uint8] | None
    captions: list[str] | None
    features: NDArray[np.float32] | None = None

    @property
    def given(self) -> dict[str, Any]:
        """Inputs that are not None, by name."""
        return {name: part for name, part in vars(self).items() if part is not None}

    def __len__(self) -> int:
        return next(map(len, self.given.values()), 0)

    def take(self, indices: Int64 | slice) -> "Batch":
        """Return the samples at `indices`, in that order."""
        places = range(len(self))[indices] if isinstance(indices, slice) else indices.tolist()
        chosen: dict[str, Any] = {
            name: [part[k] for k in places] if isinstance(part, list) else part[indices]
            for name, part in self.given.items()
        }
        return replace(self, **chosen)

    @classmethod
    def join(cls, parts: "Sequence[Batch]") -> "Batch":
        """Concatenate one or more batches of the same kinds of inputs, in order."""
        columns = {name: [part.given[name] for part in parts] for name in parts[0].given}
        joined: dict[str, Any] = {
            name: [*chain.from_iterable(column)] if isinstance(column[0], list) else np.concatenate(column)
            for name, column in columns.items()
        }
        return replace(parts[0], **joined)


@dataclass(frozen=True)
class LabeledData:
    """A train or val split as a submission sees it.

    `labels` int64 (n,). As far as the access tier grants them, else None: `env_ids` int64 (n,), `group_ids` int64 (n,)
    in [0, num_groups), `channel_values` (int64 (n,) per channel), and `twins`, every sample with all its channels
    except hidden ones redrawn uniformly.
    """

    batch: Batch
    labels: Int64
    num_groups: int
    env_ids: Int64 | None = None
    group_ids: Int64 | None = None
    channel_values: dict[str, Int64] | None = None
    twins: Batch | None = None

    @property
    def images(self) -> NDArray[np.uint8] | None:
        """Images, uint8 (n, H, W, 3), or None when the task has no images."""
        return self.batch.images

    @property
    def captions(self) -> list[str] | None:
        """Captions, n strings, or None when the task has no captions."""
        return self.batch.captions

    @property
    def features(self) -> NDArray[np.float32] | None:
        """Frozen features, float32 (n, d), or None where images or captions are given."""
        return self.batch.features

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: slice) -> "LabeledData":
        """Return the samples of a slice."""
        environments, groups = (ids if ids is None else ids[rows] for ids in (self.env_ids, self.group_ids))
        values = self.channel_values and {name: column[rows] for name, column in self.channel_values.items()}
        twins = self.twins and self.twins.take(rows)
        return LabeledData(
            self.batch.take(rows), self.labels[rows], self.num_groups, environments, groups, values, twins
        )

    def restrict(self, access: str, split: str) -> "LabeledData":
        """Return the data with only what the access tier grants on `train` or on `val`."""
        grant = ACCESS[access]
        groups = grant.train_groups if split == "train" else grant.val_groups
        return replace(
            self,
            env_ids=self.env_ids if grant.env_ids else None,
            group_ids=self.group_ids if groups else None,
            channel_values=self.channel_values if groups else None,
            twins=self.twins if grant.twins else None,
        )


@dataclass(frozen=True)
class Context:
    """What a submission knows of its task; it does not say which split is being predicted.

    `scratch` is a folder for the submission alone, empty at first and removed afterwards. `backbone`
    names the weights from which the task's baselines start; a submission may start from any.
    """

    class_names: tuple[str, ...]
    modality: Modality
    image_size: int
    device: str
    seed: int
    scratch: Path
    backbone: Backbone = "scratch"

    @property
    def num_classes(self) -> int:
        """Number of classes."""
        return len(self.class_names)


@dataclass(frozen=True)
class Submission:
    """A loaded submission with every default filled in; None for each function that it lacks.

    After `fit`, `report` returns a `Report` as a dict. `uses_generator`: whether it declares that it uses the words,
    pictures or code with which the data were made.
    """

    name: str
    access: str
    modalities: frozenset[str]
    fit: Callable[[LabeledData, LabeledData, Context], Any] | None
    predict: Callable[[Batch], Any] | None
    predict_proba: Callable[[Batch], Any] | None
    encode: Callable[[Batch], Any] | None
    report: Callable[[], Any] | None = None
    uses_generator: bool = False
