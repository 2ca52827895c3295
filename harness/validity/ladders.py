"""Questions about ladders: whether they meet the rules by which they enter a suite, and what N rests on.

A ladder measures counterexamples needed only if ERM follows the shortcut without any and stops within the ladder. The
ceiling is the accuracy of the same learner on as many samples without a correlation. Accuracies are A(m), the lowest of
where shortcuts agree, mislead and are neutral, averaged over worlds.
"""

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import permutations
from typing import NamedTuple

import numpy as np

from spurgen.benchmark.worlds.collections import Collection as RealData
from spurgen.harness.board.columns import Line
from spurgen.harness.board.placing import ERM, tier_place
from spurgen.harness.machine.printing import and_list, as_markdown
from spurgen.harness.metrics import counterexamples_needed
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.metrics.ladder import SHARE
from spurgen.harness.statistics.needed import Goal, Needed, needed
from spurgen.harness.statistics.samples import named_generator
from spurgen.harness.statistics.units import by_common_unit
from spurgen.harness.validity.agreement import rank_rho
from spurgen.harness.validity.suite import (
    MISLED,
    VERDICTS,
    Answer,
    Ranked,
    RankedSuite,
    all_passed,
    in_order,
    number,
    question,
)

CEILING, SEEN, LOWEST, HIGHEST, FEWER = 0.9, 0.95, 0.3, 0.8, 2 / 3
AMONG_REAL = 0.7  # the least ceiling of ladders beside real ones, of which the lowest in suite v4 is .697
BEGINS = 0.5  # of the ceiling: where ERM begins at most on such ladders, of which `SHARE` is asked for N
PRECISION, APART = 0.75, 0.03  # that of real ladders of captions is at most .75, of icons 1.00
Curve = Mapping[int, float]
"""A(m) by the number of counterexamples, ascending."""


class Rule(NamedTuple):
    """A rule, the finding, and whether it is met; None if it cannot be checked."""

    rule: str
    found: str
    met: bool | None


class Untidy(NamedTuple):
    """What tells whether a drawn ladder is as untidy as real data, beside the curves of the control rows.

    `precision`: of the errors of a strongly regularised ERM, taken for counterexamples: a mean over rungs and worlds.
    `apart`: how far the accuracies lie from one another, where shortcuts agree, mislead and are neutral, of a learner
    that trained without a correlation. `given`, `inferred`: labels of balanced softmax with groups given, and inferred
    from ERM's errors. `tricks`: labels of the rows that know how worlds are drawn.
    """

    precision: float
    apart: float
    given: str
    inferred: str
    tricks: Sequence[str]


def needed_of_mean(curve: Curve, ceiling: float) -> float:
    """Return how many counterexamples reach `SHARE` of the ceiling; infinite where no rung does."""
    above = {m: height for m, height in curve.items() if m}
    return counterexamples_needed(np.array([*above]), np.array([*above.values()]), SHARE * ceiling)


def needed_text(curve: Curve, ceiling: float) -> str:
    """Return that number as text, such as `66`, `<=8` or `>128`."""
    goal = Goal(tuple(m for m in curve if m), SHARE * ceiling)
    return Needed(needed_of_mean(curve, ceiling), None, goal).text


def check_rules(
    curves: Mapping[str, Curve], twins: Collection[str], ceiling: float | None, seen: float | None,
    untidy: Untidy | None = None, *, real: bool = False, beside_real: bool = False,
) -> list[Rule]:  # fmt: skip
    """Check the rules of a ladder.

    `curves`: by method, ERM's among them, on all rungs above 0 at least. `twins`: the methods that are given twins.
    `ceiling`: on unseen things, `seen`: on those of train; None where they are not known. Both are rounded to three
    digits, as they are shown. `untidy`: what the rules of drawn ladders need that are to be like real data. A `real`
    ladder is as hard as it is: rules on the height of its ceiling and of the lowest rung are not asked. One that is
    `untidy`, or stands `beside_real` ones, may be as hard as those.
    """
    like_real = bool(untidy) or beside_real
    least_ceiling = AMONG_REAL if like_real else CEILING
    erm = curves[ERM]
    heights = [*erm.values()]
    rules = [Rule("ERM rises from rung to rung", ", ".join(f"{height:.2f}" for height in heights),
                  heights == sorted(heights))]  # fmt: skip
    if 0 in erm and not real:
        start = erm[0] / (ceiling or 1.0) if like_real else erm[0]
        most, of = (BEGINS, " of the ceiling") if like_real else (LOWEST, "")
        rules.append(Rule(f"ERM without counterexamples at most {most:g}{of}", f"{start:.3f}", start <= most))
    for least, value, where in () if real else ((least_ceiling, ceiling, ""), (SEEN, seen, " on things of train")):
        met = None if value is None else round(value, 3) >= least
        rules.append(Rule(f"ceiling{where} at least {least:g}", "none" if value is None else f"{value:.3f}", met))
    if ceiling is None:
        return rules
    top, numbers = heights[-1] / ceiling, {method: needed_of_mean(curve, ceiling) for method, curve in curves.items()}
    aside = {ERM, *twins, *([untidy.inferred, *untidy.tricks] if untidy else ())}
    fewer = [
        method for method, number in numbers.items()
        if method not in aside and np.isfinite(number) and number <= FEWER * numbers[ERM]
    ]  # fmt: skip
    return [
        *rules,
        Rule(f"ERM on the highest rung at least {HIGHEST:g} of the ceiling", f"{top:.3f}", top >= HIGHEST),
        Rule("two methods without twins need at most 2/3 of ERM's", and_list(fewer or ["none"]), len(fewer) >= 2),
        *(_untidy_rules(untidy, curves, ceiling) if untidy else ()),
    ]


def _untidy_rules(untidy: Untidy, curves: Mapping[str, Curve], ceiling: float) -> list[Rule]:
    number = {method: needed_of_mean(curve, ceiling) for method, curve in curves.items()}
    text = {method: needed_text(curve, ceiling) for method, curve in curves.items()}
    given, inferred, (precision, apart, *_) = untidy.given, untidy.inferred, untidy
    worth = number[inferred] >= number[given] and np.isfinite(number[given])
    return [
        Rule(f"precision of inferred groups at most {PRECISION:g}", f"{precision:.2f}", precision <= PRECISION),
        Rule("inferred groups need at least as many as given ones", f"{text[inferred]} and {text[given]}", bool(worth)),
        *(Rule(f"{trick} needs at least as many as ERM", f"{text[trick]} and {text[ERM]}", number[trick] >= number[ERM])
          for trick in untidy.tricks),
        Rule(f"without a correlation the accuracies lie within {APART:g}", f"{apart:.3f}", apart <= APART),
    ]  # fmt: skip


@question(
    "ERM's curve lies within the ladder, and others need fewer counterexamples",
    still="Where a rule is missed, the number of counterexamples that it concerns says less than the curve.",
    about="""\
A ladder measures counterexamples needed only if ERM follows the shortcut without any and stops within the ladder.

The rules of `validity/ladders`, asked of the ranked worlds; `tools/ladders.py` asks them of worlds that are never
ranked, before a suite is frozen.
""",
)
def entry_rules(suite: RankedSuite) -> Answer:
    """Check the rules on every main ladder."""
    ladders = {name: ladder for name, ladder in suite.main.items() if ladder.curves}
    lacks = {name: lack for name, ladder in ladders.items() if (lack := _lacks(ladder))}
    lines = {name: _rules_of(ladder, suite) for name, ladder in ladders.items() if name not in lacks}
    passed = [all_passed(line["met"] for line in lines[name]) if name in lines else None for name in ladders]
    verdict = VERDICTS[all_passed(passed)] if ladders else "not judged: the suite has no ladder"
    every = [line for rules in lines.values() for line in rules]
    lacks |= {
        name: "no ceiling on things of train"
        for name in lines
        if ladders[name].seen is None and not _real(ladders[name])
    }
    return Answer(verdict, _rules_in_words(every) if every else "", {"Rules": every}, suite.missing(lacks))


def _lacks(ladder: Ranked) -> str:
    """Return what a ladder lacks for the rules to be asked, or nothing."""
    if ERM not in ladder.access:
        return ladder.reason(ERM)
    return "" if all(ERM in rows for rows in ladder.curves.values()) else f"{ERM} is not ranked on every rung"


def _real(ladder: Ranked) -> bool:
    return isinstance(ladder.task.scenario, RealData)


def _rules_of(ladder: Ranked, suite: RankedSuite) -> list[Line]:
    by_method = {
        label: {m: rows[label] for m, rows in ladder.curves.items() if label in rows} for label in ladder.labels
    }
    curves = {
        label: dict(zip(units, by_common_unit([*units.values()]).mean(1).tolist(), strict=True))
        for label, units in by_method.items()
    }
    twins = [label for label in ladder.labels if ladder.access[label] == "twins"]
    rules = check_rules(
        curves, twins, ladder.ceiling, ladder.seen, real=_real(ladder), beside_real=bool(suite.suite.halves)
    )
    return [{"task": ladder.name} | rule._asdict() for rule in rules]


def _rules_in_words(lines: list[Line]) -> str:
    names = dict.fromkeys(line["task"] for line in lines)
    counts = in_order(
        f"{sum(line['met'] is True for line in lines if line['task'] == name)} of "
        f"{sum(line['task'] == name for line in lines)}"
        for name in names
    )
    missed = [
        f"{line['rule']} ({as_markdown(line['task'])}: {line['found']})" for line in lines if line["met"] is False
    ]
    return f"Rules met: {counts}.{f' Missed: {and_list(missed)}.' if missed else ''}"


OTHERS = (0.5, 0.6, 0.9)
REVERSED_MOST = 0.05
COVERED_LEAST = 0.92
DRAWS = 40  # simulated data sets of a row


@question(
    "The number of counterexamples needed does not hang on its threshold, and its interval covers",
    still="Read the curves of the rows that change their ranks; ladder scores and their tests use no threshold.",
    about="""\
The number of counterexamples needed must order methods alike at other thresholds, and its interval must cover.

N is read at three quarters of the ceiling. Of the pairs of rows whose intervals of N are disjoint both there and at
half, 60 % or 90 % of the ceiling, at most 5 % may change their order; Spearman's correlation counts ties and rows that
nothing tells apart too. Coverage is simulated: from a normal law with the mean and the covariance of a row's curves, as
many worlds are drawn as it has, and N of that mean must lie within the interval of N in at least 92 % of the draws of
all rows together, where 95 % is promised. A score takes the lowest of the accuracies where shortcuts mislead, agree
and are neutral; the summary says how much lower that is, on average, than the accuracy where they mislead. It also
says how nearly the ladder score orders rows as accuracy on its lowest rung above 0 alone does.
""",
)
def number_needed(suite: RankedSuite) -> Answer:
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
        _numbers_in_words(each) if each else "",
        {"Ladders": each, "Rows": rows},
        suite.missing(lacks),
        shown=list(suite.main),
    )


def _ceiling(ladder: Ranked) -> float | None:
    return ladder.task.scenario.ceiling


def _below_misled(ladder: Ranked) -> float:
    """Return how far the ladder score lies below accuracy where shortcuts mislead, a mean over rows and units."""
    return float(np.mean([(ladder.units(label, MISLED) - ladder.units(label)).mean() for label in ladder.full]))


def _like_lowest(ladder: Ranked) -> tuple[int, float]:
    """Return the lowest rung above 0, and Spearman's correlation of the ladder score with accuracy there alone."""
    lowest = min(m for m in ladder.curves if m)
    score, alone = np.array([[ladder.units(each).mean(), ladder.curves[lowest][each].mean()] for each in ladder.full]).T
    return lowest, float(rank_rho(score, alone))


def goal_at(ladder: Ranked, share: float) -> Goal:
    """Return what a row has to reach on a ladder: a share of its ceiling."""
    return Goal(tuple(m for m in ladder.curves if m), share * (_ceiling(ladder) or 0))


def curves_of(ladder: Ranked, label: str) -> Float64:
    """Return A(m) of a row, float64 (W, R), on the rungs above 0."""
    return by_common_unit([rows[label] for m, rows in ladder.curves.items() if m]).T


def _found(ladder: Ranked) -> dict[str, dict[float, Needed]]:
    """Return N of every row at each threshold, by access tier and best first."""
    labels = sorted(ladder.full, key=lambda label: tier_place(ladder.access[label]))
    shares = sorted((SHARE, *OTHERS))
    return {
        label: {share: needed(curves_of(ladder, label), goal_at(ladder, share)) for share in shares} for label in labels
    }


def _coverage(ladder: Ranked, label: str) -> float:
    """Return how often the interval of N covers N, of draws from a law like that of a row's curves."""
    curves, goal = curves_of(ladder, label), goal_at(ladder, SHARE)
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
    rhos = [float(rank_rho(values[SHARE], values[share])) for share in OTHERS]
    return {
        "task": ladder.name, "rows": len(rows), "told_apart_twice": told,
        "reversed": len(turned) / told if told else 0.0, "all_with": _in_all(turned),
        "least_correlation": min(filter(math.isfinite, rhos), default=None),  # none where all rows tie
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


def _numbers_in_words(each: Sequence[Line]) -> str:
    turned = in_order(f"{line['reversed']:.0%} of {line['told_apart_twice']}" for line in each)
    names = list(dict.fromkeys(name for line in each for name in line["all_with"]))
    least = in_order("none" if (rho := line["least_correlation"]) is None else number(rho) for line in each)
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
