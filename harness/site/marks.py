"""Small drawings in cells, as SVG of the page: their numbers stand beside them as text."""

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from spurgen.harness.plots.ladder import places

SCALE, HIGH = 100, 12  # units of the drawing of a proportion
WIDE, TALL, MARGIN = 64, 26, 3  # of a small curve
BAR = 26  # height of a bar of 1
BIG, DEEP, LEFT, RIGHT, FOOT, TOP = 560, 280, 44, 8, 44, 10  # of a large curve, and its margins
TICKS = (0, 25, 50, 75, 100)


class Drawn(NamedTuple):
    """A line of a large curve: its name, its CSS classes, its values by rung, and the lengths of dashes and gaps."""

    name: str
    style: str
    values: Sequence[float | None]
    dashes: Sequence[float] = ()


def _svg(style: str, width: float, height: float, body: str, title: str = "") -> Markup:
    about = f'role="img" aria-label="{title}"' if title else 'aria-hidden="true"'
    return Markup(f'<svg class="{style}" viewBox="0 0 {width} {height}" {about}>{body}</svg>')  # numbers of our own


def scale(value: float, low: float, high: float, other: float | None) -> Markup:
    """Draw a proportion with its interval on a scale from 0 to 1, and a second one as an open mark."""
    left, at, right = (_clipped(end) * SCALE + 4 for end in (low, value, high))
    middle = HIGH / 2
    body = f'<path class="axis" d="M4 {middle}H{SCALE + 4}"/>'
    if other is not None:
        body += f'<circle class="open" cx="{_clipped(other) * SCALE + 4:.1f}" cy="{middle}" r="3"/>'
    body += f'<path class="interval" d="M{left:.1f} {middle}H{right:.1f}"/>'
    return _svg("scale", SCALE + 8, HIGH, f'{body}<circle cx="{at:.1f}" cy="{middle}" r="3.5"/>')


def spark(rungs: Sequence[int], values: Sequence[float | None]) -> Markup:
    """Draw a row's accuracies over the rungs of a ladder, on a scale from 0 to 1."""
    points = _points(rungs, values, (MARGIN, WIDE - MARGIN), (TALL - MARGIN, MARGIN))
    body = f'<path class="axis" d="M{MARGIN} {TALL - MARGIN}H{WIDE - MARGIN}"/><path class="line" d="{_path(points)}"/>'
    return _svg("spark", WIDE, TALL, body)


def bar(value: float) -> Markup:
    """Draw a proportion as an upright bar."""
    height = _clipped(value) * BAR
    body = f'<path class="axis" d="M0 {BAR}.5H12"/><rect x="2" y="{BAR - height:.1f}" width="8" height="{height:.1f}"/>'
    return _svg("bar", 12, BAR + 1, body)


def curve(rungs: Sequence[int], lines: Sequence[Drawn], threshold: float | None, title: str) -> Markup:
    """Draw lines over the rungs of a ladder, the first one on top, with a dashed line at the threshold.

    The page shows the names of the lines itself; `style` is the CSS class of each.
    """
    across, up = (LEFT + 14, BIG - RIGHT - 14), (DEEP - FOOT, TOP)
    body = "".join(
        f'<path class="grid" d="M{LEFT} {y:.1f}H{BIG - RIGHT}"/>'
        f'<text x="{LEFT - 6}" y="{y + 4:.1f}" class="end">{t}</text>'
        for t in TICKS
        for y in [up[0] + (up[1] - up[0]) * t / 100]
    )
    for m, (x, _) in zip(rungs, _points(rungs, [0.0] * len(rungs), across, up), strict=True):
        body += f'<text x="{x:.1f}" y="{DEEP - FOOT + 18}" class="middle">{m:,}</text>'
    body += f'<text x="{(across[0] + across[1]) / 2}" y="{DEEP - 6}" class="middle">counterexamples in training</text>'
    if threshold is not None:
        body += f'<path class="dashed" d="M{LEFT} {up[0] + (up[1] - up[0]) * threshold:.1f}H{BIG - RIGHT}"/>'
    for line in reversed(lines):
        points = _points(rungs, line.values, across, up)
        dots = "".join(f"M{x:.0f} {y:.0f}h0" for x, y in points)  # of no length, so that their round ends are seen
        dashes = f' stroke-dasharray="{" ".join(f"{2 * each:g}" for each in line.dashes)}"' * bool(line.dashes)
        drawn = f'<path class="line"{dashes} d="{_path(points)}"/><path class="dots" d="{dots}"/>'
        body += f'<g class="{line.style}">{drawn}</g>'
    return _svg("curve", BIG, DEEP, body, title)


def _points(
    rungs: Sequence[int], values: Sequence[float | None], across: tuple[float, float], up: tuple[float, float]
) -> list[tuple[float, float]]:
    """Return where values are drawn: `across` and `up` are the ends of both axes."""
    at = places(rungs) if any(rungs) else [0.0] * len(rungs)
    wide = (at[-1] - at[0]) or 1.0
    return [
        (across[0] + (across[1] - across[0]) * (x - at[0]) / wide, up[0] + (up[1] - up[0]) * _clipped(value))
        for x, value in zip(at, values, strict=True)
        if value is not None
    ]


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.0f} {y:.0f}" for x, y in points) if points else "M0 0"


def _clipped(value: float) -> float:
    return min(max(value, 0.0), 1.0)
