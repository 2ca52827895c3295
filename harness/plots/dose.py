"""Dose response: metrics against the strength of the correlations, of a few methods that a reader wants to compare."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from spurgen.harness.board.against_erm import ERM
from spurgen.harness.board.columns import COLUMNS
from spurgen.harness.plots.forest import Named
from spurgen.harness.plots.lines import Panel, dial_lines
from spurgen.harness.plots.of_board import Drawn, Item, named, points
from spurgen.harness.plots.style import SERIES, Columns

SHOWN = ("robust_accuracy", "reliance")


class Dose(NamedTuple):
    """Boards of tasks that differ in strength alone, ascending; `name`: in what they differ from other series."""

    name: str
    strengths: Sequence[float]
    boards: Sequence[Drawn]


def dose_item(series: Sequence[Dose], full_names: Mapping[str, str], columns: Columns) -> Item | None:
    """Return the figure of the series that have the strengths of the first; None if no row is on all their boards."""
    same = [dose for dose in series if dose.strengths == series[0].strengths and len(dose.boards) > 1]
    rows = chosen([board for dose in same for board in dose.boards], full_names)
    if not rows:
        return None
    what = " and ".join(COLUMNS[metric].title.lower() for metric in SHOWN)
    caption = (
        f"{what.capitalize()} against the strength of the correlations: means with 95 % intervals. Shown are ERM, the "
        "best row of each access tier, and further ones by robust accuracy."
    )
    return Item("dose", caption, partial(draw_dose, same, rows, columns))


def chosen(boards: Sequence[Drawn], full_names: Mapping[str, str], most: int = len(SERIES)) -> list[Named]:
    """Return the rows that are on all boards; if these are more than `most`, ERM, the best of each tier, the best."""
    of_boards = [points([line for line in board.lines if line["ranked"]], SHOWN[0]) for board in boards]
    labels = set.intersection(*map(set, of_boards)) if of_boards else set()
    means = {label: float(np.mean([known[label].value for known in of_boards])) for label in labels}
    rows = [row for row in named(boards[0].lines, full_names) if row.label in labels] if boards else []
    best_first = sorted(rows, key=lambda row: -means[row.label])
    of_tier = {row.access: row.label for row in reversed(best_first)}
    first = sorted(best_first, key=lambda row: (row.label != ERM, of_tier[row.access] != row.label))[:most]
    return [row for row in rows if row in first]


def draw_dose(series: Sequence[Dose], rows: Sequence[Named], columns: Columns = 2) -> Figure:
    """Draw each metric against the strength, a panel per series, a line per row."""
    panels = []
    for metric in SHOWN:
        for dose in series:
            known = [points(board.lines, metric) for board in dose.boards]
            ideal = [board.ideal[metric] for board in dose.boards if metric in board.ideal]
            lines = {
                row.name: [of_board[row.label] for of_board in known]
                for row in rows
                if all(row.label in of_board for of_board in known)
            }
            axis = COLUMNS[metric].title.lower() if dose is series[0] else ""
            title = dose.name.replace("_", " ") if metric == SHOWN[0] else ""
            panels.append(Panel(axis, lines, ideal if len(ideal) == len(known) else (), title=title))
    wide = len(series) if len(series) > 1 else None
    return dial_lines(panels, series[0].strengths, "strength of the correlations", columns, wide)
