"""Curves of rows over the rungs of a ladder, with their numbers as a table beside them."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from spurgen.harness.board.against_erm import ERM
from spurgen.harness.metrics.ladder import SHARE
from spurgen.harness.plots.ladder import named_rows
from spurgen.harness.plots.of_board import named
from spurgen.harness.plots.style import TIERS, look
from spurgen.harness.site.marks import Drawn, curve
from spurgen.harness.site.material import Climb, Material
from spurgen.harness.site.words import percent, spoken_name


@dataclass(frozen=True)
class Climbing:
    """A drawing, empty for one rung, and the rows of its table: the line and its values as texts, one per rung.

    `dashed`: whether a dashed line shows three quarters of the ceiling.
    """

    curve: Markup
    dashed: bool
    rungs: Sequence[int]
    table: Sequence[tuple[Drawn, Sequence[str]]]


def climbing(material: Material, climb: Climb, own: str = "") -> Climbing:
    """Draw ERM and the best row of each access tier; below the row `own`, if any, on side ladders ERM alone."""
    best = [row.label for row in named_rows(climb.whole, named(climb.whole, {}))]
    access = {line["submission"]: line["access"] for line in climb.whole}
    others = [label for label in dict.fromkeys([ERM, *best]) if label in access and label != own]
    shown = [*([own] if own else []), *others[: None if climb.main or not own else 1]]
    drawn = []
    for label in shown:
        given = str(access.get(label))
        name, dashes = spoken_name(label, material.names), look(label, given).dashes
        drawn.append(Drawn(name, _classes(label, given, own), climb.curve(label), dashes))
    many, title = len(climb.rungs) > 1, "Accuracy if misled; the table has the numbers"
    ceiling = climb.shown.scenario.ceiling
    threshold = None if ceiling is None else SHARE * ceiling
    return Climbing(
        curve(climb.numbers, drawn, threshold, title) if many else Markup(),
        threshold is not None and many,
        climb.numbers,
        [(line, ["" if value is None else percent(value) for value in line.values]) for line in drawn],
    )


def _classes(label: str, access: str, own: str) -> str:
    """Return the CSS classes of a row's line: its colour's, that of ERM or of an access tier, and whether it is own."""
    colour = label if label == ERM else access if access in TIERS else "other"
    return f"of-{colour} own" if label == own else f"of-{colour}"
