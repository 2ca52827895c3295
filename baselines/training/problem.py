"""The input of a method: the task as tensors, networks that fit it, and the steps and the journal of its training."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spurgen.baselines.training.backbones import CaptionEncoder, ImageEncoder, ImageNetEncoder, Network, SentenceEncoder
from spurgen.baselines.training.data import Codec, Data, Inputs, Scaler, Vocabulary, WordPieces
from spurgen.baselines.training.hyperparameters import Only, Recipe
from spurgen.benchmark.contract import Backbone, Context, LabeledData


@dataclass
class Journal:
    """Curves of a run, one entry per stage and epoch, and its sanity checks.

    An entry has `stage`, `epoch` (from 1), `loss` (mean over the epoch's batches), `val_accuracy`, `val_wga` and
    `val_robust` if the access tier shows validation groups, and the means of the objective's notes. A sanity check is a
    condition without which a run did not do what its method's name says, such as that the penalty became active; a run
    that fails one is not ranked.
    """

    curves: list[dict[str, float | str]] = field(default_factory=list)
    checks: dict[str, bool] = field(default_factory=dict)

    def check(self, name: str, passed: bool) -> None:
        """Record whether a sanity check passed."""
        self.checks[name] = bool(passed)


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Seed torch and make cuDNN deterministic inside the block; restore both after it."""
    cuda = device.type == "cuda"
    devices = [torch.cuda.current_device() if device.index is None else device.index] if cuda else []
    with (
        torch.random.fork_rng(devices=devices),
        torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True),
    ):
        # torch.manual_seed would also reseed other accelerators.
        torch.default_generator.manual_seed(seed)
        if cuda:
            torch.cuda.manual_seed(seed)
        yield


@dataclass(frozen=True)
class Problem:
    """The splits on the device, as the access tier shows them, and the journal of the run."""

    train: Data
    val: Data
    codec: Codec
    num_classes: int
    seed: int
    backbone: Backbone = "scratch"
    journal: Journal = field(default_factory=Journal)

    @classmethod
    def of(cls, train: LabeledData, val: LabeledData, context: Context) -> Self:
        """Move a task to its device; vocabulary and standardisation come from the training samples alone.

        Frozen features, if the data have them, take the place of images and captions.
        """
        if train.features is not None:
            codec = Codec(images=False, vocabulary=None, device=context.device, scaler=Scaler.of(train.features))
        else:
            vocabulary: Vocabulary | WordPieces | None = None
            if context.modality != "image":
                trained = context.backbone == "finetuned"
                vocabulary = WordPieces.load() if trained else Vocabulary.of(train.captions or [])
            codec = Codec(context.modality != "text", vocabulary, context.device)
        return cls(codec.data(train), codec.data(val), codec, context.num_classes, context.seed, context.backbone)

    @property
    def solved(self) -> bool:
        """Whether the inputs are frozen features, on which training is solved to the optimum."""
        return self.train.inputs.vectors is not None

    @property
    def kind(self) -> Only:
        """Kind of task, by which hyper-parameters are chosen."""
        if self.solved:
            return "features"
        return "finetuned" if self.backbone == "finetuned" else "inputs"

    def seed_for(self, *names: str) -> int:
        """Return a seed in [0, 2**63) for one purpose of a method; other names give independent streams."""
        digest = hashlib.sha256("\0".join((str(self.seed), *names)).encode()).digest()
        return int.from_bytes(digest[:8], "little") >> 1

    def initialising(self, name: str) -> AbstractContextManager[None]:
        """Seed the initial weights of what is built inside the block; other names give other weights."""
        return seeded(self.seed_for("init", name), torch.device("cpu"))

    def network(self, recipe: Recipe, name: str = "network", *, hidden: bool = False) -> Network:
        """Build a network to train; the initial weights of what is not pretrained depend on `name`.

        On frozen features it is a linear head; `hidden`, for objectives that train a representation, adds a linear
        layer of `feature_dim` units below.
        """
        vectors, width = self.train.inputs.vectors, recipe.feature_dim
        with self.initialising(name):
            if vectors is not None:
                network = self._linear(vectors.shape[1], width if hidden else None)
                return network.to(self.codec.device, torch.float64)
            network = self._pretrained() if self.backbone == "finetuned" else self._small(width)
        # With weights in channels_last, convolutions need no conversion.
        network.to(self.codec.device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # untyped
        return network

    def _small(self, width: int) -> Network:
        words = self.codec.vocabulary
        image = ImageEncoder(width) if self.codec.images else None
        caption = CaptionEncoder(words.size, width) if isinstance(words, Vocabulary) else None
        return Network(image=image, caption=caption, feature_dim=width, num_classes=self.num_classes)

    def _pretrained(self) -> Network:
        image = ImageNetEncoder() if self.codec.images else None
        caption = SentenceEncoder() if self.codec.vocabulary else None
        width = sum(encoder.width for encoder in (image, caption) if encoder)
        return Network(image=image, caption=caption, feature_dim=width, num_classes=self.num_classes)

    def _linear(self, width: int, hidden: int | None) -> Network:
        layer = nn.Linear(width, hidden) if hidden else nn.Identity()
        return Network(vector=layer, feature_dim=hidden or width, num_classes=self.num_classes)


@dataclass
class Step:
    """One batch, or all samples, as an objective sees it; its properties are computed on first use.

    `indices` int64 (b,) point into `data`; `progress` in [0, 1) is the completed share of training. `weights` float64
    (b,), sum 1, are the shares with which a sampler would draw the samples, None if they are equal. The objective may
    add scalars to `notes`; their means over the epoch become part of the journal's curves.
    """

    network: Network
    data: Data
    indices: Tensor
    progress: float
    notes: dict[str, Tensor] = field(default_factory=dict)
    weights: Tensor | None = None

    @cached_property
    def inputs(self) -> Inputs:
        """Inputs of the batch."""
        return self.data.inputs.take(self.indices)

    @cached_property
    def labels(self) -> Tensor:
        """Labels, int64 (b,)."""
        return self.data.labels[self.indices]

    @cached_property
    def features(self) -> Tensor:
        """Features, float32 (b, d), with gradient."""
        return self.network.encode(self.inputs)

    @cached_property
    def logits(self) -> Tensor:
        """Logits, float32 (b, K), with gradient."""
        logits: Tensor = self.network.head(self.features)
        return logits

    @cached_property
    def losses(self) -> Tensor:
        """Cross-entropy of each sample, float32 (b,), nats, with gradient."""
        return F.cross_entropy(self.logits, self.labels, reduction="none")

    @cached_property
    def group_ids(self) -> Tensor:
        """Groups, int64 (b,)."""
        return self.data.groups[self.indices]

    @cached_property
    def twins(self) -> Inputs:
        """Inputs of the batch's twins."""
        return self.data.counterparts.take(self.indices)

    def mean(self, values: Tensor) -> Tensor:
        """Return the mean of `values` (b,) over the samples, with their weights if they have any."""
        return values.mean() if self.weights is None else values @ self.weights


Objective = Callable[[Step], Tensor]
"""Function from a step to its scalar loss. If it is a `torch.nn.Module`, its parameters are trained as well.

`solve` calls its method `whole` instead, if it has one: the loss of all samples at once, as a smooth function of the
weights. It needs one if its loss keeps a state, is not smooth, or is scaled for Adam. Where `whole` depends on what the
objective computes from a solution, such as pseudo-labels, its method `renew(step)` does that between `rounds`. `start`
is a loss to minimise first. An objective with `solvable = False`, such as that of a saddle point, is trained by
gradient steps on frozen features too.
"""


def mean_loss(step: Step) -> Tensor:
    """Return the mean cross-entropy of the batch, nats."""
    return step.mean(step.losses)
