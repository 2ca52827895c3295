"""Pictures as networks want them."""

import torch
from torch.nn.functional import interpolate

AT_ONCE = 64  # pictures that are enlarged at a time


def batches(images, size, mean, std):
    """Yields float32 tensors (n, 3, size, size), normalised by `mean` and `std` in [0, 1], from uint8 (n, H, W, 3)."""
    mean, std = (torch.tensor(some).view(1, 3, 1, 1) for some in (mean, std))
    for some in torch.from_numpy(images).split(AT_ONCE):
        pixels = some.permute(0, 3, 1, 2).float().div(255)
        if pixels.shape[-1] != size:
            pixels = interpolate(pixels, (size, size), mode="bilinear", antialias=True)
        yield (pixels - mean) / std


def encode(model, images, size, mean, std):
    """Returns a network's features, float32 (n, d), of all pictures."""
    with torch.inference_mode():
        return torch.cat([model(some).flatten(1) for some in batches(images, size, mean, std)])
