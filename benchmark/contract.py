"""The types that pass between the benchmark and a submission."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Int64 = NDArray[np.int64]
Modality = Literal["image", "text", "multimodal"]
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
    """Inputs: `images` uint8 (n, H, W, 3) or None, `captions` n strings or None.

    `features` float32 (n, d) of frozen encoders go only to the shipped baselines, instead of images and captions, on
    tasks with `backbone = "frozen"`; for submissions they are None.
    """

    images: NDArray[np.uint8] | None
    captions: list[str] | None
    features: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return next((len(part) for part in (self.images, self.captions, self.features) if part is not None), 0)

    def take(self, indices: Int64 | slice) -> "Batch":
        """Return the samples at `indices`, in that order."""
        places = range(len(self))[indices] if isinstance(indices, slice) else indices.tolist()
        return Batch(
            None if self.images is None else self.images[indices],
            None if self.captions is None else [self.captions[i] for i in places],
            None if self.features is None else self.features[indices],
        )

    @classmethod
    def join(cls, parts: "Sequence[Batch]") -> "Batch":
        """Concatenate one or more batches of the same kinds of inputs, in order."""
        images = [part.images for part in parts if part.images is not None]
        captions = [part.captions for part in parts if part.captions is not None]
        features = [part.features for part in parts if part.features is not None]
        return cls(
            np.concatenate(images) if images else None,
            [*chain.from_iterable(captions)] if captions else None,
            np.concatenate(features) if features else None,
        )


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
