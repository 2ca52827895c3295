"""The twenty pictograms that carry the class in images."""

from spurgen.generators.masks import Drawing, inked
from spurgen.generators.pen import Pen

HALO = 9


def _heart(pen: Pen) -> None:
    pen.ellipse(-36, -30, 40).ellipse(36, -30, 40).polygon((-71, -10), (71, -10), (0, 84))


def _arrow(pen: Pen) -> None:
    pen.polygon((0, -85), (70, -10), (28, -10), (28, 80), (-28, 80), (-28, -10), (-70, -10))


def _moon(pen: Pen) -> None:
    pen.ellipse(0, 0, 82).ellipse(38, -14, 68, ink=False)


def _house(pen: Pen) -> None:
    pen.polygon((0, -82), (85, -5), (-85, -5)).polygon((-60, -5), (60, -5), (60, 75), (-60, 75))
    pen.polygon((-18, 75), (-18, 25), (18, 25), (18, 75), ink=False)


def _tree(pen: Pen) -> None:
    pen.polygon((0, -88), (45, -30), (-45, -30)).polygon((0, -50), (60, 15), (-60, 15))
    pen.polygon((0, -20), (74, 56), (-74, 56)).polygon((-14, 56), (14, 56), (14, 86), (-14, 86))


DRAWINGS: dict[str, Drawing] = {"heart": _heart, "arrow": _arrow, "moon": _moon, "house": _house, "tree": _tree}

FAMILIES = {
    "pictogram": inked(600, DRAWINGS.values()),
    "halo": inked(600, DRAWINGS.values(), grow=HALO),
}
