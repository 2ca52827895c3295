"""The rules by which ladders enter a suite.

A ladder measures counterexamples needed only if ERM follows the shortcut without any and stops within the ladder. The
ceiling is the accuracy of the same learner on as many samples without a correlation. Accuracies are A(m), the lowest of
where shortcuts agree, mislead and are neutral, averaged over worlds.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

import numpy as np

from spurgen.harness.board.against_erm import ERM
from spurgen.harness.machine.printing import and_list
from spurgen.harness.metrics import counterexamples_needed
from spurgen.harness.metrics.ladder import SHARE
from spurgen.harness.statistics.needed import Goal, Needed

CEILING, SEEN, LOWEST, HIGHEST, FEWER = 0.9, 0.95, 0.3, 0.8, 2 / 3
Curve = Mapping[int, float]
"""A(m) by the number of counterexamples, ascending."""


class Rule(NamedTuple):
    """A rule, the finding, and whether it is met; None if it cannot be checked."""

    rule: str
    found: str
    met: bool | None


def needed(curve: Curve, ceiling: float) -> float:
    """Return how many counterexamples reach `SHARE` of the ceiling; infinite where no rung does."""
    above = {m: height for m, height in curve.items() if m}
    return counterexamples_needed(np.array([*above]), np.array([*above.values()]), SHARE * ceiling)


def needed_text(curve: Curve, ceiling: float) -> str:
    """Return that number as text, such as `66`, `<=8` or `>128`."""
    goal = Goal(tuple(m for m in curve if m), SHARE * ceiling)
    return Needed(needed(curve, ceiling), None, goal).text


def entry_rules(
    curves: Mapping[str, Curve], twins: Collection[str], ceiling: float | None, seen: float | None
) -> list[Rule]:
    """Check the rules of a ladder.

    `curves`: by method, ERM's among them, on all rungs above 0 at least. `twins`: the methods that are given twins.
    `ceiling`: on unseen things, `seen`: on those of train; None where they are not known. Both are rounded to three
    digits, as they are shown.
    """
    erm = curves[ERM]
    heights = [*erm.values()]
    rules = [Rule("ERM rises from rung to rung", ", ".join(f"{height:.2f}" for height in heights),
                  heights == sorted(heights))]  # fmt: skip
    if 0 in erm:
        rules.append(Rule(f"ERM without counterexamples at most {LOWEST:g}", f"{erm[0]:.3f}", erm[0] <= LOWEST))
    for least, value, where in ((CEILING, ceiling, ""), (SEEN, seen, " on things of train")):
        met = None if value is None else round(value, 3) >= least
        rules.append(Rule(f"ceiling{where} at least {least:g}", "none" if value is None else f"{value:.3f}", met))
    if ceiling is None:
        return rules
    top, numbers = heights[-1] / ceiling, {method: needed(curve, ceiling) for method, curve in curves.items()}
    fewer = [
        method for method, number in numbers.items()
        if method not in (ERM, *twins) and np.isfinite(number) and number <= FEWER * numbers[ERM]
    ]  # fmt: skip
    return [
        *rules,
        Rule(f"ERM on the highest rung at least {HIGHEST:g} of the ceiling", f"{top:.3f}", top >= HIGHEST),
        Rule("two methods without twins need at most 2/3 of ERM's", and_list(fewer or ["none"]), len(fewer) >= 2),
    ]
