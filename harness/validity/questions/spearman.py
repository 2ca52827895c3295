"""How far a ranking of methods agrees with published ones: a fact, since published ones do not agree within tiers.

Spearman's rho between our mean scores and published worst-group accuracies. *Within* is the partial rank
correlation given our method's access tier (Liu et al. 2018): a method's residual is the share of its tier that it beats
less the share that beats it, and rho is the correlation of the residuals. It depends on the order within tiers alone,
has the scale of rho, and a tier with one method adds nothing. *Of access* ranks methods by one bit: whether they use
the group labels of train. *By WGA* orders our methods by worst-group accuracy too.

*The four* are Waterbirds, CelebA, MultiNLI and CivilComments in SubpopBench's protocol, *among* is their median with
one another. Intervals: bootstrap over the methods and, for ours, over units.

Protocols differ in what they let a method see, so a table is comparable with our rows as far as both see the same.
Tables with fewer than five common methods have no rho, but their pairs count: how many have the same order. The pairs
of one protocol's data sets are not independent.
"""

from functools import partial

from spurgen.harness.board.columns import Line
from spurgen.harness.validity.agreement import CORE, agreement, core_medians
from spurgen.harness.validity.answer import MEASURED, Answer, flat, forest_of, melted, of_each
from spurgen.harness.validity.published import NOT_THE_SAME, comparable_tables, worst_group_tables
from spurgen.harness.validity.suite import RankedSuite, not_run

PLACE = 4
TITLE = "Agreement of the ranking with published ones"
SHOWN = {
    "rho": "the four, median", "rho_within": "within access tiers", "by_wga": "by our WGA",
    "of_access": "of access alone", "among": "the four with one another", "among_within": "the same, within tiers",
}  # fmt: skip
"""Medians of a task in its plot."""
COUNTS = ("same_order", "pairs", "same_order_within", "pairs_within")


def examine(suite: RankedSuite) -> Answer:
    """Correlate the mean scores of every ladder and task with every published table."""
    tables, by_name = comparable_tables(suite.published), worst_group_tables(suite.published)
    wanted = [name for name in suite.baselines if any(name in table for table in tables.values())]
    medians: dict[str, Line] = {}
    details: list[Line] = []
    missing = {}
    for name, task in suite.tasks.items():
        found = [agreement(task, source, tables, by_name, suite.baselines) for source in tables]
        absent = task.not_run(wanted)
        if any(table and table["rho"] is not None for table in found):
            details += [table for table in found if table]
            own = core_medians(tables, suite.baselines, task)
            medians[name] = {"task": name, **flat(**own)}
        if name in suite.main and (absent or name not in medians):
            missing[name] = not_run(absent) if absent else "too few ranked methods"
    main = [medians[name] for name in suite.main if "rho" in medians.get(name, {})]
    lines = list(medians.values())
    draw = partial(forest_of, melted(lines, SHOWN), "value", "Spearman's rho", limits=(-1.05, 1.05))
    return Answer(
        MEASURED,
        _summary(main) if main else "",
        {
            "Medians over the four": lines, "Pairs in the same order": _by_protocol(details),
            "Published tables": details, "Left out, though of the same name": _left_out(),
        },
        suite.missing(missing),
        shown=list(suite.main),
        plot=draw if main else None,
    )  # fmt: skip


def _by_protocol(details: list[Line]) -> list[Line]:
    """Sum the pairs over a protocol's data sets."""
    sums: dict[tuple[object, ...], dict[str, int]] = {}
    for table in details:
        key = table["task"], table["protocol"], table["sees"]
        known = sums.setdefault(key, dict.fromkeys(COUNTS, 0))
        sums[key] = {count: known[count] + table[count] for count in COUNTS}
    return [{"task": key[0], "protocol": key[1], "sees": key[2], **counts} for key, counts in sums.items()]


def _left_out() -> list[Line]:
    return [
        {"protocol": protocol, "method": method, "the_published_one": how}
        for protocol, methods in NOT_THE_SAME.items()
        for method, how in methods.items()
    ]


def _summary(main: list[Line]) -> str:
    shown = {name: of_each(main, name) for name in (*SHOWN, "less_access")}
    return (
        f"The median rho with {', '.join(CORE)} is {shown['rho']}, within access tiers {shown['rho_within']}. "
        f"Access alone reaches {shown['of_access']}, so ours differs from it by {shown['less_access']}, and the four "
        f"with one another {shown['among']}, within tiers {shown['among_within']}."
    )
