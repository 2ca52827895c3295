"""A picture of the digits by group: how often a world's train has them, and what they look like."""

import numpy as np
from matplotlib.figure import Figure

from spurgen.benchmark.contract import Int64
from spurgen.harness.anchor.digits import CLASSES, VALUES, Images, read_digits, read_images
from spurgen.harness.anchor.worlds import Design, world_of

SHOWN = 12


def draw_digits(design: Design) -> Figure:
    """Draw the first train samples of every group of world 0, a line per group."""
    images, _ = read_images()
    data = read_digits()
    world = world_of(data, 0, design)
    figure = Figure(figsize=(7.5, 3.2), layout="constrained")
    for line, axes in enumerate(figure.subplots(4, 1)):
        label, conflicts = divmod(line, 2)
        rows = world.train.rows[world.train.groups == line]
        value = VALUES[data.attributes[rows[0]]]
        axes.imshow(_strip(images, rows[:SHOWN]), cmap="Greys")
        axes.set_axis_off()
        kind = "conflicting" if conflicts else "aligned"
        axes.set_title(f"{CLASSES[label]}, {value}: {len(rows)} in train ({kind})", loc="left", fontsize=9)
    return figure


def _strip(images: Images, rows: Int64) -> Images:
    strip: Images = np.concatenate(list(images[rows]), axis=1)
    return strip
