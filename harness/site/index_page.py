"""The first page: the example, the best rows, the curve, and the boards."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from spurgen.harness.board.against_erm import ERM
from spurgen.harness.board.by_unit import RANKED_BY
from spurgen.harness.board.columns import known, needed_words
from spurgen.harness.board.markdown import SYNTHETIC
from spurgen.harness.machine.text import one_line
from spurgen.harness.plots.ladder import draw_ladder, named_rows
from spurgen.harness.plots.needed import draw_needed
from spurgen.harness.plots.of_board import named
from spurgen.harness.site.boards import COLUMNS, KINDS, ladder_table, plain_table
from spurgen.harness.site.figures import Figures
from spurgen.harness.site.material import Climb, Material
from spurgen.harness.site.names import file_name
from spurgen.harness.site.story import Story
from spurgen.harness.site.words import ALL, percent, spoken_name, told, what


class Best(NamedTuple):
    """The best row of an access tier, or ERM: what it was told of counterexamples, and how many it needs.

    `number`: the score where a ladder has no ceiling.
    """

    label: str
    name: str
    told: str
    number: str


def index_page(material: Material, story: Story | None, figures: Figures) -> dict[str, object]:
    """Return the content of the first page's template."""
    climbs = sorted(material.ladders.values(), key=lambda climb: story is None or climb != story.climb)
    first = climbs[0] if climbs else None
    best = winners(material, first) if first else []
    return {
        "story": story,
        "name": spoken_name(story.label, material.names) if story else "",
        "changed": what(_changed(story)) if story else "",
        "curve": curve(material, first, figures) if first and len(first.rungs) > 1 else None,
        "winners": [each for each in best if each is best[0] or each.label == ERM],
        "hidden": hidden(material, story) if story else None,
        "first": first,
        "kind": KINDS[first.shown.modality] if first else "",
        "boards": [ladder_table(material, climb) for climb in climbs],
        "columns": COLUMNS,
        "everything": figures.add("everything", partial(draw_needed, material.learners)) if material.learners else "",
        "plain_boards": [plain_table(material, name) for name in material.plain],
    }


def _changed(story: Story) -> Sequence[str]:
    return story.climb.shown.channels if story.twins.changed == ALL else [story.twins.changed]


def curve(material: Material, climb: Climb, figures: Figures) -> tuple[str, str]:
    """Draw a ladder's curve; return the paths of the wide figure and of that for a phone."""
    name = file_name(climb.name)
    wide = figures.add(name, partial(draw_ladder, climb, material.names, screen=True))
    return wide, figures.add(f"{name}-narrow", partial(draw_ladder, climb, material.names, 1, screen=True))


def winners(material: Material, climb: Climb) -> list[Best]:
    """Return the best row of each access tier, and ERM, best first, that of twins last."""
    lines = {line["submission"]: line for line in material.lines[climb.name]}
    best = named_rows(climb.whole, named(climb.whole, material.names))
    best.sort(key=lambda row: (row.access == SYNTHETIC, -lines[row.label][RANKED_BY]))
    return [
        Best(
            row.label, one_line(spoken_name(row.label, material.names)), told(row.access),
            needed_words(lines[row.label]) or percent(lines[row.label]["robust_accuracy"]),
        )
        for row in best
    ]  # fmt: skip


def hidden(material: Material, story: Story) -> tuple[str, str] | None:
    """Return how often the example's row is right on its rung where shortcuts agree, and where they mislead."""
    line = material.line(story.climb.shown.name, story.label) or {}
    if not known(line, "accuracy_agree") or not known(line, "accuracy_mislead"):
        return None
    return percent(line["accuracy_agree"]), percent(line["accuracy_mislead"])
