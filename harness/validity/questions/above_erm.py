"""Methods made against shortcuts must beat plain training: JTT, which infers groups, and Group-DRO, which has them.

The board's moderated paired t-test over units compares robust accuracy. The claim holds on a task if both differences
are positive and significant at 5 %, Holm over these two, which the question names (*p of two*). *p holm* and *above*
are the board's: Holm over all methods of the task.
"""

from functools import partial

from spurgen.harness.board.against_erm import ERM, against_erm
from spurgen.harness.board.columns import Line
from spurgen.harness.statistics.differences import ALPHA, holm
from spurgen.harness.statistics.estimate import Estimate
from spurgen.harness.validity.answer import VERDICTS, Answer, all_passed, flat, forest_of, in_order, number
from spurgen.harness.validity.suite import RankedSuite, RankedTask

PLACE = 2
TITLE = "JTT and Group-DRO are above ERM"
STILL = (
    "Where a lead is not significant the task does not show that either method helps; other significant differences "
    "stand."
)
WANTED = ("jtt", "group_dro")


def examine(suite: RankedSuite) -> Answer:
    """Compare every method with ERM on each main task."""
    tasks = {name: _lines(task) for name, task in suite.main.items() if ERM in task.rows and len(task.rows) > 1}
    passed = {
        name: all_passed(_of(lines, label).get("above_of_two") for label in WANTED) for name, lines in tasks.items()
    }
    lacks = {
        name: "; ".join(task.reason(label) for label in (ERM, *WANTED) if label not in task.rows)
        for name, task in suite.main.items()
    }
    untested = [name for name in tasks if not lacks[name] and passed[name] is None]
    lacks |= dict.fromkeys(untested, "too few results for a test")
    every = [line for lines in tasks.values() for line in lines]
    axis = "robust accuracy less ERM's (filled: significantly above)"
    return Answer(
        VERDICTS[all_passed(passed.get(name) for name in suite.main)],
        _summary(list(tasks.values())) if tasks else "",
        {"Robust accuracy less ERM's": every},
        suite.missing({name: lack for name, lack in lacks.items() if lack}),
        shown=list(tasks),
        plot=partial(forest_of, every, "difference", axis, filled="above") if tasks else None,
    )


def _of(lines: list[Line], label: str) -> Line:
    return next((line for line in lines if line["submission"] == label), {})


def _lines(task: RankedTask) -> list[Line]:
    """Return a line per method, best first."""
    values, access = {label: task.units(label) for label in task.rows}, task.access
    tests = against_erm(values, access, list(task.rows), task.spread(), task.task.units_asked)
    there = [label for label in WANTED if label in tests]
    of_two = dict(zip(there, holm([tests[label].p for label in there]), strict=True))
    return [
        {"task": task.task.name, "submission": label, "access": access[label],
         **flat(difference=Estimate(test.difference, *(test.interval or ()))), "p": test.p, "p_holm": test.p_holm,
         "above": _above(test.difference, test.p_holm), "p_of_two": of_two.get(label),
         "above_of_two": _above(test.difference, of_two.get(label))}
        for label, test in sorted(tests.items(), key=lambda item: -item[1].difference)
    ]  # fmt: skip


def _above(difference: float, p: float | None) -> bool | None:
    return None if p is None else difference > 0 and p < ALPHA


def _summary(tasks: list[list[Line]]) -> str:
    leads = []
    for label in WANTED:
        own = [_of(lines, label) for lines in tasks]
        shown = (number(line.get("difference"), "+.2f") + "*" * bool(line.get("above_of_two")) for line in own)
        leads.append(f"{label} {in_order(shown)}")
    above = in_order(f"{sum(bool(line['above']) for line in lines)} of {len(lines)}" for lines in tasks)
    return f"Robust accuracy less ERM's: {'; '.join(leads)} (`*`: significant). Methods above ERM: {above}."
