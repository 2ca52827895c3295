"""A ladder measures counterexamples needed only if ERM follows the shortcut without any and stops within the ladder.

The rules of `validity/entry`, asked of the ranked worlds; `tools/ladders.py` asks them of worlds that are never ranked,
before a suite is frozen.
"""

from spurgen.harness.board.against_erm import ERM
from spurgen.harness.board.columns import Line
from spurgen.harness.machine.printing import and_list
from spurgen.harness.machine.text import as_markdown
from spurgen.harness.statistics.units import by_common_unit
from spurgen.harness.validity.answer import VERDICTS, Answer, all_passed, in_order
from spurgen.harness.validity.entry import entry_rules
from spurgen.harness.validity.suite import Ranked, RankedSuite

PLACE = 1
TITLE = "ERM's curve lies within the ladder, and others need fewer counterexamples"
STILL = "Where a rule is missed, the number of counterexamples that it concerns says less than the curve."


def examine(suite: RankedSuite) -> Answer:
    """Check the rules on every main ladder."""
    ladders = {name: ladder for name, ladder in suite.main.items() if ladder.curves}
    lacks = {name: lack for name, ladder in ladders.items() if (lack := _lacks(ladder))}
    lines = {name: _rules(ladder) for name, ladder in ladders.items() if name not in lacks}
    passed = [all_passed(line["met"] for line in lines[name]) if name in lines else None for name in ladders]
    verdict = VERDICTS[all_passed(passed)] if ladders else "not judged: the suite has no ladder"
    every = [line for rules in lines.values() for line in rules]
    lacks |= {name: "no ceiling on things of train" for name in lines if ladders[name].seen is None}
    return Answer(verdict, _summary(every) if every else "", {"Rules": every}, suite.missing(lacks))


def _lacks(ladder: Ranked) -> str:
    """Return what a ladder lacks for the rules to be asked, or nothing."""
    if ERM not in ladder.access:
        return ladder.reason(ERM)
    return "" if all(ERM in rows for rows in ladder.curves.values()) else f"{ERM} is not ranked on every rung"


def _rules(ladder: Ranked) -> list[Line]:
    by_method = {
        label: {m: rows[label] for m, rows in ladder.curves.items() if label in rows} for label in ladder.labels
    }
    curves = {
        label: dict(zip(units, by_common_unit([*units.values()]).mean(1).tolist(), strict=True))
        for label, units in by_method.items()
    }
    twins = [label for label in ladder.labels if ladder.access[label] == "twins"]
    rules = entry_rules(curves, twins, ladder.ceiling, ladder.seen)
    return [{"task": ladder.name} | rule._asdict() for rule in rules]


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
