"""All learners: the counterexamples needed, in groups, each beside the ideal observer; an axis per question asked."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from spurgen.harness.plots import style
from spurgen.harness.plots.style import Columns

LINE, FOOT = 0.16, 0.7  # inches: a line of the figure, and the space around the lines
MODALITIES = {"text": "captions", "image": "images", "multimodal": "both"}
MARKS = dict(zip(MODALITIES, style.SERIES, strict=False))
APART = 0.2  # of a line: distance of two modalities' marks
BEYOND = {"": 1.0, "<=": 1 / 1.3, ">": 1.3}  # where a number beyond the rungs is drawn, as a multiple of the last rung
LONGEST: dict[Columns, int] = {1: 22, 2: 44}  # characters of a name
COLUMN = 25  # points: of numbers beside the axis


class Learner(NamedTuple):
    """A name, and by modality the counterexamples needed as text, such as `66 [41, 92]` or `>128`."""

    name: str
    needed: Mapping[str, str]


class Scale(NamedTuple):
    """The axis of a panel: what is counted, and the rungs at its ends. Numbers of two scales do not compare."""

    title: str
    least: int
    most: int


class Group(NamedTuple):
    """Learners with the same setup; `ideal`: the number of an observer that knows the law of their training data."""

    title: str
    ideal: str
    learners: Sequence[Learner]
    scale: Scale


def draw_needed(groups: Sequence[Group], columns: Columns = 2) -> Figure:
    """Draw a panel per scale with a line per learner below its group's title: a mark, an interval and the number."""
    panels: dict[Scale, list[Group | Learner]] = {}
    for group in groups:
        lines = panels.setdefault(group.scale, [])
        lines.append(group)
        lines.extend(group.learners)
    learners = [learner for group in groups for learner in group.learners]
    shown = [known for known in MODALITIES if any(known in learner.needed for learner in learners)]
    with style.styled():
        heights = [len(lines) for lines in panels.values()]
        figure = style.new_figure(columns, LINE * sum(heights) + FOOT * len(panels))
        grid = figure.subplots(len(panels), squeeze=False, height_ratios=heights).ravel().tolist()
        for axes, (scale, lines) in zip(grid, panels.items(), strict=True):
            _axes(axes, scale, lines, columns)
            _learners(axes, lines, shown if columns == 2 else ())
        keys = [
            Line2D([], [], color=MARKS[m][0], marker=MARKS[m][1], linewidth=0, markersize=3.5, label=MODALITIES[m])
            for m in shown
        ]
        keys.append(Line2D([], [], label="ideal observer", **style.DASHED))
        figure.legend(handles=keys, loc="outside upper right", ncols=len(keys), columnspacing=1, handletextpad=0.4)
    return figure


def _learners(axes: Axes, lines: Sequence[Group | Learner], written: Sequence[str]) -> None:
    """Draw the lines of a panel; `written`: the modalities whose numbers stand beside it, in columns."""
    for y, line in enumerate(lines):
        if isinstance(line, Group):
            axes.axhspan(y - 0.5, y + 0.5, color=style.PALE, alpha=0.5, linewidth=0, zorder=0)
            axes.text(0.01, y, line.title, transform=axes.get_yaxis_transform(), va="center", fontsize=style.SMALL)
            for ideal in places(line.ideal):
                axes.plot((ideal, ideal), (y + 0.5, y + len(line.learners) + 0.5), zorder=1, **style.DASHED)
            continue
        for k, (modality, text) in enumerate(line.needed.items()):
            _mark(axes, y + APART * (k - (len(line.needed) - 1) / 2), text, MARKS[modality])
            if modality in written:
                axes.annotate(
                    text.partition(" ")[0].replace("<=", "≤"), (1, y), (COLUMN * (written.index(modality) + 1), 0),
                    xycoords=axes.get_yaxis_transform(), textcoords="offset points", ha="right", va="center",
                    color=MARKS[modality].colour, fontsize=style.SMALL,
                )  # fmt: skip


def places(text: str) -> list[float]:
    """Return where a text such as `11 [<=8, 109]` is drawn: the number needed, and its interval's ends."""
    return [BEYOND[sign] * int(number) for sign, number in re.findall(r"(<=|>|)(\d+)", text)]


def _mark(axes: Axes, y: float, text: str, look: style.Look) -> None:
    (value, *ends), (colour, mark, _) = places(text), look
    axes.plot(ends or [value, value], (y, y), color=colour, linewidth=0.8, solid_capstyle="butt")
    inside = text[0].isdigit()
    axes.plot(value, y, mark, color=colour, mfc=colour if inside else "white", markersize=3.5, markeredgewidth=0.7)


def _axes(axes: Axes, scale: Scale, lines: Sequence[Group | Learner], columns: Columns) -> None:
    axes.set_xscale("log", base=2)
    axes.set_xlim(scale.least / 1.5, scale.most * 1.5)
    ticks = [2**k for k in range(scale.most.bit_length()) if 2**k >= scale.least][:: 3 - columns]
    axes.set_xticks(ticks, [f"{tick}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel(scale.title if columns == 2 else scale.title.partition(",")[0])
    names = ["" if isinstance(line, Group) else style.drawable(line.name, LONGEST[columns]) for line in lines]
    axes.set_yticks(range(len(lines)), names)
    axes.set_ylim(len(lines) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    style.grid_lines(axes, "x")
