"""Families of masks: what a drawing becomes before the atlas keeps it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from spurgen.generators.pen import Mask, Pen

Drawing = Callable[[Pen], object]


@dataclass(frozen=True)
class Family:
    """Is a set of masks of one use: the canvas length that a tile usually spans, and the masks.

    `span` in thousandths of the canvas's side sets the resolution; each of `masks` makes a mask,
    uint8 (1024, 1024).
    """

    span: int
    masks: tuple[Callable[[], Mask], ...]


def inked(span: int, drawings: Iterable[Drawing], grow: int = 0) -> Family:
    """Makes the family of pen drawings, each grown by `grow` grid units."""
    return Family(span, tuple(_pen_mask(drawing, grow) for drawing in drawings))


def _pen_mask(drawing: Drawing, grow: int) -> Callable[[], Mask]:
    def make() -> Mask:
        pen = Pen(grow)
        drawing(pen)
        return pen.mask

    return make
