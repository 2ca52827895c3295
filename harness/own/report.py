"""What methods reach on a user's own data, as a report: figures, curves, and the counterexamples needed."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property

import numpy as np

from spurgen.benchmark.worlds.collections import EVERYTHING, LEAST_IN_VAL
from spurgen.generators.collections.world import AGREES, MISLEADS, NEUTRAL
from spurgen.harness.board.columns import L2_AT, MEAN_AT, Record, entries
from spurgen.harness.board.report import Report, Table
from spurgen.harness.evaluation.figures import Evaluation, evaluate
from spurgen.harness.evaluation.predictions import Attribute, Predictions, group
from spurgen.harness.evaluation.report import group_lines
from spurgen.harness.machine.printing import and_list, as_markdown, failed_check, one_line
from spurgen.harness.metrics.arrays import Float64, Int64
from spurgen.harness.own.climb import CEILING, LEARNER, Answered
from spurgen.harness.own.collection import MAJORITY
from spurgen.harness.own.data import FEW, STATES, OwnData
from spurgen.harness.statistics.estimate import Estimate
from spurgen.harness.statistics.needed import Goal, Needed, in_words, needed

EVERY = ("method", "l2", "accuracy", "weighted_accuracy", "wga", "accuracy_agree", "accuracy_mislead",
         "accuracy_neutral", "counterexamples")  # fmt: skip
"""Keys of the columns of methods that are trained on everything."""
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

    @property
    def line(self) -> Record:
        """The method's line of the board's frame, trained on everything."""
        few = min(each.samples for each in self.whole.groups) < FEW
        figures = {
            "accuracy": self.overall.accuracy, "weighted_accuracy": self.overall.weighted_accuracy,
            "wga": None if few else self.whole.wga_estimate, "accuracy_neutral": self.neutral,
            **{f"accuracy_{name}": estimate for name, estimate in self.whole.states.items()},
        }  # fmt: skip
        line: Record = {"submission": self.name, "l2": self.l2[EVERYTHING]}
        for name, estimate in figures.items():
            line |= entries(name, estimate)
        return line | {"counterexamples_text": self.needed.text if self.needed else "not known"}


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
class Found:
    """All results of a run on a user's own data; `failed`: why a method has no figures, by name."""

    data: OwnData
    rungs: tuple[int, ...]
    draws: int
    target: float | None
    ceiling: Ceiling | None
    curves: tuple[Curve, ...]
    failed: dict[str, str]

    @property
    def drawn(self) -> dict[str, list[Estimate]]:
        """Accuracies by rung of each method that has one on every rung."""
        whole = [curve for curve in self.curves if len(curve.points) == len(self.rungs)]
        return {curve.name: [curve.points[m] for m in self.rungs] for curve in whole}

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

    def report(self, command: str, figure: str = "") -> Report:
        """Return the report; `figure`: the name of the file of the curves."""
        data, how = self.data, HOW.format(draws=self.draws, most=MAJORITY["train"], least=LEAST_IN_VAL)
        curves: list[Record] = []
        for curve in self.curves:
            curves.append({"submission": curve.name})
            for m, point in curve.points.items():
                curves[-1] |= entries(f"{MEAN_AT}{m}", point)
        chosen = [
            {"submission": curve.name} | {f"{L2_AT}{m}": curve.l2[m] for m in self.rungs} for curve in self.curves
        ]
        groups = [{"submission": curve.name} | line for curve in self.curves for line in group_lines(curve.whole)]
        parts: list[Table | str] = [
            as_markdown(data.about()),
            *([self.ceiling.about()] if self.ceiling else []),
            Table("methods", [curve.line for curve in self.curves], EVERY, "Trained on everything", intervals=True),
            Table("groups", groups, ()),
            Table("curves", curves, [f"{MEAN_AT}{m}" for m in self.rungs], "With fewer counterexamples", how,
                  intervals=True, by="submission"),
            Table("l2", chosen, [f"{L2_AT}{m}" for m in self.rungs], "The l2 chosen on val",
                  "Where there is none, the method selects its own.", by="submission"),
            *[f"![Accuracy against the number of counterexamples]({figure})"] * bool(figure),
        ]  # fmt: skip
        about = {
            "label": data.label, "shortcut": data.shortcut,
            "goes_with": {
                value: [name for name, goes in zip(data.classes, row, strict=True) if goes]
                for value, row in zip(data.value_names, data.goes, strict=True)
            },
            "counterexamples_in_train": data.have, "rungs": self.rungs, "draws": self.draws, "target": self.target,
            "ceiling": self.ceiling and asdict(self.ceiling), "splits_drawn": data.drawn.strip(), "failed": self.failed,
        }  # fmt: skip
        title = f"{as_markdown(data.label)} and the shortcut {as_markdown(data.shortcut)}"
        notes = [*map(as_markdown, (*data.limits(), *self.found()))]
        return Report("run", title, self.sentence, parts, notes, about, one_line(command))


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
    target: float | None,
) -> Found:  # fmt: skip
    """Return the results of answers by method, rung and draw, which come in the methods' order.

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
    return Found(data, tuple(rungs), len(seeds), goal, ceiling, curves, failed)


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
