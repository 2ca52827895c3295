"""Question about a suite's halves: whether drawn and real ladders order methods alike."""

from collections.abc import Mapping
from itertools import combinations
from typing import NamedTuple

import numpy as np

from spurgen.harness.board.placing import tier_place
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.metrics.ladder import SHARE
from spurgen.harness.statistics.estimate import Estimate
from spurgen.harness.statistics.needed import REPLICATES, Bounded, bounded, geometric_mean
from spurgen.harness.validity.agreement import (
    TRAIN_GROUPS,
    as_strata,
    draw_methods,
    estimate,
    partial_spearman,
    rank_rho,
    take,
)
from spurgen.harness.validity.ladders import curves_of, goal_at
from spurgen.harness.validity.suite import VERDICTS, Answer, RankedSuite, flat, number, question

LEAST, METHODS = 0.4, 15
"""What the lower end of the correlation has to exceed, and over how many methods at least."""
TOLD = 0.975  # share of the replicates in which a pair has one order, so that it is told apart
Means = Mapping[str, Bounded]
"""Geometric mean of the counterexamples needed over the ladders of a half, by label."""


class Pair(NamedTuple):
    """A method that needs fewer than another in the first half, and more in the second."""

    first: str
    then: str
    told: bool


@question(
    "The halves agree: what needs few counterexamples on drawn ladders needs few on real ones",
    still="Read the two columns of the halves apart: a row's place is that in the half where it is worse.",
    about="""\
Drawn ladders say why a method needs as many counterexamples as it does; real ones, whether that is so elsewhere.

Spearman's rho over the methods that have a number on every ladder, between the geometric means of the counterexamples
needed over the ladders of each half; its lower end should exceed 0.4, over at least 15 methods. *Within* is given the
access tier. *Of access* ranks methods by one bit, whether they use the group labels of train, against the second half;
*less access* is what rho has beyond it, over the same replicates. Intervals: 95 % by a bootstrap over methods, and over
worlds and draws in both halves. A pair of one tier reverses if its order differs between the halves; it is *told apart*
if each order holds in at least 97.5 % of the replicates.
""",
)
def halves(suite: RankedSuite) -> Answer:
    """Correlate the numbers needed of the two halves of a suite."""
    names = list(suite.suite.halves)
    if len(names) != 2:
        return Answer("not judged: the suite has no two halves", "", {})
    every = [each for of_half in suite.suite.halves.values() for each in of_half]
    lacks = {name: "no ranked rows, or no ceiling" for name in every if not _numbered(suite, name)}
    whole = [label for label in suite.baselines if all(label in suite.tasks[name].full for name in every)]
    if lacks or len(whole) < METHODS:
        lacks |= (
            {} if lacks else {"halves": f"{len(whole)} methods have a number on every ladder, of at least {METHODS}"}
        )
        return Answer(VERDICTS[None], "", {}, suite.missing(lacks))
    first, second = (_means(suite, name, whole) for name in names)
    rhos = _correlations(first, second, suite.baselines)
    pairs = reversed_pairs(first, second, suite.baselines)
    rho = rhos["rho"]
    lines = [
        {"access": suite.baselines[label], "submission": label, names[0]: float(first[label].value),
         names[1]: float(second[label].value)}
        for label in sorted(whole, key=lambda label: (tier_place(suite.baselines[label]), float(first[label].value)))
    ]  # fmt: skip
    return Answer(
        VERDICTS[rho.low is not None and rho.low > LEAST] if rho else VERDICTS[None],
        f"Spearman's rho is {number(rho)} over {len(whole)} methods, within access tiers {number(rhos['within'])}; "
        f"access alone reaches {number(rhos['of_access'])}, and rho differs from it by {number(rhos['less_access'])}. "
        f"{len(pairs)} pairs of a tier reverse, {sum(pair.told for pair in pairs)} of them told apart in both halves.",
        {
            "Agreement": [{"methods": len(whole), **flat(**rhos)}],
            "Numbers needed": lines,
            "Pairs that reverse": [
                {"access": suite.baselines[pair.first], f"fewer_{names[0]}": pair.first, f"fewer_{names[1]}": pair.then,
                 "told_apart": pair.told}
                for pair in pairs
            ],
        },
    )  # fmt: skip


def _numbered(suite: RankedSuite, name: str) -> bool:
    ladder = suite.tasks.get(name)
    return ladder is not None and bool(ladder.full) and ladder.task.scenario.ceiling is not None


def _means(suite: RankedSuite, half: str, labels: list[str]) -> Means:
    ladders = [suite.tasks[name] for name in suite.suite.halves[half]]
    return {
        label: geometric_mean([bounded(curves_of(ladder, label), goal_at(ladder, SHARE)) for ladder in ladders])
        for label in labels
    }


def _correlations(first: Means, second: Means, access: Mapping[str, str]) -> dict[str, Estimate | None]:
    """Return rank correlations with their intervals: `rho`, `within`, `of_access` and `less_access`."""
    labels = list(first)
    drawn = draw_methods(len(labels), REPLICATES, "halves")
    ours, theirs = (take(np.array([of[k].value for k in labels]), _replicates(of), drawn) for of in (first, second))
    strata = as_strata([access[label] for label in labels])[drawn]
    needs_fewer = np.array([-float(access[label] == TRAIN_GROUPS) for label in labels])[drawn]
    rho, of_access = rank_rho(ours, theirs), rank_rho(needs_fewer, theirs)
    found = {"rho": rho, "within": partial_spearman(ours, theirs, strata), "of_access": of_access}
    return {name: estimate(each) for name, each in (found | {"less_access": rho - of_access}).items()}


def _replicates(means: Means) -> Float64 | None:
    """Return the replicates of means, float64 (n, B); None if a ladder has too few worlds."""
    drawn = [mean.drawn for mean in means.values() if mean.drawn is not None]
    return np.stack(drawn) if len(drawn) == len(means) else None


def reversed_pairs(first: Means, second: Means, access: Mapping[str, str]) -> list[Pair]:
    """Return the pairs of a tier whose order differs between halves, those told apart in both first."""
    pairs = []
    for one, other in combinations(first, 2):
        fewer, more = (one, other) if first[one].value < first[other].value else (other, one)
        apart = first[one].value != first[other].value
        if access[one] == access[other] and apart and second[fewer].value > second[more].value:
            pairs.append(Pair(fewer, more, _told(first[fewer], first[more]) and _told(second[more], second[fewer])))
    return sorted(pairs, key=lambda pair: (not pair.told, tier_place(access[pair.first]), pair))


def _told(fewer: Bounded, more: Bounded) -> bool:
    if fewer.drawn is None or more.drawn is None:
        return False
    return bool((fewer.drawn < more.drawn).mean() >= TOLD)
