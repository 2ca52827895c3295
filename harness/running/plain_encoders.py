"""Encoders to compare others with: what pixels, colours and words alone show, and networks with random weights."""

import re
import zlib
from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spurgen.baselines.training.encoders import ENCODERS, Encoder, Features

GRID = 16  # cells of an image's side
LEVELS = 4  # of each colour in the histogram
WORDS = 1024  # numbers that words are hashed to
CNN_WIDTH = 128  # features of the small network with random weights


class Plain(NamedTuple):
    """An encoder, and the half of a sample that it reads."""

    half: str
    encoder: Encoder


def _pixels(images: NDArray[np.uint8]) -> Features:
    side = images.shape[1] // GRID
    cut = images[:, : side * GRID, : side * GRID].reshape(len(images), GRID, side, GRID, side, 3)
    means: Features = cut.mean(axis=(2, 4)).reshape(len(images), -1).astype(np.float32)
    return means


def _histogram(images: NDArray[np.uint8]) -> Features:
    levels = (images // (256 // LEVELS)).astype(np.int64)
    bins = (levels[..., 0] * LEVELS + levels[..., 1]) * LEVELS + levels[..., 2]
    shares = [np.bincount(each.ravel(), minlength=LEVELS**3) / each.size for each in bins]
    return np.stack(shares).astype(np.float32)


def _words(captions: Sequence[str]) -> Features:
    counts = np.zeros((len(captions), WORDS), np.float32)
    for row, caption in zip(counts, captions, strict=True):
        for word in re.findall(r"\w+", caption.lower()):
            row[zlib.crc32(word.encode()) % WORDS] += 1
    return counts


@cache
def _random_efficientnet() -> Callable[[NDArray[np.uint8]], Features]:
    import torch

    from spurgen.baselines.training.encoders import encode_images_with, make_trunk

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        trunk = make_trunk()
        for layer in trunk.modules():
            if hasattr(layer, "reset_parameters"):
                layer.reset_parameters()
        with torch.no_grad():  # batch statistics from noise: without them, the activations would vanish with depth
            trunk.train().extract_features(torch.randn(16, 3, 96, 96))
    return encode_images_with(trunk)


@cache
def _random_cnn() -> Callable[[NDArray[np.uint8]], Features]:
    import torch

    from spurgen.baselines.training.backbones import ImageEncoder

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = ImageEncoder(CNN_WIDTH)

    @torch.inference_mode()
    def encode(images: NDArray[np.uint8]) -> Features:
        features: Features = network.eval()(network.embed(torch.from_numpy(images)).float()).numpy()
        return features

    return encode


@cache
def _random_minilm() -> Callable[[Sequence[str]], Features]:
    import torch

    from spurgen.baselines.training.encoders import encode_captions_with, load_minilm

    model = load_minilm()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for part in model.parameters():
            if part.ndim > 1:  # as BERT is initialised
                part.copy_(0.02 * torch.randn(part.shape, generator=generator))
    return encode_captions_with(model)


IMAGE, CAPTION = (ENCODERS[half].packages for half in ("image", "caption"))
PLAIN = {
    "pixels": Plain("image", Encoder("pixels/1", 3 * GRID**2, (), lambda: _pixels)),
    "colour-histogram": Plain("image", Encoder("colour-histogram/1", LEVELS**3, (), lambda: _histogram)),
    "efficientnet-lite0-random": Plain(
        "image", Encoder("efficientnet-lite0-random/1", 1280, IMAGE, _random_efficientnet)
    ),
    "cnn-random": Plain("image", Encoder("cnn-random/1", CNN_WIDTH, (), _random_cnn)),
    "bag-of-words": Plain("caption", Encoder("bag-of-words/1", WORDS, (), lambda: _words)),
    "minilm-random": Plain("caption", Encoder("minilm-random/1", 384, CAPTION, _random_minilm)),
}
