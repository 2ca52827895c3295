"""The scatter of robust accuracy against plain accuracy, with ERM, the ideal observer and the best row of each tier."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from spurgen.benchmark.contract import ACCESS
from spurgen.harness.board.against_erm import ERM
from spurgen.harness.board.by_unit import RANKED_BY
from spurgen.harness.site.boards import BoardView, Line
from spurgen.harness.site.material import Material
from spurgen.harness.site.svg import number, path, picture, segment, tag, text

WIDTH, HEIGHT = 640, 466
LEFT, RIGHT, TOP, BOTTOM = 56, 150, 60, 48
LEGEND = 350.0  # where a line of the legend ends at the latest, so that a phone shows it whole
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
APART = 15.0  # between the base lines of labels
MOST_NAMED = 12
LONGEST = 18  # characters of a label
LETTER = 6.4  # units that a letter needs, at most
SHAPES = {
    "none": "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
    "envs": "M-4 -4h8v8h-8z",
    "val_groups": "M0 -5l5 9h-10z",
    "train_groups": "M0 -5.5l5.5 5.5l-5.5 5.5l-5.5 -5.5z",
    "twins": "M-1.5 -5h3v3.5h3.5v3h-3.5v3.5h-3v-3.5h-3.5v-3h3.5z",
}
"""A mark per access tier: its shape is the second cue beside its colour."""
OTHER = "M-4 -4l8 8M4 -4l-8 8"
IDEAL = "M0 -7l6 7l-6 7l-6 -7z"


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

    @property
    def is_erm(self) -> bool:
        """Whether it is ERM."""
        return self.line.row.submission == ERM


def scatter(material: Material, view: BoardView) -> Markup:
    """Draw the rows of a board; the diagonal is where no pattern is answered worse than the whole."""
    points = sorted(map(_point, view.lines), key=lambda point: point.is_erm)  # ERM lies above the others
    ideal = _ideal(material, view)
    start = _start([line.row.value("accuracy") for line in view.lines])
    parts = [*_legend(view, ideal is not None), *_frame(start), *(_mark(point, start) for point in points)]
    labels = [(_across(point.x, start), _up(point.y), _label(point)) for point in _named(material, view, points)]
    if ideal:
        x, y = _across(ideal[0], start), _up(ideal[1])
        parts.append(tag("path", d=IDEAL, cls="ideal-mark", transform=_move(x, y)))
        labels.append((x, y, "ideal observer"))
    parts += _labels(labels)
    label = f"Robust accuracy against accuracy of {len(points)} rows on {view.title}"
    return picture(WIDTH, HEIGHT, label, *parts, cls="figure scatter")


def _start(accuracies: Sequence[float]) -> float:
    """Return where the axis of accuracy begins: a multiple of 0.1, so that its ticks need no rounding."""
    return int(10 * min([0.5, *accuracies])) / 10


def _legend(view: BoardView, ideal: bool) -> list[Markup]:
    """Name the marks of a board's access tiers and of the ideal observer in two lines above the frame."""
    present = {line.row.access for line in view.lines}
    keys = [(access, path(SHAPES[access], f"mark tier-{access}")) for access in ACCESS if access in present]
    keys += [("other", path(OTHER, "mark tier-other"))] if present - SHAPES.keys() else []
    keys += [("ideal observer", path(IDEAL, "ideal-mark"))] if ideal else []
    parts, at, down = [text(0, 16, "Access:", "axis")], LEFT + 6.0, 12.0
    for name, mark in keys:
        width = LETTER * len(name)
        if at + 10 + width > LEGEND:
            at, down = LEFT + 6.0, down + 20
        parts.append(tag("g", mark, text(10, 4, name), transform=_move(at, down)))
        at += 32 + width
    return parts


def _point(line: Line) -> Point:
    return Point(line, line.row.value("accuracy"), line.row.value(RANKED_BY))


def _ideal(material: Material, view: BoardView) -> tuple[float, float] | None:
    x, y = (material.ideal_mean(view.tasks, metric) for metric in ("accuracy", RANKED_BY))
    return None if x is None or y is None else (x, y)


def _named(material: Material, view: BoardView, points: Sequence[Point]) -> list[Point]:
    """Return the points that are labelled: all if they are few, else ERM, the best of every tier, and submissions."""
    if len(points) <= MOST_NAMED:
        return list(points)
    best = {point.access: point for point in sorted(points, key=lambda point: point.y) if point.line.row.ranks}
    own = {entry.label for entry in material.sheets[view.key].entries if entry.own}
    erm = [point for point in points if point.is_erm]
    submissions = [point for point in points if point.line.row.submission in own]
    shown = [*erm, *best.values(), *sorted(submissions, key=lambda point: -point.y)]
    return [point for k, point in enumerate(shown) if point not in shown[:k]][:MOST_NAMED]


def _label(point: Point) -> str:
    name = "ERM" if point.is_erm else point.line.name
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"


def _mark(point: Point, start: float) -> Markup:
    row = point.line.row
    where = _move(_across(point.x, start), _up(point.y))
    known = point.access in SHAPES
    title = tag("title", f"{point.line.name} ({row.access}): robust {point.y:.3f}, accuracy {point.x:.3f}")
    shape = tag("path", title, d=SHAPES.get(point.access, OTHER), cls=f"mark tier-{point.access if known else 'other'}")
    whisker = segment(
        0, _up(row.ranked_by.ends[0]) - _up(point.y), 0, _up(row.ranked_by.ends[1]) - _up(point.y), "error"
    )
    kinds = ["erm"] * (row.submission == ERM) + ["few"] * (not row.ranks)
    return tag("g", whisker, shape, transform=where, cls=" ".join(kinds) or None)


def _frame(start: float) -> list[Markup]:
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    parts = []
    for tick in TICKS:
        parts.append(segment(LEFT, _up(tick), right, _up(tick), "grid"))
        parts.append(text(LEFT - 8, _up(tick) + 4, f"{tick:.2f}", "tick", "end"))
    for tenth in range(round(10 * start), 11):
        x = _across(tenth / 10, start)
        parts.append(segment(x, TOP, x, bottom, "grid"))
        parts.append(text(x, bottom + 18, f"{tenth / 10:.1f}", "tick", "middle"))
    parts.append(segment(_across(start, start), _up(start), _across(1, start), _up(1), "diagonal"))
    parts.append(text((LEFT + right) / 2, HEIGHT - 8, "Accuracy over the whole test", "axis", "middle"))
    middle = (TOP + bottom) / 2
    turned = f"rotate(-90 14 {number(middle)})"
    parts.append(tag("text", "Robust accuracy", x=14.0, y=middle, cls="axis", text_anchor="middle", transform=turned))
    return parts


def _labels(labels: Sequence[tuple[float, float, str]]) -> list[Markup]:
    """Write labels right of their points, moved up or down where two would overlap."""
    parts, ordered = [], sorted(labels, key=lambda each: each[1])
    for (x, y, label), at in zip(ordered, spread([y for _, y, _ in ordered], TOP, HEIGHT - BOTTOM), strict=True):
        parts.append(path(f"M{number(x + 7)} {number(y)}L{number(WIDTH - RIGHT + 4)} {number(at)}", "leader"))
        parts.append(text(WIDTH - RIGHT + 8, at + 4, label, "strong"))
    return parts


def spread(places: Sequence[float], low: float, high: float) -> list[float]:
    """Return ascending places, moved as little as keeps them `APART` from one another and within limits."""
    moved: list[float] = []
    for place in places:
        moved.append(max(place, moved[-1] + APART if moved else low))
    limit = high
    for k in reversed(range(len(moved))):
        moved[k] = min(moved[k], limit)
        limit = moved[k] - APART
    return moved


def _move(x: float, y: float) -> str:
    return f"translate({number(x)} {number(y)})"


def _across(accuracy: float, start: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * (accuracy - start) / (1 - start)


def _up(robust: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - robust)
