"""The world: pure functions from (scenario, split, index) to images, captions and factors."""

from spurgen.benchmark.scenario import Scenario
from spurgen.generators.pictograms import DRAWINGS
from spurgen.generators.samples import Samples
from spurgen.generators.sampling import TwinKind, sample, twins
from spurgen.generators.world import aligned_values, check


def class_names(scenario: Scenario) -> tuple[str, ...]:
    """Names the pictograms that are a scenario's classes, in the order of the labels."""
    return tuple(DRAWINGS)[scenario.first_class : scenario.first_class + scenario.num_classes]


__all__ = ["Samples", "TwinKind", "aligned_values", "check", "class_names", "sample", "twins"]
