"""The number of counterexamples needed must order methods alike at other thresholds, and its interval must cover.

N is read at three quarters of the ceiling. Of the pairs of rows whose intervals of N are disjoint both there and at
half, 60 % or 90 % of the ceiling, at most 5 % may change their order; Spearman's correlation counts ties and rows that
nothing tells apart too. Coverage is simulated: from a normal law with the mean and the covariance of a row's curves, as
many worlds are drawn as it has, and N of that mean must lie within the interval of N in at least 92 % of the draws of
all rows together, where 95 % is promised. A score takes the lowest of the accuracies where shortcuts mislead, agree
and are neutral; the summary says how much lower that is, on average, than the accuracy where they mislead. It also
says how nearly the ladder score orders rows as accuracy on its lowest rung above 0 alone does.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import permutations

import numpy as np

from spurgen.benchmark.task import Rung
from spurgen.harness.board.columns import Line
from spurgen.harness.board.placing import tier_place
from spurgen.harness.machine.printing import and_list
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.metrics.ladder import SHARE
from spurgen.harness.statistics.needed import Goal, Needed, needed
from spurgen.harness.statistics.samples import named_generator
from spurgen.harness.statistics.units import by_common_unit
from spurgen.harness.validity.answer import VERDICTS, Answer, all_passed, in_order, number
from spurgen.harness.validity.correlation import spearman
from spurgen.harness.validity.suite import MISLED, Ranked, RankedSuite

PLACE = 2
TITLE = "The number of counterexamples needed does not hang on its threshold, and its interval covers"
STILL = "Read the curves of the rows that change their ranks; ladder scores and their tests use no threshold."
OTHERS = (0.5, 0.6, 0.9)
REVERSED_MOST = 0.05
COVERED_LEAST = 0.92
DRAWS = 40  # simulated data sets of a row


def examine(suite: RankedSuite) -> Answer:
    """Read N at each threshold, and simulate its interval, on every main ladder."""
    ladders = {name: ladder for name, ladder in suite.main.items() if ladder.curves}
    asked = {name: ladder for name, ladder in ladders.items() if len(ladder.full) > 1 and _ceiling(ladder)}
    lacks = {name: "fewer than two ranked rows, or no ceiling" for name in ladders if name not in asked}
    found = {name: _found(ladder) for name, ladder in asked.items()}
    covered = {name: {label: _coverage(asked[name], label) for label in rows} for name, rows in found.items()}
    each = [_together(ladders[name], rows, covered[name]) for name, rows in found.items()]
    passed = [line["reversed"] <= REVERSED_MOST and line["coverage"] >= COVERED_LEAST for line in each]
    rows = [
        {"task": name, "access": asked[name].access[label], "submission": label}
        | {f"at_{share:.0%}": number_needed.text for share, number_needed in numbers.items()}
        | {"coverage": covered[name][label]}
        for name in found
        for label, numbers in found[name].items()
    ]
    return Answer(
        VERDICTS[all_passed([*passed, *(None for _ in lacks)])] if ladders else "not judged: the suite has no ladder",
        _summary(each) if each else "",
        {"Ladders": each, "Rows": rows},
        suite.missing(lacks),
        shown=list(suite.main),
    )


def _ceiling(ladder: Ranked) -> float | None:
    assert isinstance(ladder.task, Rung)
    return ladder.task.ladder.ceiling


def _below_misled(ladder: Ranked) -> float:
    """Return how far the ladder score lies below accuracy where shortcuts mislead, a mean over rows and units."""
    return float(np.mean([(ladder.units(label, MISLED) - ladder.units(label)).mean() for label in ladder.full]))


def _like_lowest(ladder: Ranked) -> tuple[int, float]:
    """Return the lowest rung above 0, and Spearman's correlation of the ladder score with accuracy there alone."""
    lowest = min(m for m in ladder.curves if m)
    score, alone = np.array([[ladder.units(each).mean(), ladder.curves[lowest][each].mean()] for each in ladder.full]).T
    return lowest, float(spearman(score, alone))


def _goal(ladder: Ranked, share: float) -> Goal:
    return Goal(tuple(m for m in ladder.curves if m), share * (_ceiling(ladder) or 0))


def _curves(ladder: Ranked, label: str) -> Float64:
    """Return A(m) of a row, float64 (W, R), on the rungs above 0."""
    return by_common_unit([rows[label] for m, rows in ladder.curves.items() if m]).T


def _found(ladder: Ranked) -> dict[str, dict[float, Needed]]:
    """Return N of every row at each threshold, by access tier and best first."""
    labels = sorted(ladder.full, key=lambda label: tier_place(ladder.access[label]))
    shares = sorted((SHARE, *OTHERS))
    return {
        label: {share: needed(_curves(ladder, label), _goal(ladder, share)) for share in shares} for label in labels
    }


def _coverage(ladder: Ranked, label: str) -> float:
    """Return how often the interval of N covers N, of draws from a law like that of a row's curves."""
    curves, goal = _curves(ladder, label), _goal(ladder, SHARE)
    mean, law = curves.mean(axis=0), named_generator(f"coverage/{ladder.name}/{label}", len(curves))
    true = float(goal.needed(mean[None])[0])
    drawn = law.multivariate_normal(mean, np.cov(curves.T), size=(DRAWS, len(curves))).clip(0, 1)
    intervals = [needed(each, goal).interval for each in drawn]
    return float(np.mean([each is not None and each.low <= true <= each.high for each in intervals]))


def _together(ladder: Ranked, rows: Mapping[str, Mapping[float, Needed]], coverage: Mapping[str, float]) -> Line:
    values = {share: np.array([min(row[share].value, 1e9) for row in rows.values()]) for share in (SHARE, *OTHERS)}
    kept = {pair: _order_kept(*(rows[label] for label in pair)) for pair in permutations(rows, 2)}
    told = sum(map(len, kept.values()))
    lowest, like_lowest = _like_lowest(ladder)
    turned = [pair for pair, places in kept.items() for stays in places if not stays]
    return {
        "task": ladder.name, "rows": len(rows), "told_apart_twice": told,
        "reversed": len(turned) / told if told else 0.0, "all_with": _in_all(turned),
        "least_correlation": min(float(spearman(values[SHARE], values[share])) for share in OTHERS),
        "coverage": float(np.mean([*coverage.values()])), "below_misled": _below_misled(ladder),
        "lowest_rung": lowest, "like_lowest": like_lowest,
    }  # fmt: skip


def _order_kept(first: Mapping[float, Needed], second: Mapping[float, Needed]) -> list[bool]:
    """Return, if a row surely needs fewer than a second, whether it does at each other threshold that is sure."""
    if not _surely_fewer(first[SHARE], second[SHARE]):
        return []
    return [
        _surely_fewer(first[share], second[share])
        for share in OTHERS
        if _surely_fewer(first[share], second[share]) or _surely_fewer(second[share], first[share])
    ]


def _in_all(pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Return labels of which every pair has one: again and again the one that is in the most pairs left."""
    chosen, left = [], list(pairs)
    while left:
        chosen.append(Counter(label for pair in left for label in pair).most_common(1)[0][0])
        left = [pair for pair in left if chosen[-1] not in pair]
    return chosen


def _surely_fewer(first: Needed, second: Needed) -> bool:
    return bool(first.interval and second.interval and first.interval.high < second.interval.low)


def _summary(each: Sequence[Line]) -> str:
    turned = in_order(f"{line['reversed']:.0%} of {line['told_apart_twice']}" for line in each)
    names = list(dict.fromkeys(name for line in each for name in line["all_with"]))
    least = in_order(number(line["least_correlation"]) for line in each)
    covered = in_order(f"{line['coverage']:.0%}" for line in each)
    lower = in_order(f"{line['below_misled']:.3f}" for line in each)
    rungs, like = in_order(f"{m['lowest_rung']}" for m in each), in_order(number(m["like_lowest"]) for m in each)
    those = f", all with {and_list(names)}" if names else ""
    return (
        f"Of pairs told apart at 3/4 and at another share {turned} swap ({REVERSED_MOST:.0%} allowed){those}; least "
        f"correlation {least}. The interval covers in {covered} of simulated draws ({COVERED_LEAST:.0%} wanted). "
        f"Scores, each the lowest of three accuracies, lie {lower} below accuracy where shortcuts mislead; they order "
        f"rows nearly as accuracy with {rungs} counterexamples alone does (Spearman's correlation {like})."
    )
