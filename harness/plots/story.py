"""The example of a suite as one picture, for a README, a slide and links to the site: twins, answers, and the curve."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from spurgen.harness.plots import style
from spurgen.harness.plots.ladder import Climbed, draw_on

SIZE = (6.0, 3.15)  # inches: 1200 by 630 pixels, as links to pages show it
GOOD, BAD = "#0b5d46", "#a32d00"
LEFT, WIDE, GAP = 0.02, 0.46, 0.01  # of the figure: the scenes' side
CURVE = (0.555, 0.15, 0.28, 0.7)
WRAPPED = 24  # characters of a line of a caption
NOTE = 56  # the same of the note below the answers


class Shown(NamedTuple):
    """A scene: its picture, uint8 (S, S, 3), or its caption."""

    pixels: NDArray[np.uint8] | None
    caption: str


def draw_story(
    title: str, train: Sequence[Shown], twins: Sequence[Shown], answers: Sequence[str], note: str, ladder: Climbed,
    full_names: Mapping[str, str],
) -> Figure:  # fmt: skip
    """Draw training scenes above a scene and its twin with the answers to both, the first right; the curve beside.

    `note`: a sentence or two below the answers.
    """
    # the answers are of the lowest rung above 0
    lowest = min(filter(None, ladder.numbers))
    strip = f"in training, but for {lowest:,} of {ladder.rungs[0].num_train:,} samples"
    with style.styled():
        figure = Figure(figsize=SIZE)
        figure.text(LEFT, 0.91, title, fontsize=14, fontweight="bold")
        figure.text(LEFT, 0.855, strip, color=style.GREY, fontsize=style.SMALL)
        figure.text(LEFT, 0.665, "in the test, only the shortcut changes", color=style.GREY, fontsize=style.SMALL)
        figure.text(LEFT, 0.135, textwrap.fill(note, NOTE), color=style.GREY, fontsize=style.SMALL, va="top")
        for axes, scene in zip(_row(figure, len(train), 0.84), train, strict=True):
            _scene(axes, scene)
        for axes, scene, answer, colour in zip(_row(figure, 2, 0.65), twins, answers, (GOOD, BAD), strict=True):
            _scene(axes, scene)
            axes.set_xlabel(answer, color=colour, fontsize=9, fontweight="bold")
        draw_on(figure.add_axes(CURVE), ladder, full_names, 1, screen=True)
    return figure


def _row(figure: Figure, count: int, top: float) -> list[Axes]:
    """Return square panels side by side, below `top`."""
    wide = (WIDE - GAP * (count - 1)) / count
    high = wide * SIZE[0] / SIZE[1]
    return [figure.add_axes((LEFT + k * (wide + GAP), top - high, wide, high)) for k in range(count)]


def _scene(axes: Axes, scene: Shown) -> None:
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    if scene.pixels is not None:
        axes.imshow(scene.pixels)
    else:
        size = style.SMALL if axes.get_position().width > 0.1 else 2.0
        axes.text(0.5, 0.5, textwrap.fill(scene.caption, WRAPPED), ha="center", va="center", fontsize=size)
