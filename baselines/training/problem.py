"""The input of a method: the task as tensors, and networks that fit it."""

from dataclasses import dataclass, field
from typing import Self

import torch
from torch import nn

from spurgen.baselines.training.backbones import CaptionEncoder, ImageEncoder, ImageNetEncoder, Network
from spurgen.baselines.training.data import Codec, Data, Scaler
from spurgen.baselines.training.hyperparameters import Only, Recipe
from spurgen.baselines.training.journal import Journal
from spurgen.baselines.training.seeding import derive_seed, seeded
from spurgen.baselines.training.sentences import SentenceEncoder, WordPieces
from spurgen.baselines.training.tokens import Vocabulary
from spurgen.benchmark.contract import Backbone, Context, LabeledData


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
        return cls(
            train=codec.data(train),
            val=codec.data(val),
            codec=codec,
            num_classes=context.num_classes,
            seed=context.seed,
            backbone=context.backbone,
        )

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
        """Return the seed for one purpose of a method."""
        return derive_seed(self.seed, *names)

    def network(self, recipe: Recipe, name: str = "network", *, hidden: bool = False) -> Network:
        """Build a network to train; the initial weights of what is not pretrained depend on `name`.

        On frozen features it is a linear head; `hidden`, for objectives that train a representation, adds a linear
        layer of `feature_dim` units below.
        """
        if self.train.inputs.vectors is not None:
            return self._linear(self.train.inputs.vectors.shape[1], recipe, name, hidden=hidden)
        with seeded(self.seed_for("init", name), torch.device("cpu")):
            network = self._pretrained() if self.backbone == "finetuned" else self._small(recipe.feature_dim)
        # With weights in channels_last, convolutions need no conversion.
        network.to(self.codec.device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # untyped
        return network

    def _small(self, width: int) -> Network:
        words = self.codec.vocabulary
        return Network(
            image=ImageEncoder(width) if self.codec.images else None,
            caption=CaptionEncoder(words.size, width) if isinstance(words, Vocabulary) else None,
            feature_dim=width,
            num_classes=self.num_classes,
        )

    def _pretrained(self) -> Network:
        image = ImageNetEncoder() if self.codec.images else None
        caption = SentenceEncoder() if self.codec.vocabulary else None
        width = sum(encoder.width for encoder in (image, caption) if encoder)
        return Network(image=image, caption=caption, feature_dim=width, num_classes=self.num_classes)

    def _linear(self, width: int, recipe: Recipe, name: str, *, hidden: bool) -> Network:
        with seeded(self.seed_for("init", name), torch.device("cpu")):
            network = Network(
                vector=nn.Linear(width, recipe.feature_dim) if hidden else nn.Identity(),
                feature_dim=recipe.feature_dim if hidden else width,
                num_classes=self.num_classes,
            )
        return network.to(self.codec.device, torch.float64)
