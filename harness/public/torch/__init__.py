"""Worlds as PyTorch data sets: `SpurGenDataset` by index, `SpurGenStream` without an end."""

from spurgen.harness.public.torch.dataset import SpurGenDataset
from spurgen.harness.public.torch.stream import SpurGenStream

__all__ = ["SpurGenDataset", "SpurGenStream"]
