"""The picture of a ladder: accuracy where shortcuts mislead, against the number of counterexamples.

It also stands beside the example of a suite: twins and answers, for a README, a slide and links to the site.
"""

import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import cycle, repeat
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from spurgen.benchmark.suite import Suite
from spurgen.benchmark.task import Task
from spurgen.harness.board.columns import Line, needed_words
from spurgen.harness.board.formats import SYNTHETIC
from spurgen.harness.board.placing import ERM
from spurgen.harness.board.rows import short_name
from spurgen.harness.board.schema import Leaderboard
from spurgen.harness.metrics.ladder import SHARE
from spurgen.harness.plots import style
from spurgen.harness.plots.forest import Item, Named, named, points
from spurgen.harness.plots.style import Columns
from spurgen.harness.statistics.estimate import Estimate

HEIGHT = 2.7  # inches
SCREEN: dict[Columns, tuple[float, float]] = {1: (3.25, 2.4), 2: (5.0, 3.1)}  # inches, on a page of the site
APART = 0.07  # of the vertical axis: least distance of two labels
TWO_LINES: dict[Columns, float] = {1: 0.15, 2: 0.115}  # the same, where a label has two lines
TOP = 1.03
LONGEST: dict[Columns, int] = {1: 14, 2: 34}  # characters of a name beside its number; on a screen it is above it
NO_IDS: Mapping[str, str] = {}
CEILING = "ceiling fixed on other worlds: no shortcut in training", "ceiling"  # the first where no line would cross it


@dataclass(frozen=True)
class Climbed:
    """A ladder's rungs, ascending, the lines of each one's board, and those over all above 0."""

    rungs: Sequence[Task]
    boards: Sequence[Sequence[Line]]
    whole: Sequence[Line]

    @property
    def name(self) -> str:
        """Name of the ladder."""
        return self.rungs[0].of

    @property
    def numbers(self) -> list[int]:
        """Numbers of counterexamples."""
        return [rung.counterexamples for rung in self.rungs]


def ladders_drawn(suite: Suite, board: Leaderboard) -> list[Climbed]:
    """Return the data to draw of all ladders that have rows."""
    shown = {name: part for name, part in board.overall.items() if part.rungs and part.shown}
    rungs = {name: [rung for rung in suite.ladders[name] if rung.name in board.tasks] for name in shown}
    lines = {name: [board.tasks[rung.name].lines for rung in rungs[name]] for name in shown}
    return [Climbed(rungs[name], lines[name], part.lines) for name, part in shown.items()]


def ladder_items(ladders: Sequence[Climbed], full_names: Mapping[str, str], columns: Columns) -> list[Item]:
    """Return a figure per ladder."""
    caption = (
        "Accuracy if misled (or where shortcuts agree or are neutral, if lower) against the number of counterexamples "
        "on {}, with 95 % intervals. Named: ERM and the best of each access tier, with the counterexamples they need."
    )
    return [
        Item(f"ladder-{each.name}", caption.format(each.name), partial(draw_ladder, each, full_names, columns))
        for each in ladders
    ]


def draw_ladder(
    ladder: Climbed, full_names: Mapping[str, str], columns: Columns = 2, *, screen: bool = False,
    ids: Mapping[str, str] = NO_IDS,
) -> Figure:  # fmt: skip
    """Draw a line per row, ERM and the best row of each tier in colour with a band and its name, the others pale.

    `screen`: for a page on a screen, with labels of two lines. `ids`: of rows by label, which are drawn again on top,
    thick and in colour, as SVG groups of these ids: a page shows one of them at a time.
    """
    with style.styled():
        figure = style.new_figure(columns, HEIGHT)
        if screen:
            figure.set_size_inches(SCREEN[columns])
        draw_on(figure.subplots(), ladder, full_names, columns, screen=screen, ids=ids)
    return figure


def draw_curve(name: str, rungs: Sequence[Task], lines: Mapping[str, Line], whole: Line) -> Figure:
    """Draw a ladder with one row, whose lines are by task; `whole`: its line over the rungs above 0."""
    boards = [[{**lines[rung.name], "submission": name}] for rung in rungs]
    return draw_ladder(Climbed(rungs, boards, [whole or boards[-1][0]]), {})


def draw_own_ladder(
    curves: Mapping[str, Sequence[Estimate]], rungs: Sequence[int], target: float | None, axis: str
) -> Figure:
    """Draw accuracies by label of a method or an encoder, one per number of counterexamples.

    `axis`: its name; `target`: a line, if any.
    """
    at = places(rungs)
    with style.styled():
        figure = style.new_figure(2, HEIGHT)
        axes = figure.subplots()
        others = repeat(style.OTHER) if curves.keys() & style.METHODS.keys() else cycle(style.SERIES)
        looks = [style.METHODS.get(name) or next(others) for name in curves]
        drawn = zip(curves.items(), looks, strict=True)
        ends = [
            (style.drawable(name, LONGEST[2]), _band(axes, at, curve, look), look.colour)
            for (name, curve), look in drawn
        ]
        if target is not None:
            axes.axhline(target, zorder=1, **style.DASHED)
        _mark_rungs(axes, rungs, at)
        axes.set_xlabel(axis)
        _labels(axes, at[-1], ends, APART)
    return figure


def draw_on(
    axes: Axes, ladder: Climbed, full_names: Mapping[str, str], columns: Columns, *, screen: bool,
    ids: Mapping[str, str] = NO_IDS,
) -> None:  # fmt: skip
    """Draw a ladder as `draw_ladder` does."""
    rows, at, rung = named(ladder.whole, full_names), places(ladder.numbers), ladder.rungs[0]
    best = named_rows(ladder.whole, rows)
    by_rung = [points(lines, "robust_accuracy") for lines in ladder.boards]
    curves = {row: [known.get(row.label) for known in by_rung] for row in rows}
    for row in [row for row in rows if row not in best]:
        _band(axes, at, curves[row], style.Look(style.FAINT, ""))
    lines = {line["submission"]: line for line in ladder.whole}
    labels = [("ideal observer", 1.0, style.GREY)] * rung.has_twins  # of what nobody drew it is not known
    for row in best:
        look, text = style.look(row.label, row.access), _label(lines[row.label], full_names, columns, screen=screen)
        labels.append((text, _band(axes, at, curves[row], look), look.colour))
    _mark_rungs(axes, ladder.numbers, at)
    among = f"counterexamples among {rung.num_train:,} training samples"
    axes.set_xlabel(among if columns == 2 else among.replace("among ", "among\n"))
    _ceiling(axes, rung.scenario.ceiling, columns)
    above = [x for x, m in zip(at, ladder.numbers, strict=True) if m]  # without counterexamples it is not right either
    if rung.has_twins:
        axes.plot((above[0], above[-1]), (1, 1), zorder=1, color=style.GREY, linewidth=0.8)
    _labels(axes, at[-1], labels, TWO_LINES[columns] if screen else APART)
    # rows without a place on the ladder are drawn too, over the rungs that they have
    access = {line["submission"]: line["access"] for lines in ladder.boards for line in lines}
    for label in [label for label in ids if any(label in known for known in by_rung)]:
        _band(axes, at, [known.get(label) for known in by_rung], style.look(label, access[label]), ids[label])


def named_rows(lines: Sequence[Line], rows: Sequence[Named]) -> list[Named]:
    """Return ERM, then the best row of each access tier by the ladder score, in the tiers' order; first ranked ones."""
    score = {label: point.value for label, point in points(lines, "robust_accuracy").items()}
    known = {line["submission"] for line in lines if line["ranked"]}
    best = {row.access: row for row in sorted(rows, key=lambda row: (row.label in known, score[row.label], row.label))}
    return sorted((row for row in rows if row in best.values() or row.label == ERM), key=lambda row: row.label != ERM)


def places(rungs: Sequence[int]) -> list[float]:
    """Return where numbers of counterexamples lie on the axis: their logarithms, and 0 a step left of the first."""
    above = [math.log(m) for m in rungs if m]
    step = above[1] - above[0] if len(above) > 1 else 1.0
    return [math.log(m) if m else above[0] - step for m in rungs]


def spread(heights: Sequence[float], apart: float) -> list[float]:
    """Return heights moved so far that each two are `apart`, in their order, around where they were."""
    order = np.argsort(heights, kind="stable")
    wanted = np.asarray(heights)[order]
    placed = list(wanted)
    for _ in range(100):
        for k in range(1, len(placed)):
            if (lack := apart - (placed[k] - placed[k - 1])) > 0:
                placed[k - 1], placed[k] = placed[k - 1] - lack / 2, placed[k] + lack / 2
    moved = np.empty(len(placed))
    moved[order] = placed
    above = max(float(moved.max(initial=0.0)) - TOP, 0.0)
    return [float(height) - above for height in moved]


def _labels(axes: Axes, right: float, labels: Sequence[tuple[str, float, str]], apart: float) -> None:
    """Write each text right of its line's end, in ink that is easy to read, with a leader in the line's colour."""
    heights = spread([end for _, end, _ in labels], apart)
    for (text, end, colour), height in zip(labels, heights, strict=True):
        beside = axes.get_yaxis_transform()
        axes.text(1.045, height, text, transform=beside, color=style.INK, va="center", fontsize=style.SMALL)
        arrow = {"arrowstyle": "-", "color": colour, "linewidth": 0.5, "shrinkA": 0, "shrinkB": 3}
        axes.annotate("", (right, end), (1.04, height), textcoords=beside, annotation_clip=False, arrowprops=arrow)


def _band(axes: Axes, at: Sequence[float], curve: Sequence[Estimate | None], look: style.Look, own: str = "") -> float:
    """Draw a row's line over the rungs that it has, and its band if it has a marker; return where the line ends.

    `own`: the id of a line that pages show on demand, which is thick and has no band.
    """
    known = [(x, point) for x, point in zip(at, curve, strict=True) if point is not None]
    where, means = [x for x, _ in known], [point.value for _, point in known]
    colour, mark, _ = look
    size: dict[str, Any] = {"markersize": 5, "linewidth": 2, "gid": own} if own else {"markersize": 3}
    marked = None if own and len(known) > 1 else mark  # markers of lines on demand would be a third of the file
    axes.plot(where, means, linestyle=look.line, color=colour, marker=marked, zorder=3 if mark else 1, **size)
    if mark and not own:
        low, high = zip(*(point.ends for _, point in known), strict=True)
        axes.fill_between(where, low, high, color=colour, alpha=0.13, linewidth=0, zorder=2)
    return means[-1]


def _ceiling(axes: Axes, ceiling: float | None, columns: Columns) -> None:
    """Draw the ceiling and the required share of it, each labelled at its line."""
    if ceiling is None:
        return
    for height, texts in ((ceiling, CEILING[2 - columns :]), (SHARE * ceiling, ["3/4 of the ceiling"])):
        places = [(*_free(axes, height, text), text) for text in texts]
        _, right, below, text = next((place for place in places if not place[0]), places[-1])
        beside: dict[str, Any] = {"ha": "right" if right else "left", "va": "top" if below else "bottom", "zorder": 4}
        axes.annotate(text, (right, height), (3 - 6 * right, 3 - 6 * below), ("axes fraction", "data"), "offset points",
                      color=style.GREY, fontsize=style.SMALL, **beside)  # fmt: skip
        axes.axhline(height, zorder=1, **style.DASHED)


def _free(axes: Axes, height: float, text: str) -> tuple[int, bool, bool]:
    """Return the best place of a label at a level line: how much of other lines it meets, if at the right, if below."""
    box, point = axes.get_window_extent(), axes.figure.dpi / 72
    near, tall = int(100 * len(text) * style.CHARACTER * point / box.width), 11 * point / box.height
    at = np.linspace(*axes.get_xlim(), 100)
    drawn = np.array([np.interp(at, *np.asarray(line.get_xydata()).T) for line in axes.get_lines()]) - height
    return min(
        (int(((part > 0) & (part < tall)).sum()), right, below)
        for below, lines in ((False, drawn), (True, -drawn))
        for right, part in ((False, lines[:, :near]), (True, lines[:, 100 - near :]))
    )


def _mark_rungs(axes: Axes, rungs: Sequence[int], at: Sequence[float]) -> None:
    """Label the axes: numbers of counterexamples at their places, and accuracies."""
    axes.set_xticks(at, [f"{m:,}" for m in rungs])
    axes.set_ylabel("accuracy if misled, %")
    axes.set_ylim(-0.02, TOP)
    if not rungs[0]:  # the axis is logarithmic only right of this mark
        axes.text((at[0] + at[1]) / 2, 0, "//", transform=axes.get_xaxis_transform(), ha="center", va="center",
                  fontsize=style.SMALL, backgroundcolor="white")  # fmt: skip
    axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f}")
    style.grid_lines(axes, "y")


def _label(line: Line, full_names: Mapping[str, str], columns: Columns, *, screen: bool) -> str:
    """Return a row's name and what it needs; on a screen in two lines, and whether it was given twins as well."""
    label, needs = line["submission"], needed_words(line)
    name = "ERM" if label == ERM else short_name(full_names.get(label, label))
    twins = screen and line["access"] == SYNTHETIC
    what = [f"{needs}, with twins" if twins else f"needs {needs}"] if needs else []
    return ("\n" if screen else " ").join([style.drawable(name, LONGEST[2 if screen else columns]), *what])


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
