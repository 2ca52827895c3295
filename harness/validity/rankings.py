"""Questions about rankings: whether another world, another task or trained encoders would turn them round."""

from functools import partial
from itertools import combinations

import numpy as np

from spurgen.harness.board.columns import Line
from spurgen.harness.board.placing import tier_place
from spurgen.harness.machine.printing import as_markdown
from spurgen.harness.plots.forest import UNIT
from spurgen.harness.statistics.estimate import Estimate
from spurgen.harness.validity.agreement import MIN_METHODS, Access, as_strata, correlate, means, orders_kept, rank_rho
from spurgen.harness.validity.suite import (
    MEASURED,
    VERDICTS,
    Answer,
    Ranked,
    RankedSuite,
    flat,
    forest_of,
    in_order,
    number,
    of_each,
    question,
)

MIN_ON_BOTH = 10  # methods; with fewer, an interval spans nearly all of -1 to 1


@question(
    "Agreement of the ranking with itself",
    about="""\
A ranking that another world, or another main ladder or task, would turn round says little about methods.

Between units: Spearman's rho between the scores of the same methods in two worlds of a ladder or task, or with two
training seeds where a task has one world: the mean over all pairs, and the lowest. The leaderboard ranks means over all
of them, which vary less. Between tasks: rho between the mean scores, over the methods that are ranked on both, and the
partial rank correlation given the access tier; intervals are 95 % by a bootstrap over the methods.
""",
)
def reliability(suite: RankedSuite) -> Answer:
    """Correlate the rankings of all pairs of units, and of all pairs of tasks."""
    ranked = {name: task for name, task in suite.tasks.items() if len(task.full) >= MIN_METHODS}
    units = {name: _between_units(task) for name, task in ranked.items()}
    found = [_between_tasks(first, second, suite.baselines) for first, second in combinations(ranked.values(), 2)]
    pairs = [pair for pair in found if pair]
    return Answer(
        MEASURED,
        _reliability_in_words([units[name] for name in suite.main if name in units], pairs, set(suite.main)),
        {"Between units of a task": list(units.values()), "Between tasks": pairs},
        suite.missing({name: "fewer than five ranked rows" for name in suite.main if name not in ranked}),
    )


def _between_units(task: Ranked) -> Line:
    """Return mean and lowest rho over all pairs of units, None if all methods tie in all units but one."""
    shared = min(len(task.units(label)) for label in task.full)
    by_unit = np.array([task.units(label)[:shared] for label in task.full]).T
    rhos = np.array([rank_rho(first, second) for first, second in combinations(by_unit, 2)])
    known = rhos[~np.isnan(rhos)]
    mean, lowest = (float(known.mean()), float(known.min())) if len(known) else (None, None)
    return {
        "task": task.name, "unit": task.unit, "units": shared, "methods": len(task.full), "rho": mean,
        "lowest": lowest,
    }  # fmt: skip


def _between_tasks(first: Ranked, second: Ranked, access: Access) -> Line | None:
    methods = sorted(set(first.full) & set(second.full))
    if len(methods) < MIN_ON_BOTH:
        return None
    ours, theirs, name = means(first, methods), means(second, methods), f"{first.name}/{second.name}"
    strata = as_strata([access[method] for method in methods])
    rhos = flat(rho=correlate(ours, theirs, None, name), rho_within_tiers=correlate(ours, theirs, None, name, strata))
    return {"first": first.name, "second": second.name, "methods": len(methods), **rhos}


def _reliability_in_words(units: list[Line], pairs: list[Line], main: set[str]) -> str:
    if not units:
        return ""
    rhos = in_order(f"{number(line['rho'])} (lowest {number(line['lowest'])})" for line in units)
    between = [
        f"{number(pair['rho'])}, within access tiers {number(pair['rho_within_tiers'])} "
        f"({as_markdown(pair['first'])} - {as_markdown(pair['second'])})"
        for pair in sorted(pairs, key=lambda pair: {pair["first"], pair["second"]} <= main, reverse=True)
        if {pair["first"], pair["second"]} & main
    ]
    words = f" Between tasks: {'; '.join(between)}." if between else ""
    return f"Spearman's rho between two worlds or seeds: {rhos}.{words}"


@question(
    "Agreement of the ranking with that of fine-tuned encoders",
    about="""\
Frozen features may order methods otherwise than encoders that are trained: the same ladder with both.

Spearman's rho between the methods' ladder scores with frozen and with fine-tuned encoders, in the worlds that both
have, with a 95 % interval by a bootstrap over the methods; and of the pairs of methods, how many have the same order,
of all and within an access tier.
""",
)
def fine_tuned(suite: RankedSuite) -> Answer:
    """Compare every ladder whose encoders are trained with that of the same worlds and inputs whose are frozen."""
    pairs = {
        name: (frozen, tuned)
        for name, tuned in suite.tasks.items() if tuned.task.backbone == "finetuned"
        for frozen in suite.tasks.values() if _same_inputs(frozen, tuned)
    }  # fmt: skip
    asked = {name: both for name, both in pairs.items() if len(_common(*both)) >= MIN_METHODS}
    rows = [row for both in asked.values() for row in _tuned_rows(*both)]
    found = [_together(name, [row for row in rows if row["task"] == name]) for name in asked]
    return Answer(
        MEASURED if found else VERDICTS[None] if pairs else "not judged: no ladder trains encoders",
        " ".join(map(_sentence, found)),
        {"Ladders": found, "Methods": rows},
        [_missing(tuned) for name, (_, tuned) in pairs.items() if name not in asked],
        shown=list(asked),
        plot=partial(forest_of, rows, "fine_tuned", "ladder score with trained encoders", limits=UNIT)
        if rows else None,
    )  # fmt: skip


def _same_inputs(frozen: Ranked, tuned: Ranked) -> bool:
    seen = [(ranked.task.scenario.name, ranked.task.modality) for ranked in (frozen, tuned)]
    return frozen.task.backbone == "frozen" and seen[0] == seen[1]


def _common(frozen: Ranked, tuned: Ranked) -> list[str]:
    """Return the methods on both, without those that have fewer worlds than others."""
    labels = set(tuned.alike) & set(frozen.alike)
    return sorted(labels, key=lambda label: (tier_place(tuned.access[label]), label))


def _missing(tuned: Ranked) -> str:
    tasks = " ".join(f"{tuned.name}-{m}" for m in tuned.curves if m)
    return (
        f"{tuned.name}: fewer than five methods on both; `spurgen benchmark --tasks {tasks} --submissions erm resample "
        "group_dro jtt dfr contrastive --seeds 0-2` makes what is missing"
    )


def _tuned_rows(frozen: Ranked, tuned: Ranked) -> list[Line]:
    """Return the ladder scores of the methods on both, over the worlds that all of them have."""
    labels = _common(frozen, tuned)
    worlds = min(len(ranked.units(label)) for ranked in (frozen, tuned) for label in labels)
    return [
        {"task": tuned.name, "access": tuned.access[label], "submission": label, "worlds": worlds,
         "frozen": float(frozen.units(label)[:worlds].mean()),
         **flat(fine_tuned=Estimate(float(tuned.units(label)[:worlds].mean())))}
        for label in labels
    ]  # fmt: skip


def _together(name: str, rows: list[Line]) -> Line:
    frozen, tuned = (np.array([row[key] for row in rows]) for key in ("frozen", "fine_tuned"))
    strata = as_strata([row["access"] for row in rows])
    return {
        "task": name, "methods": len(rows), "worlds": rows[0]["worlds"],
        **flat(rho=correlate(frozen, tuned, None, name)), **orders_kept(frozen, tuned, strata),
    }  # fmt: skip


def _sentence(line: Line) -> str:
    worlds = f"{line['worlds']} world{'s' * (line['worlds'] > 1)}"
    return (
        f"Over {line['methods']} methods and {worlds}, Spearman's rho is {of_each([line], 'rho')}; "
        f"{line['same_order']} of {line['pairs']} pairs have the same order, within access tiers "
        f"{line['same_order_within']} of {line['pairs_within']}."
    )
