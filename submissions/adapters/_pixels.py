"""Preprocessing of pictures for pretrained networks."""

import torch
from torch.nn.functional import interpolate

AT_ONCE = 64  # pictures resized at a time


def batches(images, size, mean, std):
    """Yield float32 (n, 3, size, size), normalised by `mean` and `std` in [0, 1], from uint8 (n, H, W, 3).

    With a `size` of None pictures keep theirs.
    """
    mean, std = (torch.tensor(levels).view(1, 3, 1, 1) for levels in (mean, std))
    for chunk in torch.from_numpy(images).split(AT_ONCE):
        pixels = chunk.permute(0, 3, 1, 2).float().div(255)
        if size and pixels.shape[-1] != size:
            pixels = interpolate(pixels, (size, size), mode="bilinear", antialias=True)
        yield (pixels - mean) / std


def encode(model, images, size, mean, std):
    """Return a network's features of all pictures, float32 (n, d)."""
    with torch.inference_mode():
        return torch.cat([model(pixels).flatten(1) for pixels in batches(images, size, mean, std)])
