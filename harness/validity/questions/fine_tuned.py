"""Frozen features may order methods otherwise than encoders that are trained: the same ladder with both.

Spearman's rho between the methods' ladder scores with frozen and with fine-tuned encoders, in the worlds that both
have, with a 95 % interval by a bootstrap over the methods; and of the pairs of methods, how many have the same order,
of all and within an access tier.
"""

from functools import partial

import numpy as np

from spurgen.harness.board.columns import Line
from spurgen.harness.board.placing import tier_place
from spurgen.harness.plots.forest import UNIT
from spurgen.harness.statistics.estimate import Estimate
from spurgen.harness.validity.answer import MEASURED, VERDICTS, Answer, flat, forest_of, of_each
from spurgen.harness.validity.correlation import MIN_METHODS, as_strata, correlate, orders_kept
from spurgen.harness.validity.suite import Ranked, RankedSuite

PLACE = 10
TITLE = "Agreement of the ranking with that of fine-tuned encoders"


def examine(suite: RankedSuite) -> Answer:
    """Compare every ladder whose encoders are trained with that of the same worlds and inputs whose are frozen."""
    pairs = {
        name: (frozen, tuned)
        for name, tuned in suite.tasks.items() if tuned.task.backbone == "finetuned"
        for frozen in suite.tasks.values() if _same_inputs(frozen, tuned)
    }  # fmt: skip
    asked = {name: both for name, both in pairs.items() if len(_common(*both)) >= MIN_METHODS}
    rows = [row for both in asked.values() for row in _rows(*both)]
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


def _rows(frozen: Ranked, tuned: Ranked) -> list[Line]:
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
