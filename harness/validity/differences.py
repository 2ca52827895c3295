"""Questions about differences: which rows, how small, and whether curing one shortcut feeds another."""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
from matplotlib.figure import Figure
from scipy.special import stdtrit

from spurgen.benchmark.contract import ACCESS
from spurgen.harness.board.columns import Line
from spurgen.harness.board.placing import ERM, standings, tier_place
from spurgen.harness.board.rows import spread_of
from spurgen.harness.machine.printing import and_list, as_markdown
from spurgen.harness.metrics.arrays import Bool
from spurgen.harness.plots.forest import UNIT
from spurgen.harness.statistics.comparison import with_reference
from spurgen.harness.statistics.estimate import ALPHA
from spurgen.harness.statistics.standing import References, largest_distinct
from spurgen.harness.statistics.units import pair_errors
from spurgen.harness.validity.suite import (
    MEASURED,
    VERDICTS,
    Answer,
    Ranked,
    RankedSuite,
    all_passed,
    flat,
    forest_of,
    in_order,
    not_run,
    of_each,
    question,
)

WANTED = 5  # tiers, on each main ladder or task
PAIRS_WANTED = 0.6  # share of the pairs told apart, on each main ladder or task


@question(
    "Methods can be distinguished",
    still="Differences that are significant stand; rows with a common letter are in no known order.",
    about="""\
A benchmark that ranks methods must separate them: tiers of the score that ranks.

Tiers: the size of the largest set of rows that all differ significantly (5 %, Benjamini-Hochberg over all pairs of
rows, whatever they are given), which are *distinct*. The claim holds on a ladder or task with at least 5 tiers and
60 % of the pairs told apart. Rows that are the same in every result, such as `resample` and `reweight` where both are
solved, count once. Rows of an access tier that share a letter do not differ significantly.
""",
)
def tiers(suite: RankedSuite) -> Answer:
    """Count the tiers of the score that ranks."""
    absent = {name: task.not_run(suite.baselines) for name, task in suite.main.items()}
    ranked = {name: task for name, task in suite.tasks.items() if len(_once(task)) > 1}
    tasks = {name: _tiers_of(task, judged=absent.get(name) == []) for name, task in ranked.items()}
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
        _tiers_in_words(main) if main else "",
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


def _tiers_of(task: Ranked, *, judged: bool) -> Line:
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
    placed, _ = standings(values, {label: access[label] for label in values}, values, task.spread())
    return [
        {"task": task.name, "access": access[label], "letters": placed[label].letters, "submission": label,
         **flat(robust_accuracy=task.estimate(label)), "distinct": label in distinct}
        for label in sorted(values, key=lambda label: tier_place(access[label]))
    ]  # fmt: skip


def _tiers_in_words(main: list[Line]) -> str:
    counts = in_order(f"{task['tiers']} of {task['rows']}" for task in main)
    pairs = in_order(f"{task['told_apart']:.0%} of {task['pairs']}" for task in main)
    within = in_order(f"{task['told_apart_within'] or 0:.0%} of {task['pairs_within']}" for task in main)
    return (
        f"The largest sets of rows that all differ have {counts} rows ({WANTED} wanted). Pairs told apart (equal "
        f"rows count once): {pairs} "
        f"({PAIRS_WANTED:.0%} wanted), within access tiers {within}."
    )


POWER = 0.8


@question(
    "Minimum detectable difference",
    about="""\
How small a true difference of the score that ranks can be and still be detected, at 5 % with 80 % power.

It is (t(1 - alpha / 2) + t(power)) times the moderated standard error of the difference, for the median pair of methods
and for the pair that is noisier than nine in ten. As one of all pairs: alpha is 5 % times the share of pairs that are
told apart.
""",
)
def minimum_detectable_difference(suite: RankedSuite) -> Answer:
    """Measure the errors of all pairs of rows with enough units for a rank."""
    tasks = {name: _detectable_on(task) for name, task in suite.tasks.items() if len(task.full) > 1}
    short = [name for name in suite.tasks if name not in tasks]
    main = [tasks[name] for name in suite.main if name in tasks]
    return Answer(
        MEASURED,
        _detectable_in_words(main) if main else "",
        {"Detectable differences": list(tasks.values())},
        suite.missing(dict.fromkeys(short, "fewer than two ranked rows")),
        plot=partial(_plot_detectable, list(tasks.values())) if tasks else None,
    )


def _detectable_on(task: Ranked) -> Line:
    rows = [task.units(label) for label in task.full]
    errors, degrees = pair_errors(rows, task.spread())
    degree, pairs = float(degrees.min()), len(errors)
    told_apart = int(References.of(rows, task.spread()).differ().sum()) // 2
    line: dict[str, object] = {
        "task": task.name, "unit": task.unit, "units": min(map(len, rows)), "rows": len(rows), "pairs": pairs,
        "told_apart": told_apart, "degrees": degree,
    }  # fmt: skip
    for suffix, share in (("", 0.5), ("_noisiest", 0.9)):
        error = float(np.quantile(errors, share))
        of_all = detectable(error, degree, ALPHA * max(told_apart, 1) / pairs)
        line |= {f"error{suffix}": error, f"pair{suffix}": detectable(error, degree), f"all_pairs{suffix}": of_all}
    return line


def detectable(error: float, degrees: float, alpha: float = ALPHA) -> float:
    """Return (t(1 - alpha / 2) + t(POWER)) * error, t Student's quantile.

    `error`: the standard error of the estimated difference. A two-sided t-test at `alpha` detects a true difference of
    that size with about probability `POWER` (Cohen 1988; the other tail is neglected).
    """
    return float((stdtrit(degrees, POWER) - stdtrit(degrees, alpha / 2)) * error)


def _detectable_in_words(main: list[Line]) -> str:
    units, pairs = (
        in_order(f"{line['units']} {line['unit']}s" for line in main),
        in_order(f"{line['pairs']}" for line in main),
    )
    return f"With {POWER:.0%} power and {units}, {of_each(main, 'all_pairs')} as one of all {pairs} pairs of rows."


def _plot_detectable(lines: list[Line]) -> Figure:
    both = [
        {"of": title, "task": line["task"], "value": line[name], "value_high": line[f"{name}_noisiest"]}
        for name, title in (("pair", "one pair"), ("all_pairs", "one of all pairs"))
        for line in lines
    ]
    return forest_of(both, "value", "score (line: up to the noisiest tenth)", panel="of", row="task")


@question(
    "Whac-a-mole: what curing one shortcut does to the others",
    about="""\
Curing one shortcut may feed another (Li et al. 2023): per shortcut, against ERM.

*Change* is the share of answers that follow a shortcut when it alone switches to a rival class, less ERM's, by the
moderated paired t-test over units; it is significant at 5 %, Holm over the methods and shortcuts. A mole is a shortcut
that a method follows significantly more than ERM while it follows another less. *Given*: whether the method was given
the groups of the shortcut.
""",
)
def whac_a_mole(suite: RankedSuite) -> Answer:
    """Compare every method with ERM, channel by channel."""
    changes: dict[str, list[Line]] = {}
    missing = {}
    for name, task in suite.tasks.items():
        rows = [r for r in task.labels if all(task.has(r, f"follows/{channel}") for channel in task.task.channels)]
        if ERM in rows and len(rows) > 1:
            changes[name] = _changes(task, rows)
        elif ERM in task.labels:
            missing[name] = f"no ranked row beside {ERM}" if ERM in rows else f"{ERM} has no shares by shortcut"
        else:
            missing[name] = task.reason(ERM)
    counts = {name: _counts(name, lines) for name, lines in changes.items()}
    most = max(
        changes, key=lambda name: (len(_hidden(suite, name)) > 0, len(suite.tasks[name].task.channels)), default=""
    )
    hidden = [change for change in changes.get(most, []) if change["channel"] in _hidden(suite, most)]
    axis = f"{most}: follows, less ERM's (filled: significant)"
    return Answer(
        MEASURED,
        " ".join([*_on_main([counts[name] for name in suite.main if name in counts]), *_on_hidden(hidden)]),
        {"Methods": list(counts.values()), "Changes": [line for lines in changes.values() for line in lines]},
        suite.missing(missing),
        shown=[most],
        plot=partial(forest_of, changes[most], "change", axis, panel="channel", filled="significant") if most else None,
    )


def _hidden(suite: RankedSuite, name: str) -> set[str]:
    task = suite.tasks[name].task
    return set(task.channels) - set(task.annotated)


def _changes(task: Ranked, labels: list[str]) -> list[Line]:
    channels = task.task.channels
    values = {channel: {label: task.units(label, f"follows/{channel}") for label in labels} for channel in channels}
    spreads = {channel: spread_of(f"follows/{channel}", rows, labels) for channel, rows in values.items()}
    return [
        {"task": task.name, "submission": label, "channel": channel, "access": task.access[label],
         "given": _given(task, label, channel), "erm": float(values[channel][ERM].mean()),
         **flat(change=test.estimate), "p": test.p, "p_holm": test.p_holm, "significant": test.significant}
        for label, tests in with_reference(values, ERM, labels, spreads).items()
        for channel, test in tests.items()
    ]  # fmt: skip


def _given(task: Ranked, label: str, channel: str) -> bool:
    grant = ACCESS.get(task.access[label])
    return bool(grant and (grant.val_groups or grant.train_groups)) and channel in task.task.annotated


def _counts(name: str, lines: list[Line]) -> Line:
    """Count the methods that follow less than ERM somewhere, those of them with a mole, and the others with a rise."""
    changed = [line for line in lines if line["significant"]]
    rises = {line["submission"] for line in changed if line["change"] > 0}
    falls = {line["submission"] for line in changed if line["change"] < 0}
    moles = [f"{line['submission']}: {line['channel']}" for line in changed
             if line["change"] > 0 and line["submission"] in falls]  # fmt: skip
    return {
        "task": name, "methods": len({line["submission"] for line in lines}), "less_on_some": len(falls),
        "moved": len(rises & falls), "only_more": len(rises - falls), "moles": moles,
    }  # fmt: skip


def _on_main(counts: Sequence[Line]) -> Iterator[str]:
    """Say of each main ladder or task how many methods follow some shortcut less than ERM, and another more."""
    if counts:
        methods, less, moved, more = (
            in_order(str(each[name]) for each in counts) for name in ("methods", "less_on_some", "moved", "only_more")
        )
        names = (list(dict.fromkeys(mole.partition(":")[0] for mole in each["moles"])) for each in counts)
        moles = in_order(and_list(each) if each else "none" for each in names)
        yield (
            f"Of {methods} methods, {less} follow some shortcut significantly less than ERM, {moved} of these another "
            f"more ({as_markdown(moles)}); besides, {more} follow some more and none less."
        )


def _on_hidden(lines: Sequence[Line]) -> Iterator[str]:
    """Say how far the shortcut that training is not told of is followed where most follow it."""
    if lines:
        worst = max(lines, key=lambda line: line["change"])
        task, name, channel, erm = (worst[key] for key in ("task", "submission", "channel", "erm"))
        yield (
            f"On {as_markdown(task)}, whose training is not told of {channel}, {as_markdown(name)} follows it in "
            f"{erm + worst['change']:.0%}, ERM in {erm:.0%}."
        )
