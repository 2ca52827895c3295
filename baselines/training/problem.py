"""The input of a method: the task as tensors, and networks that fit it."""

from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray

from spurgen.baselines.training.backbones import ImageEncoder, Network
from spurgen.baselines.training.data import Codec, Data, Inputs
from spurgen.baselines.training.hyperparameters import Recipe
from spurgen.baselines.training.imagenet import ImageNetEncoder
from spurgen.baselines.training.journal import Journal
from spurgen.baselines.training.seeding import derive_seed, seeded
from spurgen.baselines.training.tokens import Vocabulary
from spurgen.benchmark.contract import Context, LabeledData
from spurgen.benchmark.suite import Backbone


@dataclass(frozen=True)
class Problem:
    """The splits on the device, as the access tier shows them, and the journal of the run."""

    train: Data
    val: Data
    codec: Codec
    num_classes: int
    seed: int
    backbone: Backbone = "scratch"
    vector_dim: int | None = None
    journal: Journal = field(default_factory=Journal)

    @classmethod
    def of(cls, train: LabeledData, val: LabeledData, context: Context) -> Self:
        """Move a task to its device; the vocabulary comes from the training captions alone."""
        vocabulary = None if context.modality == "image" else Vocabulary.of(train.captions or [])
        codec = Codec(context.modality != "text", vocabulary, context.device)
        return cls(
            train=codec.data(train),
            val=codec.data(val),
            codec=codec,
            num_classes=context.num_classes,
            seed=context.seed,
            backbone=context.backbone,
        )

    @classmethod
    def of_vectors(
        cls, train: LabeledData, val: LabeledData, vectors: tuple[NDArray[np.float32], NDArray[np.float32]],
        *, num_classes: int, seed: int,
    ) -> Self:  # fmt: skip
        """Return a task on the CPU whose inputs are frozen features instead of images or captions.

        `vectors`: of train and val, float32 (n, d), in the order of their labels. `train` and `val` state what the
        access tier grants; their batches do not count.
        """
        codec = Codec(images=False, vocabulary=None, device="cpu")
        first, second = (Inputs(None, None, torch.from_numpy(part)) for part in vectors)
        return cls(
            train=replace(codec.data(train), inputs=first),
            val=replace(codec.data(val), inputs=second),
            codec=codec,
            num_classes=num_classes,
            seed=seed,
            vector_dim=vectors[0].shape[1],
        )

    def seed_for(self, *names: str) -> int:
        """Return the seed for one purpose of a method."""
        return derive_seed(self.seed, *names)

    def network(self, recipe: Recipe, name: str = "network") -> Network:
        """Build a network to train; the initial weights of what is not pretrained depend on `name`."""
        encoder: type[ImageEncoder | ImageNetEncoder]
        encoder = ImageNetEncoder if self.backbone == "imagenet" else ImageEncoder
        with seeded(self.seed_for("init", name), torch.device("cpu")):
            network = Network(
                image=encoder(recipe.feature_dim) if self.codec.images else None,
                vocabulary_size=None if self.codec.vocabulary is None else self.codec.vocabulary.size,
                feature_dim=recipe.feature_dim,
                num_classes=self.num_classes,
                vector_dim=self.vector_dim,
            )
        # With weights in channels_last, convolutions need no conversion.
        network.to(self.codec.device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # untyped
        return network
