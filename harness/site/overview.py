"""The first page: the suite in a sentence and a picture, its boards, and accuracy against robust accuracy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from spurgen.benchmark.suite import Task
from spurgen.harness.board.against_erm import ERM
from spurgen.harness.board.rendering import ORACLE
from spurgen.harness.machine.printing import and_list
from spurgen.harness.site.boards import FEW, BoardView, Line, board_view
from spurgen.harness.site.columns import CHANNELS
from spurgen.harness.site.figures import Figures
from spurgen.harness.site.material import Material
from spurgen.harness.site.names import file_name
from spurgen.harness.site.opening import opening
from spurgen.harness.site.pictures import Pictures
from spurgen.harness.site.scatter import scatter, tiers_in
from spurgen.harness.statistics.estimate import Estimate

MODALITIES = {"image": "images", "text": "captions", "multimodal": "images with captions"}


@dataclass(frozen=True)
class Shown:
    """A board with its scatter, the path and legend of that, and what it shows in sentences."""

    view: BoardView
    scatter: Markup
    file: str
    legend: Sequence[tuple[str, Markup]]
    findings: Sequence[str]


def overview(material: Material, pictures: Pictures, figures: Figures) -> dict[str, object]:
    """Return what the template of the first page shows."""
    boards = [shown_board(material, figures, name) for name in material.first_page]
    mains = [material.suite.tasks[name] for name in material.main]
    pictured = [task for task in mains if task.modality != "text"] or mains
    base, twins = opening(pictures, pictured[0]) if pictured else (None, [])
    return {
        "sentence": _sentence(material),
        "base": base,
        "twins": twins,
        "boards": boards,
    }


def shown_board(material: Material, figures: Figures, name: str) -> Shown:
    """Return a board with all that is drawn of it."""
    view = board_view(material, name)
    drawing = scatter(material, view)
    return Shown(view, drawing, figures.add(f"{file_name(name)}-accuracies", drawing), tiers_in(view), findings(view))


def _sentence(material: Material) -> str:
    modalities = dict.fromkeys(MODALITIES[task.modality] for task in material.suite.tasks.values())
    tables = [task.scenario.channels for task in material.suite.tasks.values()]
    channels = dict.fromkeys(channel.kind for table in tables for channel in table.values())
    return (
        f"{len(material.suite.tasks)} tasks on {and_list(list(modalities))}: in training, shortcuts "
        f"({and_list(list(channels))}) go with the class; in the test each is changed alone, so what a model does with "
        "it is known exactly."
    )


def task_lines(material: Material) -> list[Mapping[str, object]]:
    """Return what the list of tasks shows of each."""
    return [_task_line(material, name, task) for name, task in material.tasks.items()]


def _task_line(material: Material, name: str, task: Task) -> Mapping[str, object]:
    board = material.board.tasks[name]
    return {
        "name": name,
        "modality": MODALITIES[task.modality],
        "channels": ", ".join(task.channels),
        "worlds": task.scenario.worlds,
        "rows": len(board.rows) + len(board.few) + len(board.unranked),
        "ideal": material.ideal_mean([name], "robust_accuracy"),
    }


def findings(view: BoardView) -> list[str]:
    """Return what a board shows: what ERM does, and which row of those without an oracle is best."""
    ranked = [line for tier in view.tiers if tier.access != FEW for line in tier.lines]
    sentences = [_of_erm(view, line) for line in ranked if line.row.submission == ERM]
    fair = [line for line in ranked if line.row.access != ORACLE]
    best = max(fair, key=lambda line: line.row.ranked_by.value, default=None)
    if best and best.row.submission != ERM:
        row = best.row
        sentences.append(
            f"Best without an oracle: {best.name} (access {row.access}), robust accuracy {_text(row.ranked_by)}."
            f"{_leans(view, best)}"
        )
    return sentences


def _of_erm(view: BoardView, line: Line) -> str:
    row = line.row
    return (
        f"Plain training (ERM) answers {percent(row.value('accuracy'))} of the test right, and {_text(row.ranked_by)} "
        f"where shortcuts mislead most.{_leans(view, line)}"
    )


def _leans(view: BoardView, line: Line) -> str:
    """Return on which channel a row leans most, and how far the ideal observer leans on it."""
    cells = {column: column.cell(line.row) for column in view.columns if column.group == CHANNELS}
    known = {column: cell.raw for column, cell in cells.items() if isinstance(cell.raw, float)}
    if not known:
        return ""
    column = max(known, key=lambda each: known[each])
    ideal = column.ideal.raw
    beside = f", the ideal observer {ideal:.2f}" if isinstance(ideal, float) else ""
    return f" It leans most on {column.title}: {known[column]:.2f}{beside} (1: reads nothing else)."


def _text(estimate: Estimate) -> str:
    low, high = map(percent, estimate.ends)
    return percent(estimate.value) + ("" if estimate.low is None else f" (95 % interval {low} to {high})")


def percent(share: float) -> str:
    """Return a share in percent, which is never broken from its sign."""
    return f"{100 * share:.0f}\N{NO-BREAK SPACE}%"
