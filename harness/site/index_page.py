"""The first page: the example with the curve, and the boards."""

from collections.abc import Iterator

from spurgen.harness.board.against_erm import ERM
from spurgen.harness.plots.ladder import draw_ladder, named_rows, needed_words
from spurgen.harness.plots.of_board import named
from spurgen.harness.site.boards import COLUMNS, ladder_table, plain_table
from spurgen.harness.site.figures import Figures
from spurgen.harness.site.material import Climb, Material
from spurgen.harness.site.names import file_name, shown
from spurgen.harness.site.story import Story
from spurgen.harness.site.words import SHORT, percent, spoken_name, what


def index_page(material: Material, story: Story | None, figures: Figures) -> dict[str, object]:
    """Return what the template of the first page shows."""
    climbs = sorted(material.ladders.values(), key=lambda climb: story is None or climb != story.climb)
    first = climbs[0] if climbs else None
    return {
        "story": story,
        "name": spoken_name(story.label, material.names) if story else "",
        "changed": what([story.twins.changed] if story.twins.changed in first.shown.channels else first.shown.channels)
        if story and first
        else "",
        "curve": curve(material, first, figures) if first else None,
        "numbers": list(numbers(material, first)) if first else [],
        "first": first,
        "boards": [ladder_table(material, climb) for climb in climbs],
        "columns": COLUMNS,
        "plain_boards": [plain_table(material, name) for name in material.plain],
    }


def curve(material: Material, climb: Climb, figures: Figures) -> tuple[str, str]:
    """Draw a ladder's curve; return the paths of the wide figure and of that for a phone."""
    name = file_name(climb.name)
    wide = figures.add(name, lambda: draw_ladder(climb.drawn, material.names, screen=True))
    return wide, figures.add(f"{name}-narrow", lambda: draw_ladder(climb.drawn, material.names, 1))


def numbers(material: Material, climb: Climb) -> Iterator[tuple[str, str, str]]:
    """Yield the name, what it was given, and the number of ERM and of the best row of each access tier.

    The number is that of counterexamples needed, or the score where the ladder has no ceiling.
    """
    lines = {line["submission"]: line for line in material.lines[climb.name]}
    best = named_rows(climb.drawn.whole, named(climb.drawn.whole, material.names))
    for row in sorted(best, key=lambda row: row.label != ERM):
        line = lines[row.label]
        number = needed_words(line) or percent(line["robust_accuracy"])
        yield shown(spoken_name(row.label, material.names)), shown(SHORT.get(row.access, row.access)), number
