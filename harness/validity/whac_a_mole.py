"""Curing one shortcut may feed another (Li et al. 2023): the change of every channel's SSS against ERM."""

from typing import TypedDict

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from spurgen.harness.board.against_erm import ALPHA, ERM
from spurgen.harness.board.rendering import as_text
from spurgen.harness.machine.plotting import GREY
from spurgen.harness.statistics import Difference, holm, paired_difference
from spurgen.harness.validity._panels import name_rows, panels, whisker
from spurgen.harness.validity._rows import Evidence, TaskEvidence
from spurgen.harness.validity._tables import number, table, with_interval

PLACE = 6
TITLE = "Whac-a-mole: what curing one shortcut does to the others"
JUDGED = False


class Change(TypedDict):
    """Holds a channel's SSS less ERM's; `p_holm` is corrected over all methods and channels of the task."""

    change: float
    interval: list[float]
    p: float
    p_holm: float


class Moles(TypedDict):
    """Holds a method's changes, and the channels on which it leans significantly more, or less, than ERM."""

    channels: dict[str, Change]
    rises: list[str]
    falls: list[str]


class TaskMoles(TypedDict):
    """Holds ERM's SSS per channel, and every other method's changes."""

    erm: dict[str, float]
    methods: dict[str, Moles]


class Result(TypedDict):
    """Holds the changes on every task; there is nothing to pass."""

    passed: None
    missing: list[str]
    tasks: dict[str, TaskMoles]


def examine(evidence: Evidence) -> Result:
    """Compare every method with ERM, channel by channel, each over all its seeds."""
    tasks, missing = {}, {}
    for name, task in evidence.tasks.items():
        if ERM in task.rows and len(task.rows) > 1:
            tasks[name] = _moles(task)
        else:
            missing[name] = f"no ranked row beside {ERM}" if ERM in task.rows else task.why_not(ERM)
    return {"passed": None, "missing": evidence.lacking(missing), "tasks": tasks}


def _moles(task: TaskEvidence) -> TaskMoles:
    channels = task.task.channels
    labels = [label for label in task.rows if label != ERM]
    found = {label: {channel: _change(task, label, channel) for channel in channels} for label in labels}
    corrected = iter(holm([change.p for changes in found.values() for change in changes.values()]))
    methods = {
        label: _moles_of({c: (change, next(corrected)) for c, change in found[label].items()}) for label in found
    }
    return {"erm": {channel: task.sss(ERM, channel).point for channel in channels}, "methods": methods}


def _change(task: TaskEvidence, label: str, channel: str) -> Difference:
    return paired_difference(*task.sss(label, channel), *task.sss(ERM, channel))


def _moles_of(changes: dict[str, tuple[Difference, float]]) -> Moles:
    shown: dict[str, Change] = {
        channel: {"change": d.value, "interval": [d.low, d.high], "p": d.p, "p_holm": p}
        for channel, (d, p) in changes.items()
    }
    certain = {channel: some["change"] for channel, some in shown.items() if some["p_holm"] < ALPHA}
    return {
        "channels": shown,
        "rises": [channel for channel, change in certain.items() if change > 0],
        "falls": [channel for channel, change in certain.items() if change < 0],
    }


def sum_up(result: Result) -> str:
    """Says in a sentence how often curing one shortcut fed another, on the task with most channels."""
    if not result["tasks"]:
        return ""
    name, found = max(result["tasks"].items(), key=lambda item: len(item[1]["erm"]))
    cured = [moles for moles in found["methods"].values() if moles["falls"]]
    fed = sum(bool(moles["rises"]) for moles in cured)
    rises = sum(bool(moles["rises"]) for moles in found["methods"].values()) - fed
    return (
        f"Of {len(found['methods'])} methods on {as_text(name)}, {len(cured)} lean significantly less than ERM on some "
        f"channel, {fed} of them more on another; {rises} only lean more."
    )


def tell(result: Result) -> str:
    """Writes a table a task: ERM's SSS and every method's changes, a star on the significant ones."""
    parts = [
        "SSS less ERM's, per channel; `*`: significant (paired bootstrap over base samples, the variance over "
        "seeds added; Holm over the task's methods and channels, 5 %). A mole: a channel that rises significantly "
        "while another falls."
    ]
    for name, found in result["tasks"].items():
        erm = {"Method": "erm (SSS)", **{c: number(sss) for c, sss in found["erm"].items()}, "Mole": "-"}
        parts += [f"### {name}", table([erm, *(_line(label, moles) for label, moles in found["methods"].items())])]
    return "\n\n".join(parts)


def _line(label: str, moles: Moles) -> dict[str, str]:
    certain = {*moles["rises"], *moles["falls"]}
    cells = {
        channel: with_interval(some["change"], some["interval"], "+.3f") + "*" * (channel in certain)
        for channel, some in moles["channels"].items()
    }
    mole = ", ".join(moles["rises"]) if moles["rises"] and moles["falls"] else "-"
    return {"Method": label, **cells, "Mole": mole}


def draw(result: Result) -> Figure | None:
    """Draws the task with the most channels: a panel a channel, filled where the change is significant."""
    if not result["tasks"]:
        return None
    name, found = max(result["tasks"].items(), key=lambda item: len(item[1]["erm"]))
    figure, axes = panels(len(found["erm"]), len(found["erm"]), 1.9, 1.0 + 0.18 * len(found["methods"]), sharey=True)
    for one, channel in zip(axes, found["erm"], strict=True):
        _panel(one, channel, found)
    for one in axes[1:]:
        one.sharex(axes[0])  # one scale, by which channels can be compared
    axes[0].autoscale_view()
    axes[0].xaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))
    figure.suptitle(f"{name}: change of SSS against ERM (filled: significant)", fontsize=8)
    return figure


def _panel(axes: Axes, channel: str, found: TaskMoles) -> None:
    for row, moles in enumerate(found["methods"].values()):
        some = moles["channels"][channel]
        whisker(axes, row, some["change"], some["interval"], filled=channel in (*moles["rises"], *moles["falls"]))
    name_rows(axes, list(found["methods"]))
    axes.axvline(0, color=GREY, linewidth=0.8)
    axes.set_title(f"{channel} (ERM {found['erm'][channel]:.3f})", fontsize=8)
