"""Counterexamples needed by the rows of a ladder, and as a multiple of ERM's."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

from spurgen.benchmark.task import Task
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.metrics.ladder import SHARE
from spurgen.harness.statistics.needed import Goal, Needed, Ratio, needed, needed_ratio
from spurgen.harness.statistics.units import by_common_unit


class Reached(TypedDict, total=False):
    """Fields that a row has only on a ladder's board."""

    needed: Needed
    needed_to_erm: Ratio


def rungs_of(tasks: Sequence[Task]) -> list[Task]:
    """Return tasks that are all rungs of one ladder, else none."""
    rungs = [task for task in tasks if task.of]
    return rungs if len(rungs) == len(tasks) and len({rung.of for rung in rungs}) == 1 else []


def goal_of(rungs: Sequence[Task]) -> Goal | None:
    """Return the rungs and the accuracy to reach on them; None without a ceiling or with the rung at 0."""
    numbers = tuple(rung.counterexamples for rung in rungs)
    ceiling = rungs[0].scenario.ceiling if rungs else None
    if ceiling is None or min(numbers) < 1:
        return None
    return Goal(numbers, SHARE * ceiling)


def counterexamples(
    rungs: Sequence[Task], values: Mapping[str, Sequence[Float64]], erm: str | None
) -> dict[str, Reached]:
    """Return the counterexamples needed by label, also as a multiple of ERM's, whose label is `erm` if it has a row.

    `values`: A(m) by label, rung and world, float64 (W,). Empty where `goal_of` returns None.
    """
    goal = goal_of(rungs)
    if goal is None:
        return {}
    curves = {label: by_common_unit(rows).T for label, rows in values.items()}
    reached: dict[str, Reached] = {label: {"needed": needed(each, goal)} for label, each in curves.items()}
    for label in reached if erm in curves else ():
        if label != erm:
            reached[label]["needed_to_erm"] = needed_ratio(curves[label], curves[str(erm)], goal)
    return reached
