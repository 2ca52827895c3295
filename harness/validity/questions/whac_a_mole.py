"""Curing one shortcut may feed another (Li et al. 2023): per shortcut, against ERM.

*Change* is the share of answers that follow a shortcut when it alone switches to a rival class, less ERM's, by the
moderated paired t-test over units; it is significant at 5 %, Holm over the methods and shortcuts. A mole is a shortcut
that a method follows significantly more than ERM while it follows another less. *Given*: whether the method was given
the groups of the shortcut.
"""

from collections.abc import Iterator, Sequence
from functools import partial

from spurgen.benchmark.contract import ACCESS
from spurgen.harness.board.against_erm import ERM
from spurgen.harness.board.by_unit import spread_of
from spurgen.harness.board.columns import Line
from spurgen.harness.machine.printing import and_list
from spurgen.harness.machine.text import as_markdown
from spurgen.harness.statistics.comparison import with_reference
from spurgen.harness.validity.answer import MEASURED, Answer, flat, forest_of, in_order
from spurgen.harness.validity.suite import Ranked, RankedSuite

PLACE = 7
TITLE = "Whac-a-mole: what curing one shortcut does to the others"


def examine(suite: RankedSuite) -> Answer:
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
