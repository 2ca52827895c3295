"""Layout of image sheets: images at their own pixels, text that stays legible when scaled down, strips joined."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont, ImageOps

Pixels = NDArray[np.uint8]
Strip = Image.Image
Color = tuple[int, int, int]

PAPER, INK, SOFT = (255, 255, 255), (20, 20, 24), (64, 64, 72)
GAP = 10
LABEL, TITLE = 14, 16  # pixels; web pages show a sheet at about 85 % of its width
LEADING = 13  # tenths of a text's size from line to line


@cache
def font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    """Load DejaVu Sans, which comes with matplotlib, so that a sheet looks the same everywhere."""
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    file = Path(mpl.get_data_path(), "fonts", "ttf", name)
    return ImageFont.truetype(file, size, layout_engine=ImageFont.Layout.BASIC)  # Raqm needs libraries of the system


def wrap(text: str, width: int, size: int, bold: bool = False) -> list[str]:
    """Break a text into lines; each has as many words as fit into `width` pixels, and at least one."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".lstrip()
        if lines[-1] and font(size, bold).getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def write(text: str, width: int, *, size: int = LABEL, ink: Color = SOFT, bold: bool = False) -> Strip:
    """Write a text, wrapped to a width in pixels."""
    lines = wrap(text, width, size, bold)
    strip = Image.new("RGB", (width, (len(lines) * LEADING + 3) * size // 10), PAPER)
    pen = ImageDraw.Draw(strip)
    for k, line in enumerate(lines):
        pen.text((0, k * LEADING * size // 10), line, ink, font(size, bold))
    return strip


def heading(title: str, note: str, width: int) -> Strip:
    """Write a title with a note below it."""
    return column([write(title, width, size=TITLE, ink=INK, bold=True), write(note, width)])


def tile(pixels: Pixels, label: str = "", scale: int = 1) -> Strip:
    """Show an image, uint8 (S, S, 3), each pixel as `scale` by `scale` pixels of the sheet, with a label below."""
    image = Image.fromarray(pixels.repeat(scale, axis=0).repeat(scale, axis=1))
    return column([image, write(label, image.width)], gap=4) if label else image


def row(strips: Sequence[Strip]) -> Strip:
    """Put strips side by side, tops aligned."""
    width = sum(strip.width + GAP for strip in strips) - GAP
    joined = Image.new("RGB", (width, max(strip.height for strip in strips)), PAPER)
    left = 0
    for strip in strips:
        joined.paste(strip, (left, 0))
        left += strip.width + GAP
    return joined


def column(strips: Sequence[Strip], gap: int = 0) -> Strip:
    """Put strips below one another, flush left."""
    height = sum(strip.height + gap for strip in strips) - gap
    joined = Image.new("RGB", (max(strip.width for strip in strips), height), PAPER)
    top = 0
    for strip in strips:
        joined.paste(strip, (0, top))
        top += strip.height + gap
    return joined


def grid(tiles: Sequence[Strip], columns: int) -> Strip:
    """Lay out tiles of equal width in rows of `columns`."""
    return column([row(tiles[k : k + columns]) for k in range(0, len(tiles), columns)], GAP)


def panel(head: Strip, tiles: Sequence[Strip], columns: int) -> Strip:
    """Lay out tiles right of a heading, in as few rows of at most `columns` as possible, evenly filled."""
    rows = -(-len(tiles) // (columns - 1))
    return row([head, grid(tiles, -(-len(tiles) // rows))])


def framed(strips: Sequence[Strip], gap: int = GAP) -> Strip:
    """Put strips below one another within a margin: a whole sheet."""
    return ImageOps.expand(column(strips, gap), GAP, PAPER)
