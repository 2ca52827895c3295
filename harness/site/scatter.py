"""Robust accuracy against accuracy where all channels agree: ERM, the ideal observer, the best row of each tier."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from spurgen.benchmark.contract import ACCESS
from spurgen.harness.board.against_erm import ERM
from spurgen.harness.board.by_unit import ALIGNED, RANKED_BY
from spurgen.harness.site.boards import BoardView, Line
from spurgen.harness.site.material import Material
from spurgen.harness.site.svg import number, path, picture, segment, tag, text

WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 56, 150, 14, 48
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
APART = 15.0  # between the base lines of labels
SHAPES = {
    "none": "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
    "envs": "M-4 -4h8v8h-8z",
    "val_groups": "M0 -5l5 9h-10z",
    "train_groups": "M0 -5.5l5.5 5.5l-5.5 5.5l-5.5 -5.5z",
    "twins": "M-1.5 -5h3v3.5h3.5v3h-3.5v3.5h-3v-3.5h-3.5v-3h3.5z",
}
"""A mark per access tier: its shape is the second cue beside its colour."""
OTHER = "M-4 -4l8 8M4 -4l-8 8"


@dataclass(frozen=True)
class Point:
    """A row in the scatter."""

    line: Line
    x: float
    y: float

    @property
    def access(self) -> str:
        """Access tier of the row."""
        return self.line.row.access


def scatter(material: Material, view: BoardView) -> Markup:
    """Draw the rows of a board; on the diagonal no shortcut misleads."""
    points = _points(material, view)
    ideal = _ideal(material, view)
    low = min([0.5, *(point.x for point in points)])
    start = next(tick for tick in reversed(TICKS) if tick <= low)
    parts = [*_frame(start), *(_mark(point, start) for point in points)]
    labels = [(_across(point.x, start), _up(point.y), _label(point), "strong") for point in _named(points)]
    if ideal:
        x, y = _across(ideal[0], start), _up(ideal[1])
        parts.append(tag("path", d="M0 -7l6 7l-6 7l-6 -7z", cls="ideal-mark", transform=_move(x, y)))
        labels.append((x, y, "ideal observer", "strong"))
    parts += _labels(labels)
    label = f"Robust accuracy against accuracy where all channels agree, {len(points)} rows on {view.title}"
    return picture(WIDTH, HEIGHT, label, *parts, cls="figure scatter")


def tiers_in(view: BoardView) -> list[tuple[str, Markup]]:
    """Return the access tiers of a board with their marks, for the legend."""
    present = {line.row.access for line in view.lines}
    return [(access, _key(access)) for access in ACCESS if access in present]


def _key(access: str) -> Markup:
    mark = path(SHAPES[access], f"mark tier-{access}")
    return tag("svg", mark, viewBox="-8 -8 16 16", cls="key", aria_hidden="true")


def _points(material: Material, view: BoardView) -> list[Point]:
    aligned = material.estimates(view.tasks, ALIGNED, [line.row for line in view.lines])
    return [Point(line, aligned[line.row.submission].value, line.row.value(RANKED_BY)) for line in view.lines]


def _ideal(material: Material, view: BoardView) -> tuple[float, float] | None:
    x, y = (material.ideal_mean(view.tasks, metric) for metric in (ALIGNED, RANKED_BY))
    return None if x is None or y is None else (x, y)


def _named(points: Sequence[Point]) -> list[Point]:
    """Return ERM and the best row of every tier."""
    best = {point.access: point for point in sorted(points, key=lambda point: point.y)}
    erm = [point for point in points if point.line.row.submission == ERM]
    return [*erm, *(point for point in best.values() if point not in erm)]


def _label(point: Point) -> str:
    return "ERM" if point.line.row.submission == ERM else point.line.name[:20]


def _mark(point: Point, start: float) -> Markup:
    row = point.line.row
    where = _move(_across(point.x, start), _up(point.y))
    known = point.access in SHAPES
    title = tag("title", f"{point.line.name} ({row.access}): robust {point.y:.3f}, all agree {point.x:.3f}")
    shape = tag("path", title, d=SHAPES.get(point.access, OTHER), cls=f"mark tier-{point.access if known else 'other'}")
    whisker = segment(
        0, _up(row.ranked_by.ends[0]) - _up(point.y), 0, _up(row.ranked_by.ends[1]) - _up(point.y), "error"
    )
    cls = "erm" if row.submission == ERM else None
    return tag("g", whisker, shape, transform=where, cls=cls)


def _frame(start: float) -> list[Markup]:
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    parts = []
    for tick in TICKS:
        parts.append(segment(LEFT, _up(tick), right, _up(tick), "grid"))
        parts.append(text(LEFT - 8, _up(tick) + 4, f"{tick:.2f}", "tick", "end"))
    for k in range(5):
        tick = start + (1 - start) * k / 4
        parts.append(segment(_across(tick, start), TOP, _across(tick, start), bottom, "grid"))
        parts.append(text(_across(tick, start), bottom + 18, f"{tick:.2f}", "tick", "middle"))
    parts.append(segment(_across(start, start), _up(start), _across(1, start), _up(1), "diagonal"))
    parts.append(text((LEFT + right) / 2, HEIGHT - 8, "Accuracy where all shortcuts agree", "axis", "middle"))
    middle = (TOP + bottom) / 2
    turned = f"rotate(-90 14 {number(middle)})"
    parts.append(tag("text", "Robust accuracy", x=14.0, y=middle, cls="axis", text_anchor="middle", transform=turned))
    return parts


def _labels(labels: Sequence[tuple[float, float, str, str]]) -> list[Markup]:
    """Write labels right of their points, moved down where two would overlap."""
    parts, last = [], -APART
    for x, y, label, cls in sorted(labels, key=lambda each: each[1]):
        at = max(y, last + APART)
        parts.append(path(f"M{number(x + 7)} {number(y)}L{number(WIDTH - RIGHT + 4)} {number(at)}", "leader"))
        parts.append(text(WIDTH - RIGHT + 8, at + 4, label, cls))
        last = at
    return parts


def _move(x: float, y: float) -> str:
    return f"translate({number(x)} {number(y)})"


def _across(accuracy: float, start: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * (accuracy - start) / (1 - start)


def _up(robust: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - robust)
