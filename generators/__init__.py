"""The world: pure functions from (scenario, split, index) to images, captions and factors."""

from spurgen.benchmark.scenario import Scenario
from spurgen.generators.pictograms import DRAWINGS
from spurgen.generators.samples import Samples
from spurgen.generators.sampling import PARTS, TwinKind, sample, shown_classes, twins
from spurgen.generators.world import aligned_values, check


def class_names(scenario: Scenario) -> tuple[str, ...]:
    """Return the names of a scenario's classes, its pictograms, in label order."""
    return tuple(DRAWINGS)[scenario.first_class : scenario.first_class + scenario.num_classes]


__all__ = ["PARTS", "Samples", "TwinKind", "aligned_values", "check", "class_names", "sample", "shown_classes", "twins"]
