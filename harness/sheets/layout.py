"""The layout of picture sheets: pictures at their true pixels, text that survives scaling down, strips put together."""

from collections.abc import Collection, Sequence
from functools import cache
from pathlib import Path

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Picture = NDArray[np.uint8]
Strip = Image.Image
Color = tuple[int, int, int]

PAPER, INK, SOFT = (255, 255, 255), (20, 20, 24), (64, 64, 72)
GAP = 10
LABEL, TITLE = 14, 16  # pixels; web pages show a sheet at about 85 % of its width
LEADING = 13  # tenths of a text's size from line to line


@cache
def font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    """Loads DejaVu Sans, which matplotlib brings along, so that a sheet looks the same everywhere."""
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(Path(mpl.get_data_path(), "fonts", "ttf", name), size)


def wrap(text: str, width: int, size: int, strong: Collection[str] = (), bold: bool = False) -> list[list[str]]:
    """Breaks a text into lines of words, each line as many as fit into `width` pixels, at least one."""
    lines: list[list[str]] = [[]]
    left = float(width)
    for word in text.split():
        needed = _advance(word, size, bold or word in strong)
        if lines[-1] and needed - _advance("", size, bold) > left:
            lines.append([])
            left = float(width)
        lines[-1].append(word)
        left -= needed
    return lines


def _advance(word: str, size: int, bold: bool) -> float:
    """Returns how far the pen moves for a word and the space behind it."""
    return font(size, bold).getlength(f"{word} ")


def write(
    text: str, width: int, *, size: int = LABEL, ink: Color = SOFT, bold: bool = False, strong: Collection[str] = ()
) -> Strip:
    """Writes a text, wrapped to a width in pixels; the words in `strong` are bold and in full ink."""
    lines = wrap(text, width, size, strong, bold)
    strip = Image.new("RGB", (width, (len(lines) * LEADING + 3) * size // 10), PAPER)
    pen = ImageDraw.Draw(strip)
    for k, line in enumerate(lines):
        x = 0.0
        for word in line:
            heavy = bold or word in strong
            pen.text((x, k * LEADING * size // 10), word, INK if word in strong else ink, font(size, heavy))
            x += _advance(word, size, heavy)
    return strip


def heading(title: str, note: str, width: int) -> Strip:
    """Writes a title, and below it what it means."""
    return column([write(title, width, size=TITLE, ink=INK, bold=True), write(note, width)])


def cell(picture: Picture, label: str = "", scale: int = 1) -> Strip:
    """Shows a picture, uint8 (S, S, 3), each pixel as `scale` by `scale` of the sheet's, with its label below."""
    image = Image.fromarray(picture.repeat(scale, axis=0).repeat(scale, axis=1))
    return column([image, write(label, image.width)], gap=4) if label else image


def row(strips: Sequence[Strip], gap: int = GAP) -> Strip:
    """Puts strips beside one another, tops aligned."""
    width = sum(strip.width + gap for strip in strips) - gap
    joined = Image.new("RGB", (width, max(strip.height for strip in strips)), PAPER)
    left = 0
    for strip in strips:
        joined.paste(strip, (left, 0))
        left += strip.width + gap
    return joined


def column(strips: Sequence[Strip], gap: int = 0) -> Strip:
    """Puts strips below one another, flush left."""
    height = sum(strip.height + gap for strip in strips) - gap
    joined = Image.new("RGB", (max(strip.width for strip in strips), height), PAPER)
    top = 0
    for strip in strips:
        joined.paste(strip, (0, top))
        top += strip.height + gap
    return joined


def grid(cells: Sequence[Strip], columns: int, gap: int = GAP) -> Strip:
    """Lays out cells of equal width in rows of so many."""
    return column([row(cells[k : k + columns]) for k in range(0, len(cells), columns)], gap)


def panel(head: Strip, cells: Sequence[Strip], columns: int) -> Strip:
    """Lays out cells in as few rows as fit, evenly filled, right of a heading."""
    rows = -(-len(cells) // (columns - 1))
    return row([head, grid(cells, -(-len(cells) // rows))])


def framed(strips: Sequence[Strip], gap: int = GAP) -> Strip:
    """Puts strips below one another within a margin: a whole sheet."""
    inner = column(strips, gap)
    sheet = Image.new("RGB", (inner.width + 2 * GAP, inner.height + 2 * GAP), PAPER)
    sheet.paste(inner, (GAP, GAP))
    return sheet
