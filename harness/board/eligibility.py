"""Which rows may be ranked: those whose cells can be believed, are complete, and beat chance."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.result import Cell
from spurgen.benchmark.suite import Suite, Task
from spurgen.harness.results.consistency import contradiction
from spurgen.harness.results.store import cell_name
from spurgen.harness.statistics.ranking import better_than_chance

# The least part of what its answers move that an honest model's probabilities move, as `_flattened` reckons it. On v1
# no baseline has less than 1.04 and 0.71, and the least of the other submissions, hardly better than chance, 0.89.
FLAT = {"sss": 0.4, "core_sensitivity": 0.45}


def not_believed(suite: Suite, task: Task, groups: NDArray[np.int64], cells: Sequence[Cell]) -> str | None:
    """Says why nothing that a row's cells tell can be taken for its result on a task, or None.

    `groups`: int64 (n,), the groups of the test samples.
    """
    for cell in cells:
        if cell.error is not None:
            first = (cell.error.splitlines() or ["no reason given"])[0]
            return f"failed with seed {cell.seed}: {first.removeprefix(f'submission {cell.spec}, task {cell.task}: ')}"
        if (cell.suite, cell.task) != (suite.name, task.name):
            return f"scored as {cell.task} of suite {cell.suite}, which is not this task"
        if cell.verification == "private":
            return "says that it was scored on private splits, and is a public result"
        if cell.uncorrelated:
            return "a reference, trained without the correlations"
        if cell.data_sha256 != suite.manifest.scenarios[task.scenario.name].digest:
            return "scored on other data than this suite's; run it again"
    if len({cell.submission_sha256 for cell in cells}) > 1:
        return "its cells come from different versions of it; run it again"
    tiers = sorted({cell.access for cell in cells})
    if len(tiers) > 1:
        return f"its cells disagree on what it was given: {', '.join(tiers)}; run it again"
    for cell in cells:
        reason = contradiction(task, groups, cell)
        if reason:
            return f"{reason} ({cell_name(cell.task, cell.seed, cell.identity)})"
    return None


def not_fit(task: Task, cells: Sequence[Cell]) -> str | None:
    """Says why a row whose cells are believed cannot be ranked, or None."""
    for cell in cells:
        broken = [check for check, kept in (cell.report.checks if cell.report else {}).items() if not kept]
        if broken:
            return f"broke a promise with seed {cell.seed}: it is not so that {', '.join(broken)}"
    seeds = [cell.seed for cell in cells]
    if seeds != list(range(len(seeds))):
        return f"incomplete: has the seeds {', '.join(map(str, seeds))} instead of 0 to {len(seeds) - 1}"
    right = int(np.mean([sum(cell.groups) for cell in cells]))
    if not better_than_chance(right, task.scenario.num_test, task.scenario.num_classes):
        return "not significantly better than chance in test accuracy"
    return next(filter(None, (_flattened(task, cell) for cell in cells)), None)


def _flattened(task: Task, cell: Cell) -> str | None:
    """Says that a cell's probabilities move less than its answers do, or None.

    The temperature is fitted on val, which everybody has: who answers val at random, and test well, gets a high one,
    and with it an SSS and an IG of nearly 0. Answers, unlike probabilities, know no temperature. An answer that
    a channel flips concerns the true class about as often as a model is better than chance, and moves it by about as
    much: hence the square. And where all patterns are answered well, another class must move it.
    """
    figures, chance = cell.figures, 1 / task.scenario.num_classes
    skill = max((figures["accuracy"] - chance) / (1 - chance), 0.0)
    answered = figures["accuracy"] + min(cell.patterns.values(), default=0.0) - 1
    for name, least in (("sss", figures["flip_rate"] * skill**2), ("core_sensitivity", answered)):
        if figures[name] < FLAT[name] * least:
            return (
                f"its probabilities are flatter than its answers with seed {cell.seed}: {name} {figures[name]:.3g}, "
                f"at least {FLAT[name] * least:.3g} expected; it answers val, where the temperature is fitted, worse "
                "than test"
            )
    return None
