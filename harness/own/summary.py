"""Results of methods on a user's own data: figures, curves, and the counterexamples needed."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np

from spurgen.harness.evaluation.columns import FLAG
from spurgen.harness.evaluation.figures import Evaluation, evaluate
from spurgen.harness.evaluation.predictions import Predictions, flag, group
from spurgen.harness.machine.printing import failed_check, markdown_table
from spurgen.harness.machine.text import as_markdown, one_line
from spurgen.harness.metrics.arrays import Float64, Int64
from spurgen.harness.own.climb import EVERYTHING, LEAST_IN_VAL, MAJORITY, Answered
from spurgen.harness.own.data import OwnData
from spurgen.harness.statistics.estimate import Estimate
from spurgen.harness.statistics.needed import Goal, Needed, in_words, needed

SCHEMA_VERSION = 1
HOW = """\
Accuracy averaged over classes, where the shortcut agrees or misleads, whichever is lower. Brackets: 95 % intervals,
over {draws} draws of counterexamples and over test samples; of the counterexamples needed over draws alone, and of
methods that are trained on everything, which is done once, over test samples alone.

Counterexamples are those of train, whose other samples stay the same, at most {most:,}. Val has a quarter as many, at
least {least}: dfr trains on them, and all methods but erm may select by them."""
FURTHEST = 16  # times the last rung, up to which a curve is continued


@dataclass(frozen=True)
class Curve:
    """A method on a user's own data.

    `whole`: trained on everything. `points`: by number of counterexamples, the accuracy averaged over classes where the
    shortcut agrees or misleads, whichever is lower. `needed`: counterexamples at which that reaches the target, None
    where it is not known. `beyond`: the number extrapolated from the last two rungs, if it lies beyond the last.
    """

    name: str
    whole: Evaluation
    points: dict[int, Estimate]
    needed: Needed | None
    beyond: float | None
    failed_checks: tuple[str, ...]


@dataclass(frozen=True)
class OwnSummary:
    """All results of a run on a user's own data; `failed`: why a method has no figures, by name."""

    data: OwnData
    rungs: tuple[int, ...]
    draws: int
    target: float
    curves: tuple[Curve, ...]
    failed: dict[str, str]
    command: str

    @cached_property
    def sentence(self) -> str:
        """How many counterexamples the methods need, and how many there are."""
        known = [curve for curve in self.curves if curve.needed]
        if not known:
            return f"How many counterexamples are needed cannot be said of these data; train has {self.data.have:,}."
        first, *others = known
        parts = [f"{first.name} needs {_words(first)} counterexamples for {percent(self.target)}"]
        parts += [f"{curve.name} {_words(curve)}" for curve in others]
        return f"On your data {', '.join(parts)}; you have {self.data.have:,}."

    def table(self) -> str:
        """Return a line per method: its figures when it is trained on everything, and what it needs."""
        rows = []
        for curve in self.curves:
            whole = curve.whole
            states = dict.fromkeys(("agree", "mislead"), "") | {k: v.text() for k, v in whole.states.items()}
            rows.append(
                {
                    "Method": curve.name,
                    "Accuracy": whole.accuracy.text(),
                    "Weighted as train": "" if whole.weighted_accuracy is None else whole.weighted_accuracy.text(),
                    "Worst group": whole.wga_estimate.text(),
                    "Where it agrees": states["agree"],
                    "Where it misleads": states["mislead"],
                    f"Counterexamples for {percent(self.target)}": curve.needed.text if curve.needed else "not known",
                }
            )
        return markdown_table(rows)

    def ladder_table(self) -> str:
        """Return a line per rung, a column per method."""
        rungs = [m for m in self.rungs if any(m in curve.points for curve in self.curves)]
        rows = [
            {"Counterexamples": f"{m:,}"}
            | {curve.name: curve.points[m].text() for curve in self.curves if curve.points}
            for m in rungs
        ]
        return markdown_table(rows)

    def limits(self) -> Iterator[str]:
        """Yield the limits of the data, and which methods failed."""
        yield from self.data.limits()
        for name, reason in self.failed.items():
            yield f"{name} failed: {reason}"
        for curve in self.curves:
            if curve.failed_checks:
                yield f"{curve.name} {failed_check(curve.failed_checks)}."

    def to_markdown(self, figure: str | None) -> str:
        """Return the report; `figure`: the name of the file of the curves."""
        data, limits = self.data, [*self.limits()]
        parts = [
            f"# {as_markdown(data.label)} and the shortcut {as_markdown(data.shortcut)}",
            self.sentence,
            as_markdown(data.about()),
            "## Trained on everything", self.table(),
            "## With fewer counterexamples", self.ladder_table(),
            HOW.format(draws=self.draws, most=MAJORITY["train"], least=LEAST_IN_VAL),
            *[f"![Accuracy against the number of counterexamples]({figure})"] * bool(figure),
            *["## What cannot be said", "\n".join(f"- {as_markdown(line)}" for line in limits)] * bool(limits),
            "## How to repeat it", f"```\n{one_line(self.command)}\n```",
        ]  # fmt: skip
        return "\n\n".join(parts) + "\n"

    def to_json(self) -> str:
        """Return all figures as JSON; a NaN is an error."""
        data = self.data
        methods = [
            {
                "method": curve.name,
                "whole": asdict(curve.whole),
                "curve": {str(m): asdict(point) for m, point in curve.points.items()},
                "counterexamples": curve.needed and curve.needed.text,
                "failed_checks": curve.failed_checks,
            }
            for curve in self.curves
        ]
        report = {
            "schema_version": SCHEMA_VERSION, "command": self.command, "label": data.label, "shortcut": data.shortcut,
            "aligned": {name: data.value_names[k] for name, k in zip(data.classes, data.aligned, strict=True)},
            "counterexamples_in_train": data.have, "rungs": self.rungs, "draws": self.draws, "target": self.target,
            "methods": methods, "failed": self.failed, "limits": [*self.limits()], "sentence": self.sentence,
        }  # fmt: skip
        return json.dumps(report, indent=1, allow_nan=False) + "\n"


def percent(share: float) -> str:
    """Return a share in per cent, such as 75 %."""
    return f"{100 * share:.0f} %"


def _words(curve: Curve) -> str:
    assert curve.needed is not None
    words = in_words(curve.needed.text)
    if curve.beyond is not None:
        return f"{words} (about {curve.beyond:,.0f} if its curve goes on)"
    return words if " " in words else f"about {words}"


def summarize(
    data: OwnData, answers: Mapping[tuple[str, int, int], Answered], rungs: Sequence[int], target: float, command: str
) -> OwnSummary:
    """Return the summary of answers by method, rung and draw, which come in the methods' order."""
    names = dict.fromkeys(name for name, *_ in answers)
    seeds = tuple(dict.fromkeys(seed for *_, seed in answers))
    failed = {name: answer.error for (name, *_), answer in answers.items() if answer.error}
    curves = tuple(
        _curve(
            data, name, {m: [answers[name, m, seed] for seed in seeds] for m in rungs}
            | {EVERYTHING: [answers[name, EVERYTHING, seeds[0]]]}, target,
        )
        for name in names if name not in failed
    )  # fmt: skip
    return OwnSummary(data, tuple(rungs), len(seeds), target, curves, failed, command)


def _curve(data: OwnData, name: str, answers: Mapping[int, Sequence[Answered]], target: float) -> Curve:
    predictions = {m: _predictions(data, name, [each.predicted for each in draws]) for m, draws in answers.items()}
    found = {m: evaluate(each, allow_missing=True) for m, each in predictions.items()}
    whole = found.pop(EVERYTHING)
    points = {m: each.robust_accuracy for m, each in found.items() if each.robust_accuracy is not None}
    above = tuple(m for m in points if m)
    number = beyond = None
    if above and above[-1] >= len(data.classes):
        heights = np.stack([_by_draw(predictions[m]) for m in above], axis=1)
        number = needed(heights, Goal(above, target))
        beyond = _beyond(above, heights.mean(axis=0), target) if math.isinf(number.value) else None
    checks = dict.fromkeys(check for each in answers[EVERYTHING] for check in each.failed_checks)
    return Curve(name, whole, points, number, beyond, tuple(checks))


def _predictions(data: OwnData, name: str, predicted: Sequence[Int64 | None]) -> Predictions:
    """Return answers to the test samples, a run per draw; groups are classes where the shortcut agrees or conflicts."""
    test, train, conflicts = data.inside("test"), data.inside("train"), data.conflicts.astype(np.int64)
    return Predictions(
        name=name,
        classes=data.classes,
        labels=data.labels[test],
        attributes=(flag(f"{data.shortcut}{FLAG}", conflicts[test], len(data.classes)),),
        predicted=np.stack([each for each in predicted if each is not None]),
        runs=tuple(map(str, range(len(predicted)))),
        train=np.stack([data.labels[train], conflicts[train]], axis=1),
    )


def _by_draw(predictions: Predictions) -> Float64:
    """Return the lower of the accuracies where the shortcut agrees and misleads, float64 (D,)."""
    groups = group(predictions, allow_missing=True)
    return groups.metrics(groups.accuracies(predictions.predicted == predictions.labels))["robust_accuracy"]


def _beyond(rungs: Sequence[int], curve: Float64, target: float) -> float | None:
    """Return where a line in log m through the last two rungs reaches the target, unless that is too far."""
    if len(rungs) < 2 or curve[-1] <= curve[-2]:
        return None
    slope = (curve[-1] - curve[-2]) / math.log(rungs[-1] / rungs[-2])
    steps = (target - curve[-1]) / slope
    return float(rungs[-1] * math.exp(steps)) if steps <= math.log(FURTHEST) else None
