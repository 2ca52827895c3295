"""Drawings in a table's cells: an interval on the scale from 0 to 1, and a bar with its interval.

Both mark the ideal observer by an upright line. The number stands beside them as text, so they are hidden from screen
readers.
"""

from collections.abc import Iterable

from markupsafe import Markup

from spurgen.harness.machine.printing import MINUS
from spurgen.harness.site.svg import number, tag
from spurgen.harness.statistics.estimate import Estimate

WIDE, NARROW, HIGH = 64, 48, 16  # units of the drawings
MIDDLE, REACH = 8, 3
SCALES = (0.1, 0.25, 0.5, 1.0)
"""Ends of the scale on which a site draws all reliances: the smallest that has room for them."""


def interval_cell(estimate: Estimate, ideal: float | None) -> Markup:
    """Draw a proportion with its interval, from 0 to 1."""
    low, high = (WIDE * _within(end) for end in estimate.ends)
    at = number(WIDE * _within(estimate.value))
    parts = []
    if estimate.low is not None:
        parts.append(tag("path", cls="whisker", d=f"M{number(low)} {MIDDLE}H{number(high)}"))
    parts += [*_ideal(ideal, WIDE), tag("circle", cls="dot", cx=at, cy=MIDDLE, r=REACH)]
    return _drawing("interval", parts)


def bar_cell(estimate: Estimate, ideal: float | None, scale: float) -> Markup:
    """Draw a number that starts at 0 as a bar; what lies below 0 or beyond the scale is cut off."""
    end = number(NARROW * _within(estimate.value / scale))
    under = _ideal(None if ideal is None else ideal / scale, NARROW)  # so that it covers no part of the bar
    parts = [*under, tag("path", cls="bar", d=f"M0 3H{end}V13H0z")]
    if estimate.low is not None:
        low, high = (number(NARROW * _within(each / scale)) for each in estimate.ends)
        parts.append(tag("path", cls="error", d=f"M{low} {MIDDLE}H{high}"))
    return _drawing("small", parts)


def beside(text: str, drawing: Markup, name: str = "") -> Markup:
    """Return a number, after a name if it has one, with its drawing."""
    return Markup("{}{}{}").format(f"{name} " if name else "", text.replace("-", MINUS), drawing)


def scale_of(values: Iterable[float]) -> float:
    """Return the end of the scale on which these numbers are drawn."""
    largest = max(values, default=1.0)
    return next((end for end in SCALES if largest <= end), SCALES[-1])


def _ideal(ideal: float | None, width: int) -> list[Markup]:
    return [] if ideal is None else [tag("path", cls="ideal", d=f"M{number(width * _within(ideal))} -1V{HIGH + 1}")]


def _drawing(cls: str, parts: list[Markup]) -> Markup:
    return tag("svg", *parts, cls=cls, aria_hidden="true")  # its size is in the style sheet, a unit is a pixel


def _within(share: float) -> float:
    return min(max(share, 0.0), 1.0)
