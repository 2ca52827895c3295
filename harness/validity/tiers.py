"""A benchmark that ranks must tell methods apart: tiers of worst-group accuracy on every task."""

from typing import TypedDict

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spurgen.harness import statistics
from spurgen.harness.machine.plotting import GREY
from spurgen.harness.validity._panels import name_rows, panels, whisker
from spurgen.harness.validity._rows import Evidence, TaskEvidence, not_run, verdict
from spurgen.harness.validity._tables import PASSED, by_task, number, table

PLACE = 2
TITLE = "Methods can be told apart"
JUDGED = True
WANTED = 4  # tiers, on each main task


class Separation(TypedDict):
    """Holds a task's tiers, `members` best first, a chain of rows that can all be told apart, and every row's WGA.

    `passed` is None on tasks that need not pass, and where a baseline has not been run.
    """

    rows: int
    tiers: int
    members: list[list[str]]
    chain: list[str]
    wga: dict[str, float]
    wga_interval: dict[str, list[float]]
    passed: bool | None


class Result(TypedDict):
    """Holds the test's outcome, over all tasks that have two rows."""

    passed: bool | None
    missing: list[str]
    wanted: int
    main: list[str]
    tasks: dict[str, Separation]


def examine(evidence: Evidence) -> Result:
    """Counts the tiers of worst-group accuracy on every task."""
    absent = {name: task.not_run(evidence.baselines) for name, task in evidence.tasks.items()}
    judged = [name for name in evidence.main if not absent[name]]
    tasks = {n: _separation(task, n in judged) for n, task in evidence.tasks.items() if len(task.rows) > 1}
    missing = evidence.lacking({name: not_run(some) for name, some in absent.items() if some})
    missing += [f"{name}: fewer than two ranked rows" for name in judged if name not in tasks]
    passed = verdict(tasks[name]["passed"] if name in tasks else None for name in evidence.main)
    return {"passed": passed, "missing": missing, "wanted": WANTED, "main": list(evidence.main), "tasks": tasks}


def _separation(task: TaskEvidence, judged: bool) -> Separation:
    labels = list(task.rows)
    sampled = [task.wga(label) for label in labels]
    found = statistics.tiers(
        np.array([some.point for some in sampled]), np.stack([some.replicates for some in sampled]), labels
    )
    return {
        "rows": len(labels),
        "tiers": found["count"],
        "members": found["members"],
        "chain": found["chain"],
        "wga": {label: task.board[label].value("wga") for label in labels},
        "wga_interval": {label: list(task.board[label].estimates["wga"].ends) for label in labels},
        "passed": found["count"] >= WANTED if judged else None,
    }


def sum_up(result: Result) -> str:
    """Says in a sentence how many tiers there are."""
    tiers = by_task(result["tasks"], lambda found: f"{found['tiers']} of {found['rows']} rows", result["main"])
    return f"Tiers: {tiers}; {result['wanted']} wanted." if tiers else ""


def tell(result: Result) -> str:
    """Writes how many tiers each task has, and who is in them."""
    lines = [
        {"Task": name, "Rows": found["rows"], "Tiers": found["tiers"],
         f"Passed (at least {WANTED})": PASSED[found["passed"]], "All told apart": ", ".join(found["chain"])}
        for name, found in result["tasks"].items()
    ]  # fmt: skip
    members = [
        {"Task": name, "Tier": tier, "WGA": _span(found, some), "Members, best first": ", ".join(some)}
        for name, found in result["tasks"].items()
        for tier, some in enumerate(found["members"], start=1)
    ]
    note = (
        "Tiers: the most rows of which all can be told apart (paired bootstrap over samples, the variance over seeds "
        "added; Holm over all pairs, 5 %). Within a tier no two rows can be; a row is significantly below some row of "
        "the tier before, not below all. Intervals are corrected for the bias of a minimum, so a point can lie at "
        "their lower end or below."
    )
    return "\n\n".join([note, table(lines), table(members)]) if lines else note


def _span(found: Separation, members: list[str]) -> str:
    figures = [found["wga"][label] for label in members]
    high, low = number(max(figures)), number(min(figures))
    return high if high == low else f"{high} to {low}"


def draw(result: Result) -> Figure | None:
    """Draws every row's WGA with its interval, a panel a task, tiers told apart by filling."""
    tasks = result["tasks"]
    if not tasks:
        return None
    figure, axes = panels(len(tasks), 3, 3.0, [0.9 + 0.16 * found["rows"] for found in tasks.values()])
    for one, (name, found) in zip(axes, tasks.items(), strict=True):
        _panel(one, name, found)
    return figure


def _panel(axes: Axes, name: str, found: Separation) -> None:
    labels = [label for some in found["members"] for label in some]
    place = 0
    for tier, some in enumerate(found["members"]):
        for row, label in enumerate(some, start=place):
            whisker(axes, row, found["wga"][label], found["wga_interval"][label], filled=tier % 2 == 0)
        clear = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}  # of the row's line
        axes.text(1.04, place, f"tier {tier + 1}", fontsize=6, color=GREY, va="center", bbox=clear)
        place += len(some)
        if place < len(labels):
            axes.axhline(place - 0.5, color=GREY, linewidth=0.6, linestyle="--")
    name_rows(axes, labels)
    axes.set_xlim(0, 1.18)
    axes.set_xticks([0, 0.5, 1])
    axes.set_title(name)
    axes.set_xlabel("worst-group accuracy")
