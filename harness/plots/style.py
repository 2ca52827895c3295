"""The style of all figures: as wide as one or two columns of a paper, letters that stay readable at that width.

Colours of methods are distinct for trichromats, deuteranopes and protanopes, on paper and on a dark page; the tests
simulate them. Markers and dashes differ as well.
"""

import io
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font

from spurgen.harness.machine.files import write_atomically
from spurgen.harness.machine.printing import one_line

Columns = Literal[1, 2]
Format = Literal["pdf", "svg", "png"]
FORMATS: tuple[Format, ...] = ("pdf", "svg", "png")
WIDTHS: dict[Columns, float] = {1: 3.25, 2: 6.75}
"""Inches, by the number of columns: those of most two-column templates."""
MAX_HEIGHT = 8.9  # inches: leaves room for a caption on a page of letter paper
SMALL, TEXT = 7.0, 8.0  # points
DPI = 200
SCREEN = 100  # pixels of a page per inch
LONGEST: dict[Columns, int] = {1: 28, 2: 50}  # characters of a name
CHARACTER = 4.1  # points: the width of one in small letters
INK, GREY, FAINT, PALE = "#1a1a1a", "#6e6e6e", "#a8a8a8", "#d4d4d4"
BLUE, ORANGE, GREEN, PURPLE, OLIVE = "#136ccb", "#d8710c", "#186c52", "#701770", "#564a0a"
DARK = {
    "#ffffff": "#11151a", INK: "#e7eaee", GREY: "#a3adb8", PALE: "#343c46", FAINT: "#5b6570",
    BLUE: "#6163fa", ORANGE: "#c86107", GREEN: "#2ec17d", PURPLE: "#e27ae2", OLIVE: "#f4d81d",
}  # fmt: skip
"""Colours on a dark page, by the colour on a light one."""


class Look(NamedTuple):
    """How a line is drawn: its colour, its marker, and the lengths of dashes and gaps, none for a solid line."""

    colour: str
    mark: str
    dashes: tuple[float, ...] = ()

    @property
    def line(self) -> Any:  # noqa: ANN401 - as matplotlib has it
        """The style of the line."""
        return (0, self.dashes) if self.dashes else "-"


DASHES: tuple[tuple[float, ...], ...] = ((), (5, 1.5), (2, 1), (1, 1), (5, 1, 1, 1))
TIERS = {
    "none": Look(OLIVE, "X"), "envs": Look(BLUE, "s"), "val_groups": Look(GREEN, "^"),
    "train_groups": Look(ORANGE, "D"), "twins": Look(PURPLE, "v"),
}  # fmt: skip
"""The look of an access tier. Its methods have its colour, in every figure and on every page."""
METHODS = {
    "erm": Look(INK, "o"), "coral": TIERS["envs"], "vrex": Look(BLUE, "p", DASHES[1]), "cnc": TIERS["val_groups"],
    "jtt": Look(GREEN, "<", DASHES[1]), "dfr": Look(GREEN, ">", DASHES[2]), "bsoftmax": TIERS["train_groups"],
    "adversarial": Look(ORANGE, "d", DASHES[1]), "group_dro": Look(ORANGE, "P", DASHES[2]),
    "subg": Look(ORANGE, "*", DASHES[3]), "resample": Look(ORANGE, "h", DASHES[4]),
    "ldam": Look(ORANGE, "8", DASHES[4]), "cda": TIERS["twins"], "contrastive": Look(PURPLE, "H", DASHES[1]),
}  # fmt: skip
"""The look of a method that figures name, by its label; others have that of their tier."""
OTHER = Look(GREY, "P")  # of a method that is not named, where its tier is not known
SERIES = tuple(
    Look(colour, mark, dashes)
    for dashes in DASHES
    for colour, mark in zip((INK, BLUE, ORANGE, GREEN, PURPLE, OLIVE), "osD^vX", strict=True)
)
"""The look of lines that are no methods."""
LINES = ("-", "--", ":", "-.")
DASHED: dict[str, Any] = {"color": INK, "linestyle": (0, (3, 2)), "linewidth": 0.8}  # the ideal observer
STYLE: dict[Any, Any] = {  # matplotlib's own type is the list of all its settings
    "font.family": "sans-serif", "font.sans-serif": ["DejaVu Sans"], "font.size": TEXT,
    "axes.titlesize": TEXT, "axes.labelsize": TEXT, "figure.labelsize": TEXT, "figure.titlesize": TEXT,
    "xtick.labelsize": SMALL, "ytick.labelsize": SMALL, "legend.fontsize": SMALL, "legend.frameon": False,
    "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": GREY, "axes.linewidth": 0.6,
    "axes.labelpad": 2, "text.color": INK, "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK,
    "xtick.major.width": 0.6, "ytick.major.width": 0.6, "xtick.major.size": 2, "ytick.major.size": 2,
    "lines.linewidth": 1, "hatch.linewidth": 0.8,
    "figure.constrained_layout.w_pad": 0.02, "figure.constrained_layout.h_pad": 0.02,
    "pdf.fonttype": 42, "ps.fonttype": 42, "svg.hashsalt": "spurgen", "svg.fonttype": "none",
    "text.parse_math": False,  # a row's name is text, whatever it holds
}  # fmt: skip
METADATA: Mapping[Format, dict[str, None]] = {
    "pdf": {"CreationDate": None, "Producer": None, "Creator": None},
    "svg": {"Date": None, "Creator": None},
    "png": {"Software": None},
}


def look(label: str, access: str = "") -> Look:
    """Return the look of a method, by its label or else its access tier."""
    return METHODS.get(label) or TIERS.get(access, OTHER)


@contextmanager
def styled() -> Iterator[None]:
    """Draw in this style, and restore matplotlib's settings."""
    with mpl.rc_context(STYLE):
        yield


class Picture(Figure):
    """A figure that a notebook shows as an image, without pyplot."""

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        width, height = (round(SCREEN * inches) for inches in self.get_size_inches())
        return encode(self, "png"), {"width": width, "height": height}


def new_figure(columns: Columns, height: float) -> Figure:
    """Return an empty figure as wide as one or two columns; `height`: inches, at most `MAX_HEIGHT`."""
    return Picture(figsize=(WIDTHS[columns], min(height, MAX_HEIGHT)), layout="constrained")


def encode(figure: Figure, kind: Format) -> bytes:
    """Return a figure as a file of its exact size, without date and version: the same figure gives the same bytes."""
    buffer = io.BytesIO()
    with styled():  # some settings take effect only now
        figure.draw_without_rendering()  # lays the figure out; with its engine, savefig would do so twice more
        engine = figure.get_layout_engine()
        figure.set_layout_engine("none")
        figure.savefig(buffer, format=kind, dpi=DPI, metadata=METADATA[kind])
        figure.set_layout_engine(engine)
    return buffer.getvalue()


def save(figure: Figure, path: Path) -> None:
    """Write a figure in the format that the file's ending names: a whole file or nothing."""
    kind = next(known for known in FORMATS if path.suffix == f".{known}")
    write_atomically(path, encode(figure, kind))


def drawable(text: str, longest: int = LONGEST[1]) -> str:
    """Return an untrusted text on one line, shortened, with a question mark for each character that the font lacks."""
    font = get_font(findfont(FontProperties(family="DejaVu Sans")))
    known = "".join(c if font.get_char_index(ord(c)) else "?" for c in one_line(text))
    return known if len(known) <= longest else f"{known[: longest - 1]}…"


def wrapped(text: str, inches: float) -> str:
    """Return an untrusted text in at most three lines of small letters that fit a width."""
    wide = max(int(72 * inches / CHARACTER), 8)
    return textwrap.fill(drawable(text, 3 * wide), wide, max_lines=3, placeholder="…")


def fraction(value: float, _position: object = None) -> str:
    """Return a number for a tick or a cell: two decimals at most, and no zero before the point."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "0") else text.replace("0.", ".", 1) if abs(value) < 1 else text


def grid_lines(axes: Axes, axis: Literal["x", "y"]) -> None:
    """Draw faint lines behind the data, across an axis."""
    axes.grid(axis=axis, color=PALE, linewidth=0.6)
    axes.set_axisbelow(True)


def panel_grid(figure: Figure, count: int, wide: int, **options: Any) -> Sequence[Axes]:  # noqa: ANN401
    """Return `count` panels, `wide` of them side by side; `options`: as for `Figure.subplots`."""
    grid: list[Axes] = figure.subplots(-(-count // wide), wide, squeeze=False, **options).ravel().tolist()
    for axes in grid[count:]:
        axes.remove()
    return grid[:count]
