"""A benchmark that ranks methods must separate them: tiers of the score that ranks.

Tiers: the size of the largest set of rows that all differ significantly (5 %, Benjamini-Hochberg over all pairs of
rows, whatever they are given), which are *distinct*. The claim holds on a ladder or task with at least 5 tiers and
60 % of the pairs told apart. Rows that are the same in every result, such as `resample` and `reweight` where both are
solved, count once. Rows of an access tier that share a letter do not differ significantly.
"""

from functools import partial

import numpy as np

from spurgen.harness.board.columns import Line
from spurgen.harness.board.placing import tier_place
from spurgen.harness.board.standings import standings
from spurgen.harness.metrics.arrays import Bool
from spurgen.harness.plots.forest import UNIT
from spurgen.harness.statistics.standing import References, largest_distinct
from spurgen.harness.validity.answer import VERDICTS, Answer, all_passed, flat, forest_of, in_order
from spurgen.harness.validity.suite import Ranked, RankedSuite, not_run

PLACE = 3
TITLE = "Methods can be distinguished"
STILL = "Differences that are significant stand; rows with a common letter are in no known order."
WANTED = 5  # tiers, on each main ladder or task
PAIRS_WANTED = 0.6  # share of the pairs told apart, on each main ladder or task


def examine(suite: RankedSuite) -> Answer:
    """Count the tiers of the score that ranks."""
    absent = {name: task.not_run(suite.baselines) for name, task in suite.main.items()}
    ranked = {name: task for name, task in suite.tasks.items() if len(_once(task)) > 1}
    tasks = {name: _task(task, judged=absent.get(name) == []) for name, task in ranked.items()}
    missing = suite.missing({name: not_run(labels) for name, labels in absent.items() if labels})
    missing += [f"{name}: fewer than two ranked rows" for name in suite.main if name not in tasks and not absent[name]]
    rows = [line for task in ranked.values() for line in _rows(task)]
    main = [tasks[name] for name in suite.main if name in tasks]
    draw = partial(
        forest_of, [line for line in rows if line["task"] in suite.main], "robust_accuracy",
        "score (filled: rows that all differ)", filled="distinct", notes="letters", limits=UNIT,
    )  # fmt: skip
    return Answer(
        VERDICTS[all_passed(tasks[name]["holds"] if name in tasks else None for name in suite.main)],
        _summary(main) if main else "",
        {"Tiers": list(tasks.values()), "Rows": rows},
        missing,
        shown=list(suite.main),
        plot=draw if main else None,
    )


def _once(task: Ranked) -> list[str]:
    """Return the rows, best first, of several that are the same the first."""
    return list({task.units(label).tobytes(): label for label in reversed(task.full)}.values())[::-1]


def _differ(task: Ranked) -> tuple[Bool, Bool, list[str]]:
    """Return which pairs differ, which are of one access tier, bool (P,) each, and the largest set that all differ."""
    rows = _once(task)
    differ = References.of([task.units(label) for label in rows], task.spread()).differ()
    pairs, access = np.triu_indices(len(differ), 1), np.array([task.access[label] for label in rows])
    return differ[pairs], access[pairs[0]] == access[pairs[1]], [rows[k] for k in largest_distinct(differ)]


def _task(task: Ranked, *, judged: bool) -> Line:
    differ, alike, distinct = _differ(task)
    told_apart, within = float(differ.mean()), differ[alike]
    return {
        "task": task.name, "rows": len(_once(task)), "tiers": len(distinct), "pairs": len(differ),
        "told_apart": told_apart, "pairs_within": len(within),
        "told_apart_within": float(within.mean()) if len(within) else None,
        "holds": len(distinct) >= WANTED and told_apart >= PAIRS_WANTED if judged else None,
    }  # fmt: skip


def _rows(task: Ranked) -> list[Line]:
    """Return a line per row, by access tier and best first."""
    values, access, distinct = {label: task.units(label) for label in task.full}, task.access, _differ(task)[2]
    placed = standings(values, {label: access[label] for label in values}, values, task.spread()).rows
    return [
        {"task": task.name, "access": access[label], "letters": placed[label].letters, "submission": label,
         **flat(robust_accuracy=task.estimate(label)), "distinct": label in distinct}
        for label in sorted(values, key=lambda label: tier_place(access[label]))
    ]  # fmt: skip


def _summary(main: list[Line]) -> str:
    counts = in_order(f"{task['tiers']} of {task['rows']}" for task in main)
    pairs = in_order(f"{task['told_apart']:.0%} of {task['pairs']}" for task in main)
    within = in_order(f"{task['told_apart_within'] or 0:.0%} of {task['pairs_within']}" for task in main)
    return (
        f"The largest sets of rows that all differ have {counts} rows ({WANTED} wanted). Pairs told apart (equal "
        f"rows count once): {pairs} "
        f"({PAIRS_WANTED:.0%} wanted), within access tiers {within}."
    )
