"""A ladder measures counterexamples needed only if ERM follows the shortcut without any and stops within the ladder.

The rules by which ladders enter a suite, asked of the ranked worlds; `tools/ladders.py` asks them of worlds that are
never ranked, before a suite is frozen. The ceiling, the accuracy of the same learner on as many samples without a
correlation, is at least .90. ERM's A(m) is at most .30 without counterexamples, at least .80 of the ceiling on the
highest rung, and rises from rung to rung. And two methods without twins need at most two thirds of ERM's
counterexamples.
"""

import numpy as np

from spurgen.harness.board.against_erm import ERM
from spurgen.harness.board.columns import Line
from spurgen.harness.machine.printing import and_list
from spurgen.harness.machine.text import as_markdown
from spurgen.harness.metrics.ladder import SHARE
from spurgen.harness.statistics.needed import Climb
from spurgen.harness.statistics.units import by_common_unit
from spurgen.harness.validity.answer import VERDICTS, Answer, all_passed, in_order
from spurgen.harness.validity.suite import Ranked, RankedSuite

PLACE = 1
TITLE = "ERM's curve lies within the ladder, and others need fewer counterexamples"
STILL = "Where a rule is missed, the number of counterexamples that it concerns says less than the curve."
CEILING, LOWEST, HIGHEST, FEWER = 0.9, 0.3, 0.8, 2 / 3


def examine(suite: RankedSuite) -> Answer:
    """Check the rules on every main ladder."""
    ladders = {name: ladder for name, ladder in suite.main.items() if ladder.curves}
    lacks = {name: lack for name, ladder in ladders.items() if (lack := _lacks(ladder))}
    lines = {name: _rules(ladder) for name, ladder in ladders.items() if name not in lacks}
    passed = [all_passed(line["met"] for line in lines[name]) if name in lines else None for name in ladders]
    verdict = VERDICTS[all_passed(passed)] if ladders else "not judged: the suite has no ladder"
    every = [line for rules in lines.values() for line in rules]
    return Answer(verdict, _summary(every) if every else "", {"Rules": every}, suite.missing(lacks))


def _lacks(ladder: Ranked) -> str:
    """Return what a ladder lacks for the rules to be asked, or nothing."""
    if ERM not in ladder.access:
        return ladder.reason(ERM)
    return "" if all(ERM in rows for rows in ladder.curves.values()) else f"{ERM} is not ranked on every rung"


def _rules(ladder: Ranked) -> list[Line]:
    ceiling = ladder.ceiling
    erm = [float(rows[ERM].mean()) for rows in ladder.curves.values()]
    rises: tuple[str, str, bool | None] = (
        "ERM rises from rung to rung", ", ".join(f"{height:.2f}" for height in erm), erm == sorted(erm)
    )  # fmt: skip
    found = [rises]
    if 0 in ladder.curves:
        found.append((f"ERM without counterexamples at most {LOWEST:g}", f"{erm[0]:.3f}", erm[0] <= LOWEST))
    if ceiling is None:
        found.append(("the task has a ceiling", "none", None))
    else:
        climb = Climb(tuple(m for m in ladder.curves if m), SHARE * ceiling)
        needed = {
            label: float(climb.needed(by_common_unit([ladder.curves[m][label] for m in climb.rungs]).mean(1)[None])[0])
            for label in ladder.labels
        }
        others = [label for label in ladder.labels if label != ERM and ladder.access[label] != "twins"]
        fewer = [label for label in others if needed[label] <= FEWER * needed[ERM] and np.isfinite(needed[label])]
        found += [
            (f"ceiling at least {CEILING:g}", f"{ceiling:.3f}", ceiling >= CEILING),
            (
                f"ERM on the highest rung at least {HIGHEST:g} of the ceiling", f"{erm[-1] / ceiling:.3f}",
                erm[-1] >= HIGHEST * ceiling,
            ),
            ("two methods without twins need at most 2/3 of ERM's", and_list(fewer or ["none"]), len(fewer) >= 2),
        ]  # fmt: skip
    return [{"task": ladder.name, "rule": rule, "found": what, "met": met} for rule, what, met in found]


def _summary(lines: list[Line]) -> str:
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
