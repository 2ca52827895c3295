"""The world: pure functions from (scenario, split, index) to images, captions and factors."""

from spurgen.generators.groups import groups_over
from spurgen.generators.pictograms import class_names
from spurgen.generators.samples import Samples
from spurgen.generators.sampling import TwinKind, sample, shown_classes, twins
from spurgen.generators.world import aligned_values, check

__all__ = [
    "Samples", "TwinKind", "aligned_values", "check", "class_names", "groups_over", "sample", "shown_classes", "twins",
]  # fmt: skip
