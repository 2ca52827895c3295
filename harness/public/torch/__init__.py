"""Worlds as PyTorch data sets: `SpurGenDataset` by index, `SpurGenStream` without an end."""

from spurgen.benchmark.shell import TRAIN, check_packages

check_packages(TRAIN, "a data set of tensors", "train")

from spurgen.harness.public.torch.dataset import SpurGenDataset  # noqa: E402  # imports torch
from spurgen.harness.public.torch.stream import SpurGenStream  # noqa: E402

__all__ = ["SpurGenDataset", "SpurGenStream"]
