"""The world: pure functions from (scenario, split, index) to images, captions and factors."""

from spurgen.generators.pictograms import DRAWINGS
from spurgen.generators.samples import Samples
from spurgen.generators.sampling import TwinKind, sample, twins
from spurgen.generators.world import aligned_values, check

CLASS_NAMES = tuple(DRAWINGS)

__all__ = ["CLASS_NAMES", "Samples", "TwinKind", "aligned_values", "check", "sample", "twins"]
