"""The world: pure functions from (scenario, split, index) to images, captions and factors."""

from spurgen.generators.sampling import Samples, TwinKind, sample, twins
from spurgen.generators.world import check

__all__ = ["Samples", "TwinKind", "check", "sample", "twins"]
