"""Networks: an encoder per modality, their fusion, and a linear head.

Where tasks have `backbone = "finetuned"`, the encoders are pretrained: EfficientNet-Lite0 and MiniLM.
"""

from dataclasses import dataclass
from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spurgen.baselines.training.data import PADDING, Inputs
from spurgen.baselines.training.encoders import load_minilm, make_trunk
from spurgen.benchmark.checkpoint_rules import ValScore


class ImageNetEncoder(nn.Module):
    """Encoder of uint8 images (n, H, W, 3), at least 32 x 32, to features (n, `width`) as frozen ones."""

    working_size, width = 224, 1280

    def __init__(self) -> None:
        super().__init__()
        self.trunk = make_trunk()

    def embed(self, images: Tensor) -> Tensor:
        """Return bfloat16 (n, 3, H, W) in [-1, 1], as in pretraining; from 448 pixels on, averaged down to 224..447."""
        return _pixels(images, 127, 128, self.working_size)

    def forward(self, embedded: Tensor) -> Tensor:
        """Return features (n, width) of embedded images.

        The trunk runs in float32: in bfloat16, the gradients of depthwise convolutions double a step's time on a CPU.
        """
        with torch.autocast(embedded.device.type, enabled=False):
            features: Tensor = self.trunk.extract_features(embedded.float()).mean((2, 3))
        return features


def _multiplies_bfloat16(device: torch.device) -> bool:
    """Return whether bfloat16 is fast on a device: on a CPU without AVX-512 it is eight times slower than float32."""
    return device.type != "cpu" or torch.backends.cpu.get_cpu_capability() == "AVX512"


def _pixels(images: Tensor, centre: float, span: int, working_size: int) -> Tensor:
    """Return (images - centre) / span, averaged down where the side is a multiple of `working_size`: (n, 3, H, W).

    The eight significant bits of bfloat16 represent every pixel value exactly.
    """
    pixels = images.permute(0, 3, 1, 2).to(torch.bfloat16).sub_(centre).mul_(1 / span)
    factor = images.shape[1] // working_size
    return pixels if factor < 2 else F.avg_pool2d(pixels, factor)


def _block(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    """Return a 3x3 convolution, batch norm and ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class ImageEncoder(nn.Module):
    """Convolutional encoder of uint8 images (n, H, W, 3), at least 32 x 32, to features (n, feature_dim).

    The stem has no batch norm, which at full resolution would take a fifth of a step. With twice the
    width a step takes 2.4 times as long (one core of a Xeon).
    """

    working_size, width = 64, 16

    def __init__(self, feature_dim: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, self.width, 5, stride=2, padding=2),
            nn.ReLU(inplace=True),
            _block(self.width, 2 * self.width, stride=2),
            _block(2 * self.width, 4 * self.width, stride=2),
            _block(4 * self.width, feature_dim, stride=2),
        )

    def embed(self, images: Tensor) -> Tensor:
        """Return bfloat16 (n, 3, H, W) in [-2, 2]; images of 128 pixels or more are averaged down to 64..127."""
        return _pixels(images, 127.5, 64, self.working_size)

    def forward(self, embedded: Tensor) -> Tensor:
        """Return features (n, feature_dim) of embedded images."""
        return F.adaptive_avg_pool2d(self.layers(embedded), 1).flatten(1)


class CaptionEncoder(nn.Module):
    """Encoder of token ids (n, L) to features (n, feature_dim): words, trigrams, then their mean and maximum."""

    word_dim, hidden_dim = 64, 128

    def __init__(self, vocabulary_size: int, feature_dim: int) -> None:
        super().__init__()
        # Unknown words (id 1) never occur in training, so like padding they stay at zero.
        self.words = nn.Embedding(vocabulary_size, self.word_dim, padding_idx=PADDING)
        self.trigrams = nn.Linear(3 * self.word_dim, self.hidden_dim)
        self.project = nn.Sequential(nn.Linear(2 * self.hidden_dim, feature_dim), nn.ReLU())
        with torch.no_grad():
            self.words.weight[:2].zero_()

    def embed(self, tokens: Tensor) -> Tensor:
        """Return word vectors float32 (n, L, word_dim + 1); the last entry is 1 at words, 0 at padding."""
        mask = (tokens != PADDING).unsqueeze(2)
        return torch.cat([self.words(tokens), mask], dim=2)

    def forward(self, embedded: Tensor) -> Tensor:
        """Return features (n, feature_dim) of embedded captions."""
        vectors, mask = embedded[..., :-1], embedded[..., -1:]
        padded = F.pad(vectors, (0, 0, 1, 1))
        trigrams = torch.cat([padded[:, :-2], vectors, padded[:, 2:]], dim=2)
        hidden = F.relu(self.trigrams(trigrams)) * mask
        mean = hidden.sum(1) / mask.sum(1).clamp(min=1)
        # Not amax, which divides its gradient among equal values and is slower.
        features: Tensor = self.project(torch.cat([mean, hidden.max(1).values], dim=1))
        return features


class SentenceEncoder(nn.Module):
    """Encoder of token ids (n, L) to features (n, `width`), in float32: the last layer's mean."""

    width = 384

    def __init__(self) -> None:
        super().__init__()
        self.trunk = load_minilm("cpu")[0].auto_model

    def embed(self, tokens: Tensor) -> Tensor:
        """Return word vectors float32 (n, L, width + 1); the last entry is 1 at tokens, 0 at padding."""
        vectors: Tensor = self.trunk.embeddings.word_embeddings(tokens)
        return torch.cat([vectors, (tokens != PADDING).unsqueeze(2)], dim=2)

    def forward(self, embedded: Tensor) -> Tensor:
        """Return features (n, width) of embedded captions."""
        longest = int(embedded[..., -1].sum(1).max())
        vectors, mask = embedded[:, :longest, :-1], embedded[:, :longest, -1]
        with torch.autocast(embedded.device.type, enabled=False):
            hidden: Tensor = self.trunk(inputs_embeds=vectors, attention_mask=mask).last_hidden_state
        return (hidden * mask.unsqueeze(2)).sum(1) / mask.sum(1, keepdim=True).clamp(min=1)


@dataclass(frozen=True)
class Checkpoint:
    """Weights of a network after an epoch, and its score on val."""

    epoch: int
    weights: dict[str, Tensor]
    score: ValScore

    @classmethod
    def of(cls, network: nn.Module, epoch: int, score: ValScore) -> Self:
        """Copy the weights that a network has now."""
        return cls(epoch, {name: part.detach().clone() for name, part in network.state_dict().items()}, score)


class Network(nn.Module):
    """Encoders of images, captions or both, or one of vectors, and a linear `head` that classifies their features.

    `image` and `caption` encode what the task has; the features of two that are pretrained stand side by side. The
    encoders run in bfloat16 (in float32 on a CPU without AVX-512, or where they are pretrained), features and logits
    are float32. `vector` maps vectors, float64 (n, d), linearly to float64 features: the logits are then a linear
    function of the vectors, whatever the objective. `checkpoints` are the weights after epochs of training, from which
    a selection rule picks.
    """

    def __init__(
        self,
        *,
        image: ImageEncoder | ImageNetEncoder | None = None,
        caption: CaptionEncoder | SentenceEncoder | None = None,
        feature_dim: int,
        num_classes: int,
        vector: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.image = image
        self.vector = vector
        self.caption = caption
        both = self.image is not None and isinstance(self.caption, CaptionEncoder)
        self.fuse = nn.Sequential(nn.Linear(2 * feature_dim, feature_dim), nn.ReLU()) if both else None
        self.head = nn.Linear(feature_dim, num_classes)
        self.checkpoints: list[Checkpoint] = []

    @property
    def device(self) -> torch.device:
        """Device of the parameters."""
        return self.head.weight.device

    def embed(self, inputs: Inputs) -> list[Tensor]:
        """Return the inputs as floats, one tensor per modality, which can be mixed or differentiated."""
        embedded = []
        if self.image is not None and inputs.images is not None:
            embedded.append(self.image.embed(inputs.images))
        if self.caption is not None and inputs.tokens is not None:
            embedded.append(self.caption.embed(inputs.tokens))
        if self.vector is not None and inputs.vectors is not None:
            embedded.append(inputs.vectors)
        return embedded

    def encode_embedded(self, embedded: list[Tensor]) -> Tensor:
        """Return features float32 (n, feature_dim) of embedded inputs; float64 of vectors."""
        features: Tensor
        if self.vector is not None:
            features = self.vector(embedded[0])
            return features
        encoders = [encoder for encoder in (self.image, self.caption) if encoder is not None]
        reduced = _multiplies_bfloat16(self.device)
        if not isinstance(self.caption, SentenceEncoder):
            # Captions too are converted here, once, or each operation on them would convert them again.
            embedded = [part.to(torch.bfloat16 if reduced else torch.float32) for part in embedded]
        with torch.autocast(self.device.type, torch.bfloat16, enabled=reduced):
            parts = [encoder(part) for encoder, part in zip(encoders, embedded, strict=True)]
            joined = torch.cat(parts, dim=1)
            features = joined if self.fuse is None else self.fuse(joined)
        return features.float()

    def encode(self, inputs: Inputs) -> Tensor:
        """Return features float32 (n, feature_dim)."""
        return self.encode_embedded(self.embed(inputs))

    def forward(self, inputs: Inputs) -> Tensor:
        """Return logits float32 (n, num_classes)."""
        logits: Tensor = self.head(self.encode(inputs))
        return logits
