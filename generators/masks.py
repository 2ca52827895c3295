"""Families of masks: the ink and halo planes of drawings, at full resolution."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from spurgen.generators.pen import Mask, Pen

Drawing = Callable[[Pen], object]


@dataclass(frozen=True)
class Family:
    """A set of masks with one use.

    `span` is the length that a tile usually covers, in thousandths of the canvas's side; it sets
    the resolution. Each function in `masks` makes an ink and a halo plane, uint8 (1024, 1024); the
    halo contains the ink, and equals it if there is no halo to show. `smooth` marks gradients; the atlas blurs the
    edges of masks that are `soft`. Of both, one sample per pixel is enough.
    """

    span: int
    masks: tuple[Callable[[], tuple[Mask, Mask]], ...]
    smooth: bool = False
    soft: bool = False


def by_name(*drawings: Drawing) -> dict[str, Drawing]:
    """Return drawings by the names of their functions, without the underscore."""
    return {drawing.__name__.removeprefix("_"): drawing for drawing in drawings}


def inked(span: int, drawings: Iterable[Drawing], grow: int = 0, backing: Drawing | None = None) -> Family:
    """Return the family of pen drawings; the halo is `backing` or else the drawing, enlarged by `grow` grid units."""
    return Family(span, tuple(_drawn(drawing, grow, backing or drawing) for drawing in drawings))


def gradients(span: int, makers: Iterable[Callable[[], Mask]]) -> Family:
    """Return the family of smooth masks, without halos."""
    return Family(span, tuple(_doubled(make) for make in makers), smooth=True)


def _drawn(drawing: Drawing, grow: int, backing: Drawing) -> Callable[[], tuple[Mask, Mask]]:
    def make() -> tuple[Mask, Mask]:
        ink, halo = Pen(), Pen(grow)
        drawing(ink)
        if backing is drawing and not grow:
            return ink.mask, ink.mask
        backing(halo)
        return ink.mask, halo.mask

    return make


def _doubled(make: Callable[[], Mask]) -> Callable[[], tuple[Mask, Mask]]:
    def double() -> tuple[Mask, Mask]:
        mask = make()
        return mask, mask

    return double
