"""Sheets that show ideas: a shortcut in train that is gone in test, and the groups of a class."""

from drawing.layout import GAP, Strip, framed, heading, panel, tile
from spurgen.benchmark.worlds.pictograms import Scenario, make_scenario
from spurgen.generators import sample

STRENGTH = 0.9
CLASSES = 4
PER_CLASS = 4  # samples of each class and split on the sheet of a shortcut
ACROSS = 8  # tiles, the heading included, on the sheet of groups
SPLITS = {
    "train": "Each class has its colour in nine of ten samples.",
    "test": "Any colour occurs with any class: it agrees in half of the samples and misleads in half.",
}
PATTERNS = {
    "both agree": "colour and wall go with the class",
    "the colour misleads": "only the wall goes with the class",
    "the wall misleads": "only the colour goes with the class",
    "both mislead": "neither goes with the class",
}
"""Titles and notes by alignment pattern: bit 0 is the colour's, bit 1 the wall's."""


def concept_scenario(image_size: int, *channels: str) -> Scenario:
    """Return a world of four classes in which each channel goes with the class in nine of ten training samples."""
    fields = {
        "num_classes": CLASSES,
        "image_size": image_size,
        "alignment": "natural",
        "channels": {name: {"strength": STRENGTH} for name in channels},
    }
    return make_scenario("sheet", suite="sheets", name="concepts", seed=7, **fields)


def by_class(scenario: Scenario, split: str) -> list[int]:
    """Return the indices of the first samples of a split that show `PER_CLASS` of each class, sorted by class."""
    labels = sample(scenario, split, range(100 * CLASSES), images=False, captions=False).labels
    return [int(i) for label in range(CLASSES) for i in (labels == label).nonzero()[0][:PER_CLASS]]


def of_pattern(scenario: Scenario, pattern: int) -> list[int]:
    """Return the indices of the first test samples of class 0 with an alignment pattern, a row of the sheet."""
    step = CLASSES * scenario.num_patterns
    return list(range(CLASSES * pattern, step * (ACROSS - 1), step))


def shortcut_sheet(image_size: int) -> Strip:
    """Show four classes in train, where each has its colour, and in test, where it may have any."""
    scenario = concept_scenario(image_size, "color")
    strips = []
    for split, note in SPLITS.items():
        images = sample(scenario, split, by_class(scenario, split), captions=False).images
        strips.append(panel(heading(split, note, image_size), [tile(pixels) for pixels in images], 2 * CLASSES + 1))
    return framed(strips, 2 * GAP)


def group_sheet(image_size: int) -> Strip:
    """Show the four groups of one class: every combination of two shortcuts that agree or mislead."""
    scenario = concept_scenario(image_size, "color", "background")
    strips = []
    for pattern, (title, note) in enumerate(PATTERNS.items()):
        images = sample(scenario, "test", of_pattern(scenario, pattern), captions=False).images
        strips.append(panel(heading(title, note, image_size), [tile(pixels) for pixels in images], ACROSS))
    return framed(strips)
