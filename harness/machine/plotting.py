"""What all plots share: a style that survives print and grey, and files written whole or not at all."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture

from spurgen.harness.machine.files import write_atomically

INK, GREY, PALE = "#1a1a1a", "#6e6e6e", "#d4d4d4"
BLUE, ORANGE = "#0072b2", "#d55e00"  # apart for every kind of colour vision, and in grey (Okabe & Ito 2008)
LINES = ("-", "--", ":", "-.")
MARKS = ("o", "s", "^", "D", "v", "P", "X")
HATCHES = ("", "////", "....", "xxxx")
WIDTH = 7.5  # inches: a page's text
DPI = 200
STYLE: dict[Any, Any] = {  # matplotlib's own type is the list of all its settings
    "font.size": 9, "axes.titlesize": 9, "axes.labelsize": 9, "xtick.labelsize": 8, "ytick.labelsize": 8,
    "legend.fontsize": 8, "figure.titlesize": 10, "figure.titleweight": "bold",
    "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": GREY, "axes.linewidth": 0.8,
    "text.color": INK, "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK,
    "legend.frameon": False, "hatch.linewidth": 0.8,
    "text.parse_math": False,  # a row's name is text, whatever it holds
}  # fmt: skip


@contextmanager
def styled() -> Iterator[None]:
    """Draw in the common style, and restore matplotlib's settings."""
    with mpl.rc_context(STYLE):
        yield


def new_picture(height: float, title: str, width: float = WIDTH) -> Picture:
    """Return an empty figure, sizes in inches, whose parts do not overlap."""
    picture = Picture(figsize=(width, height), layout="constrained")
    picture.suptitle(title)
    return picture


def grid_lines(axes: Axes, axis: str) -> None:
    """Draw faint lines behind the data, across the axis `x` or `y`."""
    axes.grid(axis="x" if axis == "x" else "y", color=PALE, linewidth=0.6)
    axes.set_axisbelow(True)


def to_png(picture: Picture) -> bytes:
    """Return a figure as PNG, without matplotlib's version in it."""
    buffer = io.BytesIO()
    plain = {"Software": None}
    with styled():  # some settings count only now; a tight box cuts no label off
        picture.savefig(buffer, format="png", dpi=DPI, bbox_inches="tight", pad_inches=0.06, metadata=plain)
    return buffer.getvalue()


def save(picture: Picture, path: Path) -> None:
    """Write a figure as PNG: a whole file or nothing."""
    write_atomically(path, to_png(picture))
