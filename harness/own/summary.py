"""Results of methods on a user's own data: figures, curves, and the counterexamples needed."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property

import numpy as np

from spurgen.benchmark.worlds.collections import EVERYTHING, LEAST_IN_VAL
from spurgen.generators.collections.world import AGREES, MISLEADS, NEUTRAL
from spurgen.harness.evaluation.figures import Evaluation, evaluate
from spurgen.harness.evaluation.predictions import Attribute, Predictions, group
from spurgen.harness.machine.printing import and_list, as_markdown, failed_check, markdown_table, one_line
from spurgen.harness.metrics.arrays import Float64, Int64
from spurgen.harness.own.climb import CEILING, LEARNER, Answered
from spurgen.harness.own.collection import MAJORITY
from spurgen.harness.own.data import FEW, STATES, OwnData
from spurgen.harness.statistics.estimate import Estimate
from spurgen.harness.statistics.needed import Goal, Needed, in_words, needed

SCHEMA_VERSION = 2
HOW = """\
Accuracy averaged over classes, where the shortcut agrees or misleads, whichever is lower. Brackets: 95 % intervals,
over {draws} draws of counterexamples and over test samples; of the counterexamples needed over draws alone, and of
methods that are trained on everything, which is done once, over test samples alone.

Counterexamples are those of train, whose other samples stay the same, at most {most:,}. Val has a quarter as many, at
least {least}: dfr trains on them. On each rung a method's l2 is the one of six with which accuracy on val is highest:
averaged over classes, where the shortcut agrees or misleads, whichever is lower, and over draws; of equals, the one of
least loss. So every method, erm too, uses which samples of val mislead. Other settings are the leaderboard's."""
SHARE = 0.75  # of the ceiling, which is the target
FURTHEST = 16  # times the last rung, up to which a curve is continued


@dataclass(frozen=True)
class Curve:
    """A method on a user's own data.

    Trained on everything: `overall`, of all test samples; `whole`, where the shortcut agrees or misleads; `neutral`, of
    the samples whose value goes with no class, None if there are none. `points`: by number of counterexamples, the
    accuracy averaged over classes where the shortcut agrees or misleads, whichever is lower. `needed`: counterexamples
    at which that reaches the target, None where it is not known. `beyond`: the number extrapolated from the last two
    rungs, if it lies beyond the last. `l2`: the strength chosen, by number of counterexamples or `EVERYTHING`; None if
    the method selects its penalty itself.
    """

    name: str
    overall: Evaluation
    whole: Evaluation
    neutral: Estimate | None
    points: dict[int, Estimate]
    needed: Needed | None
    beyond: float | None
    l2: dict[int, float | None]
    failed_checks: tuple[str, ...]

    def l2_text(self, counterexamples: int) -> str:
        """Return the strength of l2 on a rung as text."""
        chosen = self.l2[counterexamples]
        return "its own" if chosen is None else f"{chosen:.0e}"

    @property
    def worst_group(self) -> str:
        """Worst-group accuracy as text; of few samples, only that."""
        least = min(each.samples for each in self.whole.groups)
        return f"too few samples ({least})" if least < FEW else self.whole.wga_estimate.text()


@dataclass(frozen=True)
class Ceiling:
    """Accuracy of `LEARNER` on samples of which as many agree as mislead, averaged over classes."""

    accuracy: Estimate
    samples: int
    trained: int

    def about(self) -> str:
        """Return what it rests on, in sentences."""
        return (
            f"Ceiling: {self.accuracy.text()}, the accuracy of {LEARNER} where the shortcut says nothing. It rests on "
            f"{self.samples:,} samples of all splits, of which in each class as many agree as mislead; each was "
            f"answered after training on {self.trained:,} others, and with more the ceiling may be higher."
        )


@dataclass(frozen=True)
class OwnSummary:
    """All results of a run on a user's own data; `failed`: why a method has no figures, by name."""

    data: OwnData
    rungs: tuple[int, ...]
    draws: int
    target: float | None
    ceiling: Ceiling | None
    curves: tuple[Curve, ...]
    failed: dict[str, str]
    command: str

    @cached_property
    def sentence(self) -> str:
        """How many counterexamples the methods need, and how many there are; or that none can be shown to suffice."""
        known = [curve for curve in self.curves if curve.needed]
        if not known or self.target is None:
            return f"How many counterexamples are needed cannot be said of these data; train has {self.data.have:,}."
        reached = [curve for curve in known if curve.needed and math.isfinite(curve.needed.value)]
        beyond, goal = [curve for curve in known if curve not in reached], percent(self.target)
        if self.ceiling:
            goal += f" (the ceiling is {percent(self.ceiling.accuracy.value)})"
        if not reached:
            best = max(beyond, key=lambda curve: curve.points[self.rungs[-1]].value)
            many = f"None of {len(beyond)} methods" if len(beyond) > 1 else f"{best.name} never"
            return (
                f"{many} reaches {goal} on your data, where {self.rungs[-1]:,} counterexamples are the most to train "
                f"on; {best.name} comes to {percent(best.points[self.rungs[-1]].value)}{_continued([best])}."
            )
        first, *others = reached
        parts = [f"{first.name} needs {_words(first)} counterexamples for {goal}"]
        parts += [f"{curve.name} {_words(curve)}" for curve in others]
        if beyond:
            names = and_list([curve.name for curve in beyond])
            parts.append(f"{names} more than {self.rungs[-1]:,}{_continued(beyond)}")
        return f"On your data {', '.join(parts)}; you have {self.data.have:,}."

    def table(self) -> str:
        """Return a line per method: its figures when it is trained on everything, and what it needs."""
        goal = "" if self.target is None else f" for {percent(self.target)}"
        rows = []
        for curve in self.curves:
            states, weighted = curve.whole.states, curve.overall.weighted_accuracy
            row = {
                "Method": curve.name,
                "l2": curve.l2_text(EVERYTHING),
                "Accuracy": curve.overall.accuracy.text(),
                "Weighted as train": weighted.text() if weighted else "",
                "Worst group": curve.worst_group,
                "Where it agrees": states["agree"].text(),
                "Where it misleads": states["mislead"].text(),
            }
            if curve.neutral:
                row["Where it is neutral"] = curve.neutral.text()
            rows.append(row | {f"Counterexamples{goal}": curve.needed.text if curve.needed else "not known"})
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

    def l2_table(self) -> str:
        """Return the strengths of l2 that were chosen: a line per rung, a column per method."""
        rows = [
            {"Counterexamples": f"{m:,}"} | {curve.name: curve.l2_text(m) for curve in self.curves} for m in self.rungs
        ]
        return markdown_table(rows)

    def limits(self) -> Iterator[str]:
        """Yield the limits of the data, and those found in training."""
        yield from self.data.limits()
        yield from self.found()

    def found(self) -> Iterator[str]:
        """Yield what is wrong with the target, and which methods failed."""
        if self.ceiling is None:
            given = "" if self.target else ", so there is no target; name one by --target"
            yield f"The ceiling cannot be measured: of some class too few samples agree or mislead{given}."
        elif self.target and self.target > self.ceiling.accuracy.value:
            yield f"The target, {percent(self.target)}, lies above the ceiling, {percent(self.ceiling.accuracy.value)}."
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
            *([self.ceiling.about()] if self.ceiling else []),
            "## Trained on everything", self.table(),
            "## With fewer counterexamples", self.ladder_table(),
            "The l2 chosen on val:", self.l2_table(),
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
                "overall": asdict(curve.overall),
                "whole": asdict(curve.whole),
                "neutral": curve.neutral and asdict(curve.neutral),
                "l2": {"everything" if m == EVERYTHING else str(m): chosen for m, chosen in curve.l2.items()},
                "curve": {str(m): asdict(point) for m, point in curve.points.items()},
                "counterexamples": curve.needed and curve.needed.text,
                "failed_checks": curve.failed_checks,
            }
            for curve in self.curves
        ]
        report = {
            "schema_version": SCHEMA_VERSION, "command": self.command, "label": data.label, "shortcut": data.shortcut,
            "goes_with": {
                value: [name for name, goes in zip(data.classes, row, strict=True) if goes]
                for value, row in zip(data.value_names, data.goes, strict=True)
            },
            "counterexamples_in_train": data.have, "rungs": self.rungs, "draws": self.draws, "target": self.target,
            "ceiling": self.ceiling and asdict(self.ceiling), "splits_drawn": data.drawn.strip(),
            "methods": methods, "failed": self.failed, "limits": [*self.limits()], "sentence": self.sentence,
        }  # fmt: skip
        return json.dumps(report, indent=1, allow_nan=False) + "\n"


def percent(share: float) -> str:
    """Return a share in per cent, such as 75 %."""
    return f"{100 * share:.0f} %"


def _words(curve: Curve) -> str:
    assert curve.needed is not None
    words = in_words(curve.needed.text)
    return words if " " in words else f"about {words}"


def _continued(curves: Sequence[Curve]) -> str:
    """Return where curves that end below the target would reach it, in brackets."""
    numbers = [f"{curve.name} about {curve.beyond:,.0f}" for curve in curves if curve.beyond is not None]
    return f" ({and_list(numbers)} if curves go on)" if numbers else ""


def summarize(
    data: OwnData, answers: Mapping[tuple[str, int, int], Answered], rungs: Sequence[int], folds: Int64,
    target: float | None, command: str,
) -> OwnSummary:  # fmt: skip
    """Return the summary of answers by method, rung and draw, which come in the methods' order.

    `folds`: those of the ceiling, int64 (n,). Without a `target` it is three quarters of the ceiling.
    """
    of_ceiling = [answer for (_, m, _), answer in answers.items() if m == CEILING]
    answers = {key: answer for key, answer in answers.items() if key[1] != CEILING}
    ceiling = _ceiling(data, folds, of_ceiling)
    goal = SHARE * ceiling.accuracy.value if target is None and ceiling else target
    names = dict.fromkeys(name for name, *_ in answers)
    seeds = tuple(dict.fromkeys(seed for *_, seed in answers))
    failed = {name: answer.error for (name, *_), answer in answers.items() if answer.error}
    curves = tuple(
        _curve(
            data, name, {m: [answers[name, m, seed] for seed in seeds] for m in rungs}
            | {EVERYTHING: [answers[name, EVERYTHING, seeds[0]]]}, goal,
        )
        for name in names if name not in failed
    )  # fmt: skip
    return OwnSummary(data, tuple(rungs), len(seeds), goal, ceiling, curves, failed, command)


def _ceiling(data: OwnData, folds: Int64, answers: Sequence[Answered]) -> Ceiling | None:
    """Return the ceiling from the answers to each fold; None if there are none."""
    if not answers or any(each.predicted is None for each in answers):
        return None
    rows = np.concatenate([np.flatnonzero(folds == k) for k in range(len(answers))])
    predicted = np.concatenate([each.predicted for each in answers if each.predicted is not None])
    labels, states = data.labels[rows], data.states[rows]
    paired = np.isin(labels, np.intersect1d(labels[states == AGREES], labels[states == MISLEADS]))
    made = Predictions(LEARNER, data.classes, labels[paired], (), predicted[None, paired], ("",))
    return Ceiling(evaluate(made).balanced_accuracy, int(paired.sum()), int((folds > 1).sum()))


def _curve(data: OwnData, name: str, answers: Mapping[int, Sequence[Answered]], target: float | None) -> Curve:
    predictions = {m: _predictions(data, name, [each.predicted for each in draws]) for m, draws in answers.items()}
    measured = {m: _measured(data, each) for m, each in predictions.items()}
    found = {m: evaluate(each, allow_missing=True) for m, each in measured.items()}
    whole, overall = found.pop(EVERYTHING), predictions[EVERYTHING]
    neutral = np.flatnonzero(overall.attributes[0].ids == NEUTRAL)
    points = {m: each.robust_accuracy for m, each in found.items() if each.robust_accuracy is not None}
    above = tuple(m for m in points if m)
    number = beyond = None
    if target is not None and above and above[-1] >= len(data.classes):
        heights = np.stack([_by_draw(measured[m]) for m in above], axis=1)
        number = needed(heights, Goal(above, target))
        beyond = _beyond(above, heights.mean(axis=0), target) if math.isinf(number.value) else None
    return Curve(
        name, evaluate(overall, allow_missing=True), whole,
        evaluate(replace(overall.take(neutral), attributes=(), train=None)).balanced_accuracy if len(neutral) else None,
        points, number, beyond, {m: draws[0].l2 for m, draws in answers.items()},
        tuple(dict.fromkeys(check for each in answers[EVERYTHING] for check in each.failed_checks)),
    )  # fmt: skip


def _predictions(data: OwnData, name: str, predicted: Sequence[Int64 | None]) -> Predictions:
    """Return answers to the test samples, a run per draw; groups are classes with what the shortcut does."""
    test, train = data.inside("test"), data.inside("train")
    return Predictions(
        name=name,
        classes=data.classes,
        labels=data.labels[test],
        attributes=(Attribute(data.shortcut, STATES, data.states[test], is_flag=True),),
        predicted=np.stack([each for each in predicted if each is not None]),
        runs=tuple(map(str, range(len(predicted)))),
        train=np.stack([data.labels[train], data.states[train]], axis=1),
    )


def _measured(data: OwnData, predictions: Predictions) -> Predictions:
    """Return the samples of the measured classes where the shortcut agrees or misleads."""
    (attribute,) = predictions.attributes
    inside = np.isin(predictions.labels, data.measured) & (attribute.ids != NEUTRAL)
    aligned = replace(attribute, aligned=np.zeros(len(data.classes), np.int64))
    return replace(predictions, attributes=(aligned,), train=None).take(np.flatnonzero(inside))


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
