"""Figures of a row: accuracy by alignment pattern, training curves; and marks for the cells of its tables."""

import re
from collections.abc import Mapping, Sequence

import numpy as np
from markupsafe import Markup

from spurgen.benchmark.result import Result
from spurgen.harness.results.curves import stacked_curves
from spurgen.harness.site.svg import box, number, path, picture, segment, tag, text
from spurgen.harness.site.words import ACCURACIES, conflicts, curve_name

WIDTH = 720.0
TICKS = (0.0, 0.5, 1.0)
SHADES = 20
STEP = 34.0  # units: from a bar to the next, so that eight fit a phone
LINE, LETTER = 14.0, 6.4  # units: from a row of marks to the next, and what a letter of a channel's name needs
DASHES = ("line-0", "line-1", "line-2", "line-3")
MOST_CURVES = 4  # of a panel
LOSSES = "loss|risk|penalty|contrastive"
LEFT, ACROSS, PANEL = 64.0, 486.0, 120.0  # of the curves' panels
SAMPLE = 16.0  # length of a piece of line before its name
KEYS = ("stage", "epoch")


def shade(share: float) -> int:
    """Return the shade of a proportion in a heat map, 0 to 20: the nearest twentieth."""
    return min(max(round(share * SHADES), 0), SHADES)


def by_conflicts(patterns: Mapping[str, float]) -> list[str]:
    """Return alignment patterns by how many channels conflict."""
    return sorted(patterns, key=lambda name: (name.count("c"), name))


def spoken(pattern: str, channels: Sequence[str]) -> str:
    """Return an alignment pattern in words."""
    return conflicts([name for name, letter in zip(channels, pattern, strict=True) if letter == "c"])


def pattern_bars(patterns: Mapping[str, float], channels: Sequence[str]) -> Markup:
    """Draw the accuracy of every alignment pattern as a line of bars; the lowest, which ranks, is outlined."""
    names = by_conflicts(patterns)
    left, top, height = max(48.0, 16 + LETTER * max(map(len, channels), default=0)), 22.0, 110.0
    step = min(STEP, (WIDTH - left) / len(names))
    width, wide = left + step * len(names), step * 0.66
    lowest = min(patterns.values())
    parts = [segment(left, top + height * (1 - tick), width, top + height * (1 - tick), "grid") for tick in TICKS]
    parts += [text(left - 8, top + height * (1 - tick) + 4, f"{tick:g}", "tick", "end") for tick in TICKS]
    first = top + height + 18
    parts += [text(left - 8, first + LINE * k + 4, name, "tick", "end") for k, name in enumerate(channels)]
    for k, name in enumerate(names):
        middle, value = left + step * (k + 0.5), patterns[name]
        cls = "bar lowest" if value == lowest else "bar"
        parts.append(box(middle - wide / 2, top + height * (1 - value), wide, max(height * value, 0.5), cls))
        if step > 26:
            parts.append(text(middle, top + height * (1 - value) - 5, f"{value:.2f}", "tick halo", "middle"))
        parts += _dots(name, middle, first)
    label = "; ".join(f"{spoken(name, channels)}: {patterns[name]:.2f}" for name in names)
    return picture(width, first + LINE * len(channels), f"Accuracy by alignment pattern. {label}", *parts)


def _dots(name: str, middle: float, top: float) -> list[Markup]:
    """Mark below a bar which channels conflict, one line per channel: a filled mark where it does."""
    return [
        tag("circle", cx=middle, cy=top + LINE * k, r=3.6, cls="conflict" if letter == "c" else "agree")
        for k, letter in enumerate(name)
    ]


def curves(results: Sequence[Result]) -> Markup | None:
    """Draw what a submission reports by epoch, the mean over its results; None if it reports no numbers.

    Accuracies have a panel of their own above all else.
    """
    series = curve_series(results)
    others = {name: values for name, values in series.items() if name not in ACCURACIES}
    panels = {
        "Accuracy": {name: values for name, values in series.items() if name in ACCURACIES},
        "Loss" if all(re.search(LOSSES, name) for name in others) else "Other values": others,
    }
    parts, top = [], 12.0
    for title, shown in panels.items():
        if shown:
            parts += _panel(title, dict(list(shown.items())[:MOST_CURVES]), top)
            top += PANEL + 34
    if not parts:
        return None
    parts.append(text(LEFT + ACROSS / 2, top + 2, "Epoch, over all stages", "axis", "middle"))
    label = "Training curves: " + "; ".join(f"{curve_name(k)} ends at {v[-1]:.3g}" for k, v in series.items())
    return picture(WIDTH, top + 8, label, *parts)


def _panel(title: str, series: Mapping[str, np.ndarray], top: float) -> list[Markup]:
    """Draw curves on an axis of their own, with their names at their ends."""
    steps = max(len(values) for values in series.values())
    least = min(0.0, *(float(values.min()) for values in series.values()))
    most = max(1.0 if title == "Accuracy" else 0.0, *(float(values.max()) for values in series.values()))
    span = (most - least) or 1.0

    def across(k: int) -> float:
        return LEFT + (ACROSS * k / (steps - 1) if steps > 1 else ACROSS / 2)

    def up(value: float) -> float:
        return top + PANEL * (1 - (value - least) / span)

    ticks = [least + tick * span for tick in TICKS]
    parts = [segment(LEFT, up(tick), LEFT + ACROSS, up(tick), "grid") for tick in ticks]
    parts += [text(LEFT - 8, up(tick) + 4, f"{tick:.2g}", "tick", "end") for tick in ticks]
    parts += [text(across(k), top + PANEL + 18, f"{k + 1}", "tick", "middle") for k in _marked(steps)]
    middle = top + PANEL / 2
    turned = f"rotate(-90 12 {number(middle)})"
    parts.append(tag("text", title, x=12.0, y=middle, cls="axis", text_anchor="middle", transform=turned))
    last = top - 20
    for key in sorted(series, key=lambda key: up(float(series[key][-1]))):
        values, cls = series[key], DASHES[list(series).index(key)]
        points = "L".join(f"{number(across(k))} {number(up(float(v)))}" for k, v in enumerate(values))
        parts += [path(f"M{points}", f"curve {cls}")]
        parts += [tag("circle", cx=across(k), cy=up(float(v)), r=2.5, cls=f"point {cls}") for k, v in enumerate(values)]
        last = max(up(float(values[-1])), last + 15)
        right = LEFT + ACROSS + 10
        parts.append(segment(right, last, right + SAMPLE, last, f"curve {cls}"))
        parts.append(text(right + SAMPLE + 6, last + 4, curve_name(key), "strong"))
    return parts


def _marked(steps: int) -> list[int]:
    every = max(1, steps // 8)
    return list(range(0, steps, every))


def curve_series(results: Sequence[Result]) -> dict[str, np.ndarray]:
    """Return curves by name, float64 (epochs,): means over the results, of what each reports in every epoch."""
    stacked = {name: values for name, values in stacked_curves(results).items() if name not in KEYS}
    return {name: values.mean(axis=0) for name, values in stacked.items() if np.isfinite(values).all()}


def signed_bar(value: float, scale: float) -> Markup:
    """Draw a number that may be negative as a bar from the middle of its cell."""
    wide, share = 24.0, min(max(value / scale, -1.0), 1.0)
    bar = f"M24 3H{number(24 + wide * share)}V13H24z"
    return tag(
        "svg", tag("path", d=bar, cls="bar"), tag("path", d="M24 0V16", cls="axis-line"), cls="small",
        aria_hidden="true",
    )  # fmt: skip
