"""Plain training must fail where shortcuts mislead, and succeed where there are none to learn."""

from typing import TypedDict

import numpy as np
from matplotlib.figure import Figure

from spurgen.harness.board.against_erm import ERM
from spurgen.harness.machine.plotting import GREY, INK, PALE
from spurgen.harness.statistics.differences import NOISE
from spurgen.harness.validity._panels import panels
from spurgen.harness.validity._rows import Evidence, TaskEvidence, verdict
from spurgen.harness.validity._tables import PASSED, by_task, number, table, with_interval

PLACE = 1
TITLE = "ERM fails, and the shortcut is why"
JUDGED = True
ALIGNED, WGA, REFERENCE = 0.95, 0.35, 0.90


class Failure(TypedDict):
    """Holds ERM's figures on a task, and those of the same model trained where nothing correlates."""

    seeds: int
    aligned_accuracy: float | None
    wga: float | None
    wga_interval: list[float] | None
    reference_seeds: int
    reference_wga: float | None
    passed: bool | None


class Result(TypedDict):
    """Holds the test's outcome; thresholds are floors but for `wga`'s, a ceiling."""

    passed: bool | None
    missing: list[str]
    thresholds: dict[str, float]
    tasks: dict[str, Failure]


def examine(evidence: Evidence) -> Result:
    """Holds ERM, on each of the main tasks, to the thresholds of the design (section 9)."""
    main = evidence.main
    tasks = {name: _failure(task) for name, task in main.items()}
    missing = evidence.lacking({name: task.why_not(ERM) for name, task in main.items() if ERM not in task.rows})
    bare = [name for name, task in main.items() if not task.references]
    missing += evidence.lacking(dict.fromkeys(bare, f"no {ERM} trained on uncorrelated data"), references=True)
    thresholds = {"aligned_accuracy": ALIGNED, "wga": WGA, "reference_wga": REFERENCE}
    passed = verdict(failure["passed"] for failure in tasks.values())
    return {"passed": passed, "missing": missing, "thresholds": thresholds, "tasks": tasks}


def _failure(task: TaskEvidence) -> Failure:
    row = task.board.get(ERM)
    references = [result.metrics["wga"] for result in task.references]
    aligned, wga = (row.value(name) if row else None for name in ("aligned_accuracy", "wga"))
    reference = float(np.mean(references)) if references else None
    checks = [  # a mean over seeds that is the threshold, but for rounding, meets it
        None if aligned is None else aligned >= ALIGNED - NOISE,
        None if wga is None else wga <= WGA + NOISE,
        None if reference is None else reference >= REFERENCE - NOISE,
    ]
    return {
        "seeds": len(task.rows[ERM]) if row else 0,
        "aligned_accuracy": aligned,
        "wga": wga,
        "wga_interval": list(row.estimates["wga"].ends) if row else None,
        "reference_seeds": len(references),
        "reference_wga": reference,
        "passed": verdict(checks),
    }


def sum_up(result: Result) -> str:
    """Says in a sentence how ERM does."""
    worst = by_task(result["tasks"], lambda found: number(found["wga"], ".2f"))
    aligned = by_task(result["tasks"], lambda found: number(found["aligned_accuracy"], ".2f"))
    reference = by_task(result["tasks"], lambda found: number(found["reference_wga"], ".2f"))
    return (
        f"ERM's worst-group accuracy is {worst}, its accuracy where all channels align {aligned}; trained on "
        f"uncorrelated data, its worst group has {reference}."
    )


def tell(result: Result) -> str:
    """Writes the figures against their thresholds."""
    lines = [
        {
            "Task": name,
            f"Accuracy, all channels aligned (at least {ALIGNED})": number(found["aligned_accuracy"]),
            f"WGA (at most {WGA})": with_interval(found["wga"], found["wga_interval"]),
            f"WGA, trained on uncorrelated data (at least {REFERENCE})": number(found["reference_wga"]),
            "Seeds": f"{found['seeds']} and {found['reference_seeds']}",
            "Passed": PASSED[found["passed"]],
        }
        for name, found in result["tasks"].items()
    ]
    return table(lines)


def draw(result: Result) -> Figure | None:
    """Draws three bars a task, with a line at each threshold."""
    tasks = result["tasks"]
    if not any(found["wga"] is not None or found["reference_wga"] is not None for found in tasks.values()):
        return None
    figure, (axes,) = panels(1, 1, 1.5 + 1.6 * len(tasks), 2.8)
    bars = (
        ([f["aligned_accuracy"] for f in tasks.values()], "ERM, all channels aligned", PALE, "", ALIGNED),
        ([f["wga"] for f in tasks.values()], "ERM, worst group", INK, "", WGA),
        (
            [f["reference_wga"] for f in tasks.values()],
            "ERM, uncorrelated data, worst group",
            "white",
            "////",
            REFERENCE,
        ),
    )
    for place, (figures, label, colour, hatch, threshold) in enumerate(bars):
        at = np.arange(len(tasks)) + (place - 1) * 0.27
        heights = [figure or 0.0 for figure in figures]
        axes.bar(at, heights, 0.25, label=label, color=colour, edgecolor=INK, linewidth=0.6, hatch=hatch)
        axes.hlines([threshold] * len(tasks), at - 0.13, at + 0.13, color=GREY, linewidth=2)
    axes.set_xticks(range(len(tasks)), list(tasks))
    axes.set_ylim(0, 1.02)
    axes.set_ylabel("accuracy (grey line: threshold)")
    figure.legend(loc="outside upper left", ncols=1)
    return figure
