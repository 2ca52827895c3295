"""Samples of each group of a real ladder: a sheet of its pictures, or a table of its texts."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from PIL import Image

from drawing.layout import Strip, framed, grid, row, tile, write
from spurgen.benchmark.world import Description
from spurgen.generators.world import Samples, world_of
from spurgen.harness.machine.printing import as_markdown

PER_GROUP = 8
HEAD = 150  # pixels of a group's name
SHRINK = 2


class Group(NamedTuple):
    """A class, a value of the shortcut, and samples of both."""

    label: str
    value: str
    samples: Samples


def groups(template: Description) -> Iterator[Group]:
    """Yield the first test samples of each group of the first draw, of each class first those that agree."""
    world = world_of(template.in_world(0))
    parts = {part: world.factors(part) for part in template.layout(template.modality).grouped}
    for k, label in enumerate(world.class_names):
        for part, samples in parts.items():
            ((name, values),) = samples.channel_values.items()
            for value in np.unique(values[samples.labels == k]):
                rows = np.flatnonzero((samples.labels == k) & (values == value))[:PER_GROUP]
                yield Group(label, world.values[name][value], world.draw(part, rows))


def sheet(template: Description) -> Strip:
    """Return the pictures of each group, a row a group."""
    rows = []
    for group in groups(template):
        tiles = [tile(np.asarray(Image.fromarray(image).reduce(SHRINK))) for image in group.samples.images]
        rows.append(row([write(f"{group.label}, {group.value}", HEAD), grid(tiles, PER_GROUP)]))
    return framed(rows)


def table(template: Description) -> str:
    """Return the texts of each group, Markdown."""
    lines = ["| group | samples |", "|---|---|"]
    for group in groups(template):
        texts = "; ".join(f"*{as_markdown(text)}*" for text in group.samples.captions)
        lines.append(f"| {group.label}, {group.value} | {texts} |")
    return "\n".join(lines)
