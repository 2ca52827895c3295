"""Families of masks: what a drawing becomes before the atlas keeps it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from spurgen.generators.pen import Mask, Pen

Drawing = Callable[[Pen], object]


@dataclass(frozen=True)
class Family:
    """Is a set of masks of one use.

    `span`, the canvas length that a tile usually covers in thousandths of the canvas's side, sets
    the resolution. Each of `masks` makes an ink and a halo plane, uint8 (1024, 1024); the halo
    contains the ink and is the same where there is none to show. `smooth` marks gradients.
    """

    span: int
    masks: tuple[Callable[[], tuple[Mask, Mask]], ...]
    smooth: bool = False


def inked(span: int, drawings: Iterable[Drawing], grow: int = 0, backing: Drawing | None = None) -> Family:
    """Makes the family of pen drawings; their halo is `backing`, or reaches `grow` grid units further."""
    return Family(span, tuple(_drawn(drawing, grow, backing or drawing) for drawing in drawings))


def gradients(span: int, makers: Iterable[Callable[[], Mask]]) -> Family:
    """Makes the family of smooth masks, without halos."""
    return Family(span, tuple(_doubled(make) for make in makers), smooth=True)


def _drawn(drawing: Drawing, grow: int, backing: Drawing) -> Callable[[], tuple[Mask, Mask]]:
    def make() -> tuple[Mask, Mask]:
        ink, halo = Pen(), Pen(grow)
        drawing(ink)
        backing(halo)
        return ink.mask, halo.mask

    return make


def _doubled(make: Callable[[], Mask]) -> Callable[[], tuple[Mask, Mask]]:
    def double() -> tuple[Mask, Mask]:
        mask = make()
        return mask, mask

    return double
