"""The style of figures for papers: the width of one or two columns, embedded fonts, the same bytes every time."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font

from spurgen.benchmark.errors import harmless
from spurgen.harness.machine.plotting import BLUE, GREY, INK, ORANGE, STYLE

Columns = Literal[1, 2]
Format = Literal["pdf", "svg", "png"]
FORMATS: tuple[Format, ...] = ("pdf", "svg", "png")
WIDTHS: dict[Columns, float] = {1: 3.25, 2: 6.75}
"""Inches, by the number of columns: those of most two-column templates."""
MAX_HEIGHT = 8.9  # inches: leaves room for a caption on a page of letter paper
SMALL, TEXT = 6.0, 7.0  # points
DPI = 300
LONGEST = 24  # characters of a name
GREEN, PURPLE, SKY, YELLOW = "#009e73", "#cc79a7", "#56b4e9", "#e69f00"  # Okabe & Ito 2008
TIERS = {
    "none": (INK, "o"), "envs": (BLUE, "s"), "val_groups": (GREEN, "^"), "train_groups": (ORANGE, "D"),
    "twins": (PURPLE, "v"),
}  # fmt: skip
"""Colour and marker of an access tier."""
SERIES = tuple(zip((INK, BLUE, ORANGE, GREEN, PURPLE, SKY, YELLOW, GREY), "osD^vPX*", strict=True))
"""Colour and marker of the methods that a figure draws as lines."""
PAPER: dict[Any, Any] = STYLE | {
    "font.family": "sans-serif", "font.sans-serif": ["DejaVu Sans"], "font.size": TEXT, "axes.titlesize": TEXT,
    "axes.labelsize": TEXT, "figure.labelsize": TEXT, "xtick.labelsize": SMALL, "ytick.labelsize": TEXT,
    "legend.fontsize": TEXT,
    "axes.linewidth": 0.6, "xtick.major.width": 0.6, "ytick.major.width": 0.6, "xtick.major.size": 2,
    "ytick.major.size": 2, "axes.labelpad": 2, "lines.linewidth": 1,
    "figure.constrained_layout.w_pad": 0.02, "figure.constrained_layout.h_pad": 0.02,
    "pdf.fonttype": 42, "ps.fonttype": 42, "svg.hashsalt": "spurgen", "svg.fonttype": "path",
}  # fmt: skip
METADATA: dict[Format, dict[str, None]] = {
    "pdf": {"CreationDate": None, "Producer": None, "Creator": None},
    "svg": {"Date": None, "Creator": None},
    "png": {"Software": None},
}


@contextmanager
def paper_style() -> Iterator[None]:
    """Draw in the style of papers, and restore matplotlib's settings."""
    with mpl.rc_context(PAPER):
        yield


def new_figure(columns: Columns, height: float) -> Figure:
    """Return an empty figure as wide as one or two columns; `height`: inches, at most `MAX_HEIGHT`."""
    return Figure(figsize=(WIDTHS[columns], min(height, MAX_HEIGHT)), layout="constrained")


def encode(figure: Figure, kind: Format) -> bytes:
    """Return a figure as a file of its exact size, without date and version: the same figure gives the same bytes."""
    buffer = io.BytesIO()
    with paper_style():
        figure.savefig(buffer, format=kind, dpi=DPI, metadata=METADATA[kind])
    return buffer.getvalue()


def drawable(text: str, longest: int = LONGEST) -> str:
    """Return a stranger's text on one line, shortened, with a question mark for each character that the font lacks."""
    font = get_font(findfont(FontProperties(family="DejaVu Sans")))
    line = harmless(" ".join(text.split()))
    known = "".join(c if font.get_char_index(ord(c)) else "?" for c in line)
    return known if len(known) <= longest else f"{known[: longest - 1]}…"


def fraction(value: float) -> str:
    """Return a number for a tick or a cell: two decimals at most, and no zero before the point."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "0") else text.replace("0.", ".", 1) if abs(value) < 1 else text
