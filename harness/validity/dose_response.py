"""Robust accuracy must fall and reliance rise with the strength of the correlation, by more than the data ask for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spurgen.harness.board.against_erm import ERM
from spurgen.harness.machine.plotting import GREY, INK
from spurgen.harness.machine.printing import and_list, p_text
from spurgen.harness.machine.text import as_markdown
from spurgen.harness.validity._panels import panels
from spurgen.harness.validity._rows import RankedSuite, all_passed
from spurgen.harness.validity._section import Section
from spurgen.harness.validity._series import Series, find_series
from spurgen.harness.validity._tables import PASSED, estimated, number, with_interval, with_note
from spurgen.harness.validity._trends import EvenPull, Slope, Trend, even_pull, trends

PLACE = 6
TITLE = "Stronger correlations do more harm"
COLUMNS = 6  # of the plot
DIRECTIONS = {"robust_accuracy": -1, "reliance": 1}
WORDS = {"robust_accuracy": "robust accuracy", "reliance": "reliance"}
NOTE = """\
Per metric and strength; the slope is that of a straight line, per unit of strength, tested by a moderated t-test over
units (Holm over the methods). Excess: the same of the metric less the ideal observer's. Robust accuracy should fall and
reliance rise. ERM must show both trends, and both in excess of the ideal observer; where it shows no excess, it does no
more than the training data ask for, and there is no verdict. A method that avoids the shortcut need not show any.

Even pull: the strength at which reliance equals core use, by linear interpolation; both are 1 for an oracle."""


@dataclass(frozen=True)
class Response:
    """A method's two trends, and the strength at which core and shortcut pull evenly."""

    robust_accuracy: Trend
    reliance: Trend
    even: EvenPull | None

    @property
    def trends(self) -> dict[str, Trend]:
        """The trends by metric."""
        return {metric: getattr(self, metric) for metric in DIRECTIONS}


@dataclass(frozen=True)
class SeriesResponse:
    """Responses over one series.

    `asked_for`: the metrics in which ERM has the trend, but no significant excess over the ideal observer's. `passed`
    is None where ERM or an ideal observer is missing, or `asked_for` has a metric.
    """

    name: str
    tasks: list[str]
    strengths: list[float]
    methods: dict[str, Response]
    asked_for: list[str]
    passed: bool | None

    @property
    def label(self) -> str:
        """Name with its colon, empty if there is one series alone."""
        return f"{self.name}: " if self.name else ""


@dataclass(frozen=True)
class DoseResponse(Section):
    """Responses of the methods; ERM alone must pass, since a method that avoids shortcuts has no trend."""

    STILL: ClassVar[str] = (
        "Differences between methods on a single task stand; how harm changes with strength does not follow."
    )
    series: list[SeriesResponse]

    @property
    def verdict(self) -> str:
        """Verdict in words; a suite without a dose series is not judged."""
        if not self.series and not self.missing:
            return "not judged: the suite has no task for it"
        asked = {WORDS[metric]: None for one in self.series for metric in one.asked_for}
        if self.passed is None and asked:
            trend = f"the trend of ERM's {and_list(list(asked))}"
            return f"no verdict, since {trend} is no more than the training data ask for"
        return super().verdict

    def summary(self) -> str:
        """Return the metrics of ERM and of the ideal observer at each strength in a sentence per series."""
        return " ".join(_sentence(one) for one in self.series if ERM in one.methods)

    def tables(self) -> str:
        """Return both metrics at each strength, their slopes, and the strengths of even pull."""
        parts = [with_note(NOTE)]
        for one in self.series:
            parts += [f"### {as_markdown(one.name)}"] if one.name else []
            parts += [with_note("", _lines(one), _even_lines(one)).strip()]
        return "\n\n".join(part for part in parts if part)

    def plot(self) -> Figure | None:
        """Draw both metrics against strength, a column per method, or per series ERM's if there are several.

        The ideal observer is dashed and ERM grey.
        """
        several = len(self.series) > 1
        columns = [
            (one, label, (one.name if several else label))
            for one in self.series
            for label in one.methods
            if label == ERM or not several
        ]
        if not columns:
            return None
        width = min(len(columns), COLUMNS)
        blocks = -(-len(columns) // width)
        figure, axes = panels(2 * blocks * width, width, 1.5, 1.5)
        for spare in axes:
            spare.set_axis_off()
        highest = max(0.1, *(max(_shown(one, label)) for one, label, _ in columns))
        for place, (one, label, title) in enumerate(columns):
            top = 2 * (place // width) * width + place % width
            for row, metric in enumerate(DIRECTIONS):
                panel = axes[top + row * width]
                panel.set_axis_on()
                _draw(panel, one, label, metric)
                panel.set_ylim((0, 1) if row == 0 else (min(-0.02, *_shown(one, label)), 1.08 * highest))
                panel.set_title(title if row == 0 else "", fontsize=8)
                if place % width == 0:
                    panel.set_ylabel(WORDS[metric], fontsize=8)
        figure.supxlabel("strength of the correlation", fontsize=8)
        handles, names = axes[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside upper left", ncols=3)
        return figure


def _sentence(one: SeriesResponse) -> str:
    erm, strengths = one.methods[ERM], ", ".join(f"{strength:g}" for strength in one.strengths)
    parts = []
    for metric, trend in erm.trends.items():
        ideal = "not stored" if trend.ideal is None else _figures(trend.ideal)
        parts.append(f"ERM's {WORDS[metric]} is {_figures(trend.figures)}, the ideal observer's {ideal}")
    even = f" Core and shortcut pull evenly at {_even(erm.even, one)}." if erm.even else ""
    return f"{as_markdown(one.label)}At strengths {strengths}, {'; '.join(parts)}.{even}"


def _figures(values: list[float]) -> str:
    return ", ".join(f"{value:z.2f}" for value in values)


def _even(even: EvenPull, one: SeriesResponse) -> str:
    if even.where == "between":
        return estimated(even.strength) if even.strength else "a strength between the series', not in every unit"
    return f"less than {one.strengths[0]:g}" if even.where == "below" else f"more than {one.strengths[-1]:g}"


def _lines(one: SeriesResponse) -> list[dict[str, str]]:
    lines = []
    first = next(iter(one.methods.values()), None)
    for metric, trend in (first.trends if first else {}).items():
        if trend.ideal is not None:
            figures = {f"{dose:g}": number(at) for dose, at in zip(one.strengths, trend.ideal, strict=True)}
            lines.append({"Method": "(ideal observer)", "Metric": WORDS[metric], **figures} | _slope_cells(None, None))
    for label, response in one.methods.items():
        for metric, trend in response.trends.items():
            figures = {f"{dose:g}": number(at) for dose, at in zip(one.strengths, trend.figures, strict=True)}
            cells = _slope_cells(trend.slope, trend.excess) | {"Monotone": PASSED[trend.monotone]}
            lines.append({"Method": label, "Metric": WORDS[metric], **figures} | cells)
    return lines


def _slope_cells(slope: Slope | None, excess: Slope | None) -> dict[str, str]:
    cells = {}
    for title, each in (("Slope", slope), ("Excess slope", excess)):
        p_holm = each.p_holm if each else None
        cells[f"{title} (95 %)"] = with_interval(each.slope, each.interval, "+.3f") if each else "-"
        cells[f"p, {title.lower()}"] = p_text(p_holm)
        cells[f"{title} significant"] = PASSED[each.significant] if each else "-"
    return cells | {"Monotone": "-"}


def _even_lines(one: SeriesResponse) -> list[dict[str, str]]:
    return [
        {"Method": label, "Even pull at strength (95 %)": _even(response.even, one)}
        for label, response in one.methods.items()
        if response.even
    ]


def _shown(one: SeriesResponse, label: str) -> list[float]:
    """Return every reliance that a panel shows."""
    trend = one.methods[label].reliance
    erm = one.methods[ERM].reliance.figures if ERM in one.methods else []
    return [*trend.figures, *(trend.ideal or []), *erm]


def _draw(axes: Axes, one: SeriesResponse, label: str, metric: str) -> None:
    trend = one.methods[label].trends[metric]
    axes.plot(one.strengths, trend.figures, "o-", color=INK, markersize=3.5, label="method", clip_on=False, zorder=3)
    if ERM in one.methods and label != ERM:
        axes.plot(one.strengths, one.methods[ERM].trends[metric].figures, "-", color=GREY, linewidth=0.8)
    axes.plot([], [], "-", color=GREY, linewidth=0.8, label="ERM")
    if trend.ideal is not None:
        axes.plot(one.strengths, trend.ideal, "--", color=GREY, linewidth=1.2, label="ideal observer", clip_on=False)
    axes.set_xticks(one.strengths)


def examine(suite: RankedSuite) -> DoseResponse:
    """Fit the trends of every method that is ranked at each strength of a series."""
    doses = {name: task.task for name, task in suite.tasks.items() if task.task.role == "dose"}
    found = [series for series in find_series(doses) if len(series.tasks) > 1]
    missing: list[str] = []
    responses = [_respond(suite, series, missing) for series in found]
    unknown = [name for series in found for name in series.tasks if suite.tasks[name].ideal("reliance") is None]
    missing += suite.missing(dict.fromkeys(unknown, "no ideal observer"), ideals=True)
    return DoseResponse(all_passed(one.passed for one in responses), missing, responses)


def _respond(suite: RankedSuite, series: Series, missing: list[str]) -> SeriesResponse:
    """Return the responses of one series; add what it lacks to `missing`."""
    tasks = [suite.tasks[name] for name in series.tasks]
    labels = sorted({label for task in tasks for label in task.rows})
    absent = {label: [n for n in series.tasks if not suite.tasks[n].has(label, "reliance")] for label in labels}
    complete = [label for label, names in absent.items() if not names]
    missing += suite.missing({label: f"not ranked on {', '.join(names)}" for label, names in absent.items() if names})
    if ERM not in absent:
        missing += suite.missing({", ".join(series.tasks): f"no row of {ERM}"})
    fitted = {metric: trends(series.strengths, tasks, complete, metric, way) for metric, way in DIRECTIONS.items()}
    methods = {
        label: Response(robust_accuracy, reliance, even_pull(series.strengths, tasks, label))
        for label, robust_accuracy, reliance in zip(complete, *fitted.values(), strict=True)
    }
    if ERM in methods and any(trend.slope.significant is None for trend in methods[ERM].trends.values()):
        missing += suite.missing({", ".join(series.tasks): "too few results for a test"})
    return SeriesResponse(*series, methods, *_judge(methods))


def _judge(methods: Mapping[str, Response]) -> tuple[list[str], bool | None]:
    """Return the metrics in which ERM's trend is no more than the data ask for, and whether ERM passes."""
    if ERM not in methods:
        return [], None
    of_erm = methods[ERM].trends
    if any(not trend.monotone or trend.slope.significant is False for trend in of_erm.values()):
        return [], False
    excesses = {metric: trend.excess and trend.excess.significant for metric, trend in of_erm.items()}
    asked = [metric for metric, significant in excesses.items() if significant is False]
    every = [*(trend.slope.significant for trend in of_erm.values()), *excesses.values()]
    return asked, True if all(every) else None
