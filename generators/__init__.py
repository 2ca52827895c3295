"""Worlds: pure functions from (description, part, index) to inputs and factors; `world_of` for worlds of any kind."""

from spurgen.generators.pictograms.sampling import TwinKind, groups_over, sample, shown_classes, twins
from spurgen.generators.pictograms.shapes import class_names
from spurgen.generators.pictograms.state import aligned_values, check
from spurgen.generators.world import Samples, World, world_of

__all__ = [
    "Samples", "TwinKind", "World", "aligned_values", "check", "class_names", "groups_over", "sample", "shown_classes",
    "twins", "world_of",
]  # fmt: skip
