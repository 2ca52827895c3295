"""The first page: the suite in a sentence and a picture, its boards, and accuracy against robust accuracy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from spurgen.benchmark.suite import Task
from spurgen.harness.board.against_erm import ERM
from spurgen.harness.board.by_unit import ALIGNED
from spurgen.harness.board.rendering import SYNTHETIC
from spurgen.harness.figures.from_board import not_apart
from spurgen.harness.machine.printing import and_list, signed
from spurgen.harness.site.benchmark_page import short_verdicts
from spurgen.harness.site.boards import FEW, BoardView, Line, Tier, board_view
from spurgen.harness.site.budgets import trained_in_words
from spurgen.harness.site.columns import CHANNELS, NOTHING
from spurgen.harness.site.core_cue import core_cue
from spurgen.harness.site.figures import Figures
from spurgen.harness.site.material import Material
from spurgen.harness.site.names import file_name
from spurgen.harness.site.opening import opening
from spurgen.harness.site.pictures import Pictures
from spurgen.harness.site.scatter import scatter
from spurgen.harness.site.words import conflicting_share
from spurgen.harness.statistics.estimate import Estimate

MOST_NAMED = 4  # rows in a sentence
LITTLE = 0.9  # share of the ideal observer's core use below which a row makes little use of the core cue
MODALITIES = {"image": "images", "text": "captions", "multimodal": "images with captions"}


@dataclass(frozen=True)
class Shown:
    """A board with its scatter, the path of that as a file, and what it shows in sentences."""

    view: BoardView
    scatter: Markup
    file: str
    findings: Sequence[str]
    mix: str

    @property
    def has_few(self) -> bool:
        """Whether a row has too few units for a rank."""
        return any(tier.access == FEW for tier in self.view.tiers)


def overview(material: Material, pictures: Pictures, figures: Figures) -> dict[str, object]:
    """Return what the template of the first page shows."""
    boards = [shown_board(material, figures, name) for name in material.first_page]
    mains = [material.suite.tasks[name] for name in material.main]
    pictured = [task for task in mains if task.modality != "text"] or mains
    erm = material.baseline(ERM, pictured[0].name) if pictured else None
    about = " ".join(core_cue(pictured[0])) if pictured else ""
    return {
        "sentence": _sentence(material),
        "opening": opening(pictures, pictured[0], erm) if pictured else None,
        "erm": material.pages.get(ERM),
        "pictured": pictured[0].name if pictured else None,
        "about": about,
        "boards": boards,
        "elsewhere": [name for name in material.tasks if name not in material.first_page],
        "verdicts": short_verdicts(material),
    }


def shown_board(material: Material, figures: Figures, name: str) -> Shown:
    """Return a board with all that is drawn of it."""
    view = board_view(material, name)
    drawing, said = scatter(material, view), findings(material, view)
    return Shown(view, drawing, figures.add(f"{file_name(name)}-accuracies", drawing), said, _mix(material, view))


def _mix(material: Material, view: BoardView) -> str:
    """Return how much of the test has all channels in conflict, on which accuracy depends; nothing without channels."""
    if not all(material.suite.tasks[name].channels for name in view.tasks):
        return ""
    shares = sorted(conflicting_share(material.suite.tasks[name]) for name in view.tasks)
    ends = dict.fromkeys(percent(share) for share in (shares[0], shares[-1]))
    return (
        f"All channels conflict in {' to '.join(ends)} of the test. Robust accuracy is mostly the accuracy of that "
        "pattern, so part of the correlation is mechanical."
    )


def _sentence(material: Material) -> str:
    modalities = dict.fromkeys(MODALITIES[task.modality] for task in material.suite.tasks.values())
    tables = [task.scenario.channels for task in material.suite.tasks.values()]
    channels = dict.fromkeys(channel.kind for table in tables for channel in table.values())
    return (
        f"{_count(material)} on {and_list(list(modalities))}: in training, shortcuts "
        f"({and_list(list(channels))}) go with the class; in the test each is changed alone, so what a model does with "
        "it is known exactly."
    )


def _count(material: Material) -> str:
    """Return how many tasks there are, and how many of them have rows if that is not all."""
    known, every = len(material.tasks), len(material.suite.tasks)
    return f"{every} tasks" if known == every else f"{every} tasks, {known} of them with rows so far,"


def task_lines(material: Material) -> list[Mapping[str, object]]:
    """Return what the list of tasks shows of each."""
    return [_task_line(material, name, task) for name, task in material.suite.tasks.items()]


def _task_line(material: Material, name: str, task: Task) -> Mapping[str, object]:
    board = material.board.tasks.get(name)
    return {
        "name": name,
        "modality": MODALITIES[task.modality],
        "channels": ", ".join(task.channels),
        "worlds": task.scenario.worlds,
        "rows": len(board.rows) + len(board.few) + len(board.unranked) if board else 0,
        "ideal": material.ideal_mean([name], "robust_accuracy"),
    }


def findings(material: Material, view: BoardView) -> list[str]:
    """Return what a board shows: what ERM does, and which rows are best in each access tier."""
    tiers = [tier for tier in view.tiers if tier.access != FEW]
    erm = [line for tier in tiers for line in tier.lines if line.row.submission == ERM]
    others = [tier for tier in tiers if [line.row.submission for line in tier.lines] != [ERM]]
    return [
        *(_of_erm(material, view, line) for line in erm),
        *(_best_of(material, view, tier) for tier in others),
    ]


def _of_erm(material: Material, view: BoardView, line: Line) -> str:
    row = line.row
    aligned = material.estimates(view.tasks, ALIGNED)[row.submission].value
    return (
        f"Plain training (ERM) answers {percent(aligned)} right where all shortcuts agree with the class, and "
        f"{_text(row.ranked_by)} where they mislead most.{_relied_on(material, view, line)}"
        f"{_core_use(material, view, line)}{trained_in_words(material, view.tasks)}"
    )


def _best_of(material: Material, view: BoardView, tier: Tier) -> str:
    """Return the best row of a tier and those that do not differ from it."""
    best = max(tier.lines, key=lambda line: line.row.ranked_by.value)
    equals = [line for line in tier.lines if line is not best and not_apart(best.row, line.row)]
    which = f"Best with access {tier.access}{' (which no real data have)' if tier.access == SYNTHETIC else ''}"
    said = f"{which}: {best.name}, robust accuracy {_text(best.row.ranked_by)}"
    most = "" if best.row.submission == ERM else _most_relied_on(material, view, best)
    if not equals:
        return f"{said}.{most}"
    named = [f"{line.name} ({percent(line.row.ranked_by.value)})" for line in equals[:MOST_NAMED]]
    more = [f"{len(equals) - MOST_NAMED} more"] if len(equals) > MOST_NAMED else []
    verb = "do" if len(equals) > 1 else "does"
    return f"{said}; {and_list([*named, *more])} {verb} not differ from it significantly.{most}"


def _relied_on(material: Material, view: BoardView, line: Line) -> str:
    """Return on which channels a row relies, most first, beside the ideal observer; nothing if that may be none.

    Channels are not tested against one another, so none is said to be the one.
    """
    known = _reliances(material, view, line)
    relied = sorted((n for n in known if known[n].ends[0] >= NOTHING), key=lambda name: known[name].value, reverse=True)
    if not relied:
        return ""
    ideals = {name: material.ideal_mean(view.tasks, f"reliance/{name}") for name in relied}
    on = [f"{name} ({known[name].value:.2f}{_beside(ideals[name])})" for name in relied]
    return f" It relies on {and_list(on)}; 1 would be to read that channel alone."


def _core_use(material: Material, view: BoardView, line: Line) -> str:
    """Return a row's core use, beside the ideal observer; nothing if it is not known.

    Reliance alone does not explain a loss: a row that makes little use of the core cue also fails without shortcuts.
    """
    known = material.estimates(view.tasks, "core_use").get(line.row.submission)
    if known is None:
        return ""
    ideal = material.ideal_mean(view.tasks, "core_use")
    little = ": it also makes too little use of the core cue itself" if ideal and known.value < LITTLE * ideal else ""
    return f" Its core use is {signed(known.value, '.2f')}{_beside(ideal)}{little}."


def _most_relied_on(material: Material, view: BoardView, line: Line) -> str:
    """Return a row's largest reliance and its channel; nothing if none is known."""
    known = _reliances(material, view, line)
    if not known:
        return ""
    name = max(known, key=lambda name: known[name].value)
    if known[name].value < NOTHING:
        return f" {line.name} relies on no channel measurably."
    ideal = material.ideal_mean(view.tasks, f"reliance/{name}")
    return f" Largest reliance of {line.name}: {name} ({signed(known[name].value, '.2f')}{_beside(ideal)})."


def _reliances(material: Material, view: BoardView, line: Line) -> dict[str, Estimate]:
    """Return a row's reliance on each channel of a board."""
    label = line.row.submission
    channels = [column for column in view.columns if column.group == CHANNELS]
    by_channel = {column.title: material.estimates(view.tasks, column.key).get(label) for column in channels}
    return {name: each for name, each in by_channel.items() if each is not None}


def _beside(ideal: float | None) -> str:
    return "" if ideal is None else f", ideal observer {ideal:.2f}"


def _text(estimate: Estimate) -> str:
    low, high = map(percent, estimate.ends)
    return percent(estimate.value) + ("" if estimate.low is None else f" (95 % interval {low} to {high})")


def percent(share: float) -> str:
    """Return a share in percent, never broken from its sign; one decimal keeps it from being rounded to 0 or 100."""
    rounded = f"{100 * share:.0f}"
    is_end = rounded in ("0", "-0", "100") and share not in (0, 1)
    return f"{100 * share:.1f}\N{NO-BREAK SPACE}%" if is_end else f"{rounded}\N{NO-BREAK SPACE}%"
