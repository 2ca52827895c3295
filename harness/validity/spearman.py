"""A ranking of methods should agree with published ones as well as those do with one another."""

from collections.abc import Sequence
from itertools import combinations
from typing import Literal, NamedTuple, TypedDict

import numpy as np
from matplotlib.figure import Figure

from spurgen.harness.machine.plotting import GREY
from spurgen.harness.validity._correlation import FEWEST, correlate, spearman
from spurgen.harness.validity._panels import name_rows, panels, whisker
from spurgen.harness.validity._published import SUBPOPBENCH, comparable_tables, worst_group_tables
from spurgen.harness.validity._rows import Evidence, TaskEvidence, not_run, verdict
from spurgen.harness.validity._tables import PASSED, by_task, number, table, with_interval

PLACE = 3
TITLE = "The ranking agrees with published ones"
JUDGED = True
CORE = ("Waterbirds", "CelebA", "MultiNLI", "CivilComments")  # spurious correlations proper, in image and text


class Agreement(TypedDict):
    """Holds the rank correlation of a task with one published table, over the methods that both have.

    `among_published`: the median of that table's own correlations with the protocol's other data sets
    over the same methods, None where there are no others. `rho_by_name`: over all `n_by_name` methods of the same
    name, of which some are others (`published.NOT_THE_SAME`).
    """

    protocol: str
    dataset: str
    selection: str
    rho: float | None
    interval: list[float] | None
    n: int
    methods: list[str]
    among_published: float | None
    rho_by_name: float | None
    n_by_name: int


class TaskAgreement(TypedDict):
    """Holds a task's agreement with every published table.

    It passes if its median rho with SubpopBench's four data sets of spurious correlation is at least
    the median of their correlations with one another, all over the same methods; None where a
    baseline with a published figure has not been run.
    """

    backbone: str
    median: float | None
    median_among_published: float | None
    passed: bool | None
    published: list[Agreement]


class Result(TypedDict):
    """Holds the test's outcome, over all tasks with enough methods."""

    passed: bool | None
    missing: list[str]
    core: list[str]
    main: list[str]
    tasks: dict[str, TaskAgreement]


class Place(NamedTuple):
    """Names a published table."""

    protocol: str
    dataset: str
    selection: str


Tables = dict[Place, dict[str, float]]


def examine(evidence: Evidence) -> Result:
    """Correlates every task's mean worst-group accuracies with every published table."""
    tables = {Place(*place): some for place, some in comparable_tables(evidence.published).items()}
    by_name = {Place(*place): some for place, some in worst_group_tables(evidence.published).items()}
    wanted = [name for name in evidence.baselines if any(name in some for some in tables.values())]
    tasks, missing = {}, {}
    for name, task in evidence.tasks.items():
        found = [
            _agreement(task, place, tables, by_name[place])
            for place in tables
            if len(_common(task, tables[place])) >= FEWEST
        ]
        absent = task.not_run(wanted)
        if found:
            tasks[name] = _judge(task, found, tables, whole=not absent)
        if absent or not found:
            missing[name] = not_run(absent) if absent else "too few ranked methods"
    passed = verdict(tasks[name]["passed"] if name in tasks else None for name in evidence.main)
    main, lacking = list(evidence.main), evidence.lacking(missing)
    return {"passed": passed, "missing": lacking, "core": list(CORE), "main": main, "tasks": tasks}


def _common(task: TaskEvidence, published: dict[str, float]) -> list[str]:
    return sorted(task.rows.keys() & published.keys())


def _values(published: dict[str, float], methods: Sequence[str]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.array([published[method] for method in methods])


def _agreement(task: TaskEvidence, place: Place, tables: Tables, by_name: dict[str, float]) -> Agreement:
    methods = _common(task, tables[place])
    ours = [task.wga(method) for method in methods]
    points, replicates = np.array([some.point for some in ours]), np.stack([some.replicates for some in ours])
    values = _values(tables[place], methods)
    rho, interval = correlate(points, values, replicates, "/".join([task.task.name, *place]))
    others = [
        float(spearman(values, _values(some, methods)))
        for other, some in tables.items()
        if other.protocol == place.protocol and other != place and set(methods) <= some.keys()
    ]
    return {
        "protocol": place.protocol,
        "dataset": place.dataset,
        "selection": place.selection,
        "rho": rho,
        "interval": list(interval) if interval else None,
        "n": len(methods),
        "methods": methods,
        "among_published": _median(others),
        "rho_by_name": _rho(task, by_name),
        "n_by_name": len(_common(task, by_name)),
    }


def _rho(task: TaskEvidence, published: dict[str, float]) -> float | None:
    methods = _common(task, published)
    return _median([float(spearman(np.array([task.wga(m).point for m in methods]), _values(published, methods)))])


def _median(rhos: Sequence[float | None]) -> float | None:
    present = [rho for rho in rhos if rho is not None and not np.isnan(rho)]
    return float(np.median(present)) if present else None


def _decides(some: Agreement) -> bool:
    """Says whether the verdict rests on this published table."""
    return some["protocol"] == SUBPOPBENCH and some["dataset"] in CORE


def _judge(task: TaskEvidence, found: list[Agreement], tables: Tables, *, whole: bool) -> TaskAgreement:
    """Holds the task's median rho with the core data sets against their own."""
    core = {p.dataset: some for p, some in tables.items() if p.protocol == SUBPOPBENCH and p.dataset in CORE}
    ours = [some["rho"] for some in found if _decides(some)]
    shared = sorted(set(task.rows).intersection(*core.values())) if core else []
    pairs = combinations([_values(some, shared) for some in core.values()], 2) if len(shared) >= FEWEST else ()
    median, theirs = _median(ours), _median([float(spearman(one, other)) for one, other in pairs])
    return {
        "backbone": task.task.backbone,
        "median": median,
        "median_among_published": theirs,
        "passed": median >= theirs if whole and median is not None and theirs is not None else None,
        "published": found,
    }


def sum_up(result: Result) -> str:
    """Says in a sentence how far the rankings agree."""
    if not result["tasks"]:
        return ""
    both = result["core"][:2]
    tasks, main = result["tasks"], result["main"]
    first = by_task(tasks, lambda task: " and ".join(_rho_with(task, name, "rho") for name in both), main)
    by_name = by_task(tasks, lambda task: " and ".join(_rho_with(task, name, "rho_by_name") for name in both), main)
    medians = by_task(tasks, lambda task: number(task["median"], ".2f"), main)
    theirs = by_task(tasks, lambda task: number(task["median_among_published"], ".2f"), main)
    return (
        f"Spearman's rho with SubpopBench's {' and '.join(both)}: {first}. Median over {', '.join(result['core'])}: "
        f"{medians}; theirs with one another: {theirs}. All of it over the methods that are the same; with those that "
        f"share no more than the name, {' and '.join(both)} have {by_name}."
    )


def _rho_with(task: TaskAgreement, dataset: str, kind: Literal["rho", "rho_by_name"]) -> str:
    found = [some[kind] for some in task["published"] if _decides(some) and some["dataset"] == dataset]
    return number(found[0], ".2f") if found else "-"


def tell(result: Result) -> str:
    """Writes a line a task, and a line a task and published table."""
    note = (
        "Spearman's rho between our mean worst-group accuracies and published ones. A task passes if its median over "
        f"{', '.join(result['core'])} in SubpopBench's protocol is at least the median of theirs with one another, "
        "over the same methods. SubpopBench's BSoftmax and LDAM (by class sizes, ours by group sizes), IRM and MMD "
        "(across the attribute's values, ours across environments) and LISA (pairs that share the attribute's value, "
        "ours which channels align) are other methods, and count in the last column alone. Intervals: 95 % by a "
        "bootstrap that redraws the methods and, for ours, seeds and samples."
    )
    lines = [
        {"Task": name, "Backbone": task["backbone"], "Median rho": number(task["median"]),
         "Among published": number(task["median_among_published"]), "Passed": PASSED[task["passed"]]}
        for name, task in result["tasks"].items()
    ]  # fmt: skip
    details = [
        {"Task": name, "Backbone": task["backbone"], "Protocol": some["protocol"], "Data set": some["dataset"],
         "rho (95 %)": with_interval(some["rho"], some["interval"]), "Methods": some["n"],
         "Published with one another, median": number(some["among_published"]),
         "rho, all of the same name": f"{number(some['rho_by_name'])} ({some['n_by_name']})"}
        for name, task in result["tasks"].items()
        for some in task["published"]
    ]  # fmt: skip
    return "\n\n".join([note, table(lines), table(details)]) if lines else note


def _label(some: Agreement) -> str:
    """Names a table in a figure: Waterbirds, SubpopBench (19)."""
    protocol = some["protocol"].partition(",")[0].removesuffix(" protocol")
    return f"{some['dataset']}, {protocol} ({some['n']})"


def draw(result: Result) -> Figure | None:
    """Draws rho with its interval, a panel a task; grey bars are the published data sets' own medians."""
    tasks = result["tasks"]
    if not tasks:
        return None
    most = max(len(task["published"]) for task in tasks.values())
    figure, axes = panels(len(tasks), 3, 3.9, 0.9 + 0.2 * most)
    for one, (name, task) in zip(axes, tasks.items(), strict=True):
        for row, some in enumerate(task["published"]):
            if some["among_published"] is not None:
                one.plot([some["among_published"]] * 2, [row - 0.35, row + 0.35], color=GREY, linewidth=2.5)
            if some["rho"] is not None:
                whisker(one, row, some["rho"], some["interval"], filled=_decides(some))
        name_rows(one, [_label(some) for some in task["published"]])
        one.axvline(0, color=GREY, linewidth=0.6)
        one.set_xlim(-1.08, 1.08)
        one.set_title(f"{name} ({task['backbone']})", loc="right")
    figure.supxlabel(
        "Spearman's rho (grey bar: median among the published;\nfilled: decides whether it passes)", fontsize=8
    )
    return figure
