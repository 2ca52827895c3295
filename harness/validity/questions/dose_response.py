"""Robust accuracy must fall and reliance rise with the strength of the correlation, by more than the data ask for.

The slope is that of a straight line, per unit of strength, tested by a moderated t-test over units (Holm over the
methods); the excess is that of the metric less the ideal observer's. ERM must show both trends, and both in excess of
the ideal observer; where it shows no excess, it does no more than the training data ask for, and there is no verdict. A
method that avoids the shortcut need not show any. Even pull: the strength at which reliance equals core use.
"""

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

from matplotlib.figure import Figure

from spurgen.harness.board.against_erm import ERM
from spurgen.harness.board.columns import Line
from spurgen.harness.machine.printing import and_list
from spurgen.harness.machine.text import as_markdown
from spurgen.harness.plots.lines import Panel, dial_lines
from spurgen.harness.statistics.estimate import Estimate
from spurgen.harness.validity.answer import VERDICTS, Answer, all_passed, in_order, number, of_each
from spurgen.harness.validity.series import Series, find_series
from spurgen.harness.validity.suite import RankedSuite
from spurgen.harness.validity.trends import at, even_pull, trends

PLACE = 6
TITLE = "Stronger correlations do more harm"
STILL = "Differences between methods on a single task stand; how harm changes with strength does not follow."
DIRECTIONS = {"robust_accuracy": -1, "reliance": 1}
IDEAL = "(ideal observer)"


class Response(NamedTuple):
    """What is found on a series: by method and metric its trend, the ideal observer's among them, and even pull."""

    series: Series
    trends: Mapping[tuple[str, str], Line]
    pull: list[Line]

    def figures(self, label: str, metric: str) -> list[float]:
        """Return a method's metric at each strength, empty if it is not known."""
        return [
            self.trends[label, metric][f"at {s:g}"] for s in self.series.strengths if (label, metric) in self.trends
        ]


def examine(suite: RankedSuite) -> Answer:
    """Fit the trends of every method that is ranked at each strength of a series."""
    doses = {name: task.task for name, task in suite.tasks.items() if task.task.role == "dose"}
    found = [series for series in find_series(doses) if len(series.tasks) > 1]
    missing: list[str] = []
    responses = [_respond(suite, series, missing) for series in found]
    unknown = [name for series in found for name in series.tasks if suite.tasks[name].ideal("reliance") is None]
    missing += suite.missing(dict.fromkeys(unknown, "no ideal observer"), ideals=True)
    judged = [_judge([response.trends.get((ERM, metric)) for metric in DIRECTIONS]) for response in responses]
    passed, asked = all_passed(each for _, each in judged), dict.fromkeys(m for metrics, _ in judged for m in metrics)
    drawn = [response for response in responses if (ERM, "reliance") in response.trends]
    verdict = VERDICTS[passed]
    if not found and not missing:
        verdict = "not judged: the suite has no task for it"
    elif passed is None and asked:
        trend = f"the trend of ERM's {and_list([metric.replace('_', ' ') for metric in asked])}"
        verdict = f"no verdict, since {trend} is no more than the training data ask for"
    return Answer(
        verdict,
        _summary(drawn) if drawn else "",
        {
            "Trends": [{"series": r.series.name, **line} for r in responses for line in r.trends.values()],
            "Even pull": [{"series": r.series.name, **line} for r in responses for line in r.pull],
        },
        missing,
        plot=partial(_plot, drawn) if drawn else None,
    )


def _respond(suite: RankedSuite, series: Series, missing: list[str]) -> Response:
    """Fit the trends on one series; add what it lacks to `missing`."""
    tasks = [suite.tasks[name] for name in series.tasks]
    labels = sorted({label for task in tasks for label in task.rows})
    absent = {label: [n for n in series.tasks if not suite.tasks[n].has(label, "reliance")] for label in labels}
    complete = [label for label, names in absent.items() if not names]
    missing += suite.missing({label: f"not ranked on {', '.join(names)}" for label, names in absent.items() if names})
    if ERM not in absent:
        missing += suite.missing({", ".join(series.tasks): f"no row of {ERM}"})
    found: dict[tuple[str, str], Line] = {}
    for metric, way in DIRECTIONS.items():
        ideals = [ideal for task in tasks if (ideal := task.ideal(metric)) is not None]
        if len(ideals) == len(tasks) and complete:
            found[IDEAL, metric] = {"submission": IDEAL, "metric": metric, **at(series.strengths, ideals)}
        lines = trends(series.strengths, tasks, complete, metric, way)
        found |= {(line["submission"], metric): line for line in lines}
    if any(found[ERM, metric]["slope_significant"] is None for metric in DIRECTIONS if (ERM, metric) in found):
        missing += suite.missing({", ".join(series.tasks): "too few results for a test"})
    pull = [even_pull(series.strengths, tasks, label) for label in complete]
    return Response(series, found, [line for line in pull if line])


def _judge(of_erm: list[Line | None]) -> tuple[list[str], bool | None]:
    """Return the metrics in which ERM's trend is no more than the data ask for, and whether ERM passes."""
    known = [line for line in of_erm if line]
    if any(not line["monotone"] or line["slope_significant"] is False for line in known):
        return [], False
    asked = [line["metric"] for line in known if line.get("excess_significant") is False]
    every = [line["slope_significant"] and line.get("excess_significant") for line in known]
    return asked, True if every and all(every) else None


def _summary(drawn: list[Response]) -> str:
    parts = []
    for metric in DIRECTIONS:
        erm, ideal = (
            in_order(_listed(response.figures(label, metric)) for response in drawn) for label in (ERM, IDEAL)
        )
        parts.append(f"ERM's {metric.replace('_', ' ')} is {erm}, the ideal observer's {ideal}")
    strengths = in_order(", ".join(f"{s:g}" for s in response.series.strengths) for response in drawn)
    names = " / ".join(as_markdown(response.series.name) for response in drawn if response.series.name)
    pull = [(r.series, line) for r in drawn for line in r.pull if line["submission"] == ERM]
    even = f" Core and shortcut pull evenly at {in_order(_even(*each) for each in pull)}." if pull else ""
    return f"At strengths {strengths}{f' ({names})' if names else ''}, {'; '.join(parts)}.{even}"


def _listed(figures: list[float]) -> str:
    return ", ".join(map(number, figures)) or "-"


def _even(series: Series, line: Line) -> str:
    if line["where"] == "between":
        return of_each([line], "strength")
    return f"less than {series.strengths[0]:g}" if line["where"] == "below" else f"more than {series.strengths[-1]:g}"


def _plot(drawn: list[Response]) -> Figure:
    """Draw ERM over every series of the first one's strengths, or all methods if that is the only series."""
    first = drawn[0]
    labels = [ERM, *dict.fromkeys(label for label, _ in first.trends if label not in (ERM, IDEAL))]
    lines = {label: (first, label) for label in labels}
    if len(drawn) > 1:
        lines = {r.series.name: (r, ERM) for r in drawn if r.series.strengths == first.series.strengths}
    panels = []
    for metric in DIRECTIONS:
        ideal = first.figures(IDEAL, metric)
        shared = all(response.figures(IDEAL, metric) == ideal for response, _ in lines.values())
        points = {name: [*map(Estimate, response.figures(label, metric))] for name, (response, label) in lines.items()}
        panels.append(Panel(metric.replace("_", " "), points, ideal if shared else ()))
    return dial_lines(panels, first.series.strengths, "strength of the correlation")
