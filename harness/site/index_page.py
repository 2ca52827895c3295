"""The first page: the boards of the sets of tasks and of the main tasks."""

from spurgen.harness.plots.forest import most_panels
from spurgen.harness.plots.of_board import boards_drawn, estimates, named
from spurgen.harness.site.figures import Figures
from spurgen.harness.site.material import Material
from spurgen.harness.site.tables import board_table


def index_page(material: Material, figures: Figures) -> dict[str, object]:
    """Return what the template of the first page shows."""
    names = material.first_page
    return {
        "boards": [board_table(material, name) for name in names],
        "elsewhere": [name for name in material.board.tasks if name not in names],
        "estimates": _estimates(material, figures) if names else None,
    }


def _estimates(material: Material, figures: Figures) -> str:
    """Draw the main tasks, and the sets of them, as far as there is room on one figure."""
    overall = {
        name: set(material.board.overall[name].tasks) for name in material.first_page if name not in material.main
    }
    sets = [name for name, tasks in overall.items() if tasks <= set(material.main)]
    drawn = list(boards_drawn(material.suite, material.rows, material.board, [*material.main, *sets]).values())
    most = most_panels(named([line for board in drawn for line in board.lines], {}))
    return figures.add("estimates", estimates(drawn[:most], material.names))
