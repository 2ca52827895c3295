"""The twenty pictograms that carry the class in images."""

from spurgen.benchmark.worlds.pictograms import Scenario
from spurgen.generators.pen import Pen, arc, by_name, inked, polar

HALO = 11


def _heart(pen: Pen) -> None:
    pen.ellipse(-38, -30, 40).ellipse(38, -30, 40).polygon((-73, -11), (-30, -26), (30, -26), (73, -11), (0, 84))


def _arrow(pen: Pen) -> None:
    pen.polygon((0, -87), (80, -2), (31, -2), (31, 82), (-31, 82), (-31, -2), (-80, -2))


def _moon(pen: Pen) -> None:
    tilt = -25
    (x, y), (hx, hy) = polar(16, tilt), polar(56, tilt)
    pen.polygon(*arc(x, y, 79, tilt + 55, tilt + 305), *arc(hx, hy, 65, tilt + 263, tilt + 97))


def _house(pen: Pen) -> None:
    pen.polygon((0, -86), (86, -6), (-86, -6)).polygon((-58, -12), (58, -12), (58, 66), (-58, 66))
    pen.polygon((34, -72), (54, -72), (54, -20), (34, -20))
    pen.polygon((-18, 66), (-18, 20), (18, 20), (18, 66), ink=False)


def _tree(pen: Pen) -> None:
    pen.polygon((0, -89), (38, -36), (-38, -36)).polygon((0, -66), (54, 4), (-54, 4))
    pen.polygon((0, -34), (74, 46), (-74, 46)).polygon((-16, 40), (16, 40), (16, 87), (-16, 87))


def _fish(pen: Pen) -> None:
    pen.ellipse(-18, 0, 66, 44).polygon((24, 0), (79, -42), (66, 0), (79, 42))
    pen.polygon((-34, -38), (6, -66), (20, -26)).polygon((-20, 38), (10, 62), (16, 28))
    pen.ellipse(-54, -10, 10, ink=False)


def _key(pen: Pen) -> None:
    pen.ellipse(-44, -8, 44).polygon((-20, -25), (85, -25), (85, 9), (-20, 9))
    pen.polygon((26, 0), (49, 0), (49, 54), (26, 54)).polygon((62, 0), (85, 0), (85, 28), (80, 38), (62, 38))
    pen.ellipse(-44, -8, 19, ink=False)


def _bolt(pen: Pen) -> None:
    pen.polygon((-4, -80), (-62, 14), (-14, 14), (-36, 82), (66, -24), (18, -24), (40, -80))


def _cup(pen: Pen) -> None:
    pen.ellipse(50, 14, 34).ellipse(50, 14, 15, ink=False)
    pen.polygon((-72, -26), (52, -26), (49, 44), *arc(23, 48, 24, 0, 90), *arc(-43, 48, 24, 90, 180))
    for x in (-28, 12):
        pen.stroke((x, -44), (x - 8, -54), (x + 8, -66), (x, -76), width=14)


def _umbrella(pen: Pen) -> None:
    pen.polygon(*arc(0, 6, 85, 180, 360)).stroke((0, -80), (0, 58), width=18)
    for x in (-56, -19, 19, 56):
        pen.ellipse(x, 8, 25 if abs(x) > 20 else 10, 15, ink=False)
    pen.stroke(*arc(-20, 58, 20, 0, 180), width=18)


def _bell(pen: Pen) -> None:
    pen.ellipse(0, -74, 14).ellipse(0, -14, 60, 62).ellipse(0, 62, 19)
    pen.polygon((-60, -16), (60, -16), (62, 24), (78, 44), (-78, 44), (-62, 24))
    pen.stroke((-60, 49), (60, 49), width=11, ink=False)


def _anchor(pen: Pen) -> None:
    pen.ellipse(0, -63, 25).ellipse(0, -63, 10, ink=False)
    pen.stroke((0, -44), (0, 70), width=24).stroke((-40, -22), (40, -22), width=22)
    pen.stroke(*arc(0, 8, 64, 14, 166), width=24)
    for side in (-1, 1):
        pen.polygon((side * 62, -10), (side * 84, 32), (side * 34, 30))


def _crown(pen: Pen) -> None:
    pen.polygon((-60, 66), (60, 66), (73, -26), (36, 10), (0, -56), (-36, 10), (-73, -26))
    for x, y in ((-70, -30), (0, -64), (70, -30)):
        pen.ellipse(x, y, 13)
    pen.stroke((-70, 37), (70, 37), width=9, ink=False)


def _flag(pen: Pen) -> None:
    pen.stroke((-52, -63), (-52, 63), width=18)
    top = ((-52, -66), (-24, -76), (2, -74), (30, -62), (54, -58), (75, -47))
    pen.polygon(*top, (75, 14), (48, 22), (20, 14), (-10, 6), (-52, 18))


def _hammer(pen: Pen) -> None:
    pen.polygon((-14, -40), (14, -40), (20, 86), (-20, 86))
    pen.polygon((-42, -64), (22, -64), (56, -56), (84, -22), (50, -30), (22, -16), (-42, -16))
    pen.polygon((-60, -66), (-40, -66), (-40, -14), (-60, -14))


def _scissors(pen: Pen) -> None:
    for side in (-1, 1):
        pen.ellipse(side * 39, 46, 30)
        pen.polygon((side * 42, 26), (side * 16, 36), (side * -42, -62), (side * -28, -85), (side * 16, -16))
    for side in (-1, 1):
        pen.ellipse(side * 39, 46, 13, ink=False)
    pen.ellipse(0, -2, 6, ink=False)


def _car(pen: Pen) -> None:
    pen.polygon((-84, 4), (-76, -10), (-54, -14), (-32, -54), (34, -54), (62, -14), (80, -6), (84, 30), (-84, 30))
    for x in (-46, 46):
        pen.ellipse(x, 32, 29, ink=False).ellipse(x, 32, 23)
    pen.polygon((-36, -14), (-22, -40), (-5, -40), (-5, -14), ink=False)
    pen.polygon((9, -14), (9, -40), (27, -40), (44, -14), ink=False)


def _boat(pen: Pen) -> None:
    pen.polygon((-82, 32), (82, 32), (52, 72), (-52, 72))
    pen.polygon((-8, -86), (-8, 20), (-72, 20)).polygon((8, -66), (8, 20), (62, 20))


def _ladder(pen: Pen) -> None:
    for side in (-1, 1):
        pen.stroke((side * 34, -71), (side * 43, 67), width=20)
    for y in (-50, -12, 26):
        pen.stroke((-36, y), (36, y), width=14)
    pen.stroke((-40, 61), (40, 61), width=14)


def _butterfly(pen: Pen) -> None:
    for side in (-1, 1):
        pen.ellipse(side * 45, -30, 37, 35).polygon((0, 16), (side * 6, -32), (side * 40, -60), (side * 64, 0))
        pen.ellipse(side * 35, 41, 28, 31).polygon((0, -10), (side * 24, 4), (side * 40, 14), (side * 26, 68))
        pen.stroke((side * 4, -44), (side * 14, -76), width=11)
    pen.stroke((0, -40), (0, 62), width=34, ink=False).stroke((0, -38), (0, 60), width=18)


DRAWINGS = by_name(
    _heart, _arrow, _moon, _house, _tree, _fish, _key, _bolt, _cup, _umbrella, _anchor, _crown, _car, _bell,
    _scissors, _boat, _ladder, _hammer, _flag, _butterfly,
)  # fmt: skip

FAMILIES = {
    "pictogram": inked(600, DRAWINGS.values(), grow=HALO),
}


def class_names(scenario: Scenario) -> tuple[str, ...]:
    """Return the names of a scenario's classes in label order: those of their pictograms."""
    return tuple(DRAWINGS)[scenario.first_class : scenario.first_class + scenario.num_classes]
