"""Worst-group accuracy must fall, and spurious sensitivity rise, with the strength of the correlation."""

from collections.abc import Sequence
from typing import Any, Literal, TypedDict

import numpy as np
from matplotlib.figure import Figure

from spurgen.benchmark.suite import Task
from spurgen.harness.board.against_erm import ALPHA, ERM
from spurgen.harness.board.rendering import p_text
from spurgen.harness.machine.plotting import GREY, INK
from spurgen.harness.statistics import holm, paired_difference
from spurgen.harness.validity._panels import panels
from spurgen.harness.validity._rows import Evidence, Sampled
from spurgen.harness.validity._tables import PASSED, number, table, with_interval

PLACE = 5
TITLE = "The dose makes the response"
JUDGED = True
DIRECTION: dict[Literal["wga", "sss"], int] = {"wga": -1, "sss": 1}


class Trend(TypedDict):
    """Holds a figure at each strength, and the slope of the straight line through them, per unit of strength.

    `monotone`: no step goes against the expected direction. `significant`: the slope has that
    direction, at 5 %, Holm-corrected over the methods.
    """

    figures: list[float]
    slope: float
    interval: list[float]
    p: float
    p_holm: float
    monotone: bool
    significant: bool


class Response(TypedDict):
    """Holds a method's two trends."""

    wga: Trend
    sss: Trend


class Result(TypedDict):
    """Holds the test's outcome; it is ERM that must pass, since a method that cures shortcuts has no trend."""

    passed: bool | None
    missing: list[str]
    tasks: list[str]
    strengths: list[float]
    methods: dict[str, Response]


def strength_of(task: Task) -> float | None:
    """Returns the one strength that all channels have in all environments, or None."""
    scenario = task.scenario
    named = [environment.strength for environment in scenario.environments] or [{}]
    found = {some.get(name, channel.strength) for name, channel in scenario.channels.items() for some in named}
    strength = found.pop()
    return None if found or isinstance(strength, tuple) else strength


def examine(evidence: Evidence) -> Result:
    """Follows every method that is ranked at each strength of the series."""
    named = {n: strength_of(t.task) for n, t in evidence.tasks.items() if t.task.role == "dose"}
    strengths = {name: strength for name, strength in named.items() if strength is not None}
    tasks = sorted(strengths, key=lambda name: strengths[name])
    everyone = sorted({label for name in tasks for label in evidence.tasks[name].rows})
    absent = {label: [name for name in tasks if label not in evidence.tasks[name].rows] for label in everyone}
    whole = [label for label, some in absent.items() if not some and len(tasks) > 1]
    missing = evidence.lacking({label: f"not ranked on {', '.join(some)}" for label, some in absent.items() if some})
    if len(tasks) > 1 and ERM not in absent:
        missing += evidence.lacking({", ".join(tasks): f"no row of {ERM}"})
    doses = [strengths[name] for name in tasks]
    wga = _trends(doses, [[evidence.tasks[name].wga(label) for name in tasks] for label in whole], DIRECTION["wga"])
    sss = _trends(doses, [[evidence.tasks[name].sss(label) for name in tasks] for label in whole], DIRECTION["sss"])
    methods: dict[str, Response] = {
        label: {"wga": one, "sss": other} for label, one, other in zip(whole, wga, sss, strict=True)
    }
    erm = methods.get(ERM)
    passed = None if erm is None else all(erm[name]["monotone"] and erm[name]["significant"] for name in DIRECTION)
    return {"passed": passed, "missing": missing, "tasks": tasks, "strengths": doses, "methods": methods}


def _trends(doses: Sequence[float], rows: Sequence[Sequence[Sampled]], direction: int) -> list[Trend]:
    """Fits a line to every row, with replicates that are drawn independently for every task.

    The test samples are not independent: streams are keyed by suite and a scenario's seed, so v1's doses, of one
    seed, have the very same ones. As far as models err on the same samples, the slope's spread is told too large.
    """
    found = [_trend(doses, row, direction) for row in rows]
    for trend, p_holm in zip(found, holm([trend["p"] for trend in found]), strict=True):
        trend["p_holm"] = p_holm
        trend["significant"] = p_holm < ALPHA and trend["slope"] * direction > 0
    return found


def _trend(doses: Sequence[float], row: Sequence[Sampled], direction: int) -> Trend:
    centred = np.array(doses) - np.mean(doses)
    weights = centred / (centred**2).sum()  # least squares: the slope is their product with the figures
    points = np.array([some.point for some in row])
    replicates = weights @ np.stack([some.replicates for some in row])
    slope = paired_difference(float(weights @ points), replicates, 0.0, np.zeros(len(replicates)))
    steps = np.diff(points) * direction
    return {
        "figures": points.tolist(),
        "slope": slope.value,
        "interval": [slope.low, slope.high],
        "p": slope.p,
        "p_holm": slope.p,
        "monotone": bool((steps >= 0).all()),
        "significant": False,
    }


def sum_up(result: Result) -> str:
    """Says in a sentence what ERM does at each strength."""
    if ERM not in result["methods"]:
        return ""
    doses = ", ".join(f"{dose:g}" for dose in result["strengths"])
    wga, sss = (", ".join(f"{at:.2f}" for at in result["methods"][ERM][name]["figures"]) for name in DIRECTION)
    return f"At strengths {doses}, ERM's WGA is {wga} and its SSS {sss}."


def tell(result: Result) -> str:
    """Writes both figures at each strength, and their slopes."""
    lines = [
        {
            "Method": label,
            "Figure": name.upper(),
            **{f"{dose:g}": number(at) for dose, at in zip(result["strengths"], trend["figures"], strict=True)},
            "Slope (95 %)": with_interval(trend["slope"], trend["interval"], "+.3f"),
            "p, Holm": p_text(trend["p_holm"]),
            "Monotone": PASSED[trend["monotone"]],
            "Significant": PASSED[trend["significant"]],
        }
        for label, response in result["methods"].items()
        for name, trend in (("wga", response["wga"]), ("sss", response["sss"]))
    ]
    note = (
        "Per method and strength; the slope is of a straight line, per unit of strength, tested by the bootstrap. "
        "Expected: WGA falls, SSS rises. ERM must show both; a method that cures the shortcut need not."
    )
    return "\n\n".join([note, table(lines)]) if lines else note


def draw(result: Result) -> Figure | None:
    """Draws WGA and SSS against strength, a panel a method, with ERM behind in grey."""
    methods = result["methods"]
    if not methods:
        return None
    figure, axes = panels(len(methods), 6, 1.5, 1.6)
    for one, (label, response) in zip(axes, methods.items(), strict=True):
        if ERM in methods and label != ERM:
            one.plot(result["strengths"], methods[ERM]["wga"]["figures"], "-", color=GREY, linewidth=0.8)
            one.plot(result["strengths"], methods[ERM]["sss"]["figures"], "--", color=GREY, linewidth=0.8)
        shared: dict[str, Any] = {"color": INK, "markersize": 3.5, "clip_on": False}
        one.plot(result["strengths"], response["wga"]["figures"], "o-", label="WGA", **shared)
        one.plot(result["strengths"], response["sss"]["figures"], "s--", mfc="white", label="SSS", **shared)
        one.set_title(label, fontsize=8)
        one.set_ylim(0, 1)
        one.set_xticks(result["strengths"])
    figure.supxlabel("strength of the correlation (grey: ERM)", fontsize=8)
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper left", ncols=2)
    return figure
