"""The anchor's report as Markdown, and its ranking as one more table of published figures."""

import csv
import io
from collections.abc import Iterator

import numpy as np

from spurgen.harness.anchor.agreement import Agreement
from spurgen.harness.anchor.figures import MethodFigures, figures_of, reference_of
from spurgen.harness.anchor.record import AnchorData, AnchorFile
from spurgen.harness.machine.printing import and_list
from spurgen.harness.validity._agreement import CORE
from spurgen.harness.validity._published import BASELINE_OF, WGA, PublishedMetric
from spurgen.harness.validity._tables import number, table, with_interval

PROTOCOL = "SpurGen anchor"
CANNOT_SHOW = """\
**What this cannot show.** It is one data set. Methods train a hidden layer on frozen features; no network is fine-tuned
as in published results. Its loop, networks and authors are SpurGen's own, so a mistake that they share shows in both
rankings."""
SAMPLED = """\
The correlation is ours: the data as such have none. Worlds, that of tuning included, are samples of the same digits, so
intervals do not cover other data."""
OWN = """\
Worlds differ in the training seed alone, so intervals do not cover other samples."""


def to_markdown(content: AnchorFile, agreements: list[Agreement], picture: str | None) -> str:
    """Return the report; `picture`: the name of the file that shows samples, if there is one."""
    figures = figures_of(content)
    parts = [
        f"# The anchor: {content.data.name}",
        "Written by `spurgen anchor` from the results in the `.json` beside it.",
        f"{CANNOT_SHOW} {SAMPLED if content.data.sampled else OWN}",
        "## Data", describe(content),
        *([f"![Samples of every group]({picture})"] if picture else []),
        "## Methods", summary(content, figures), table([_line(name, each) for name, each in figures.items()]),
        *left_out(content),
        "## Agreement", agreement_table(agreements),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def describe(content: AnchorFile) -> str:
    """Say what the data are, what goes with what, and how many samples every group has."""
    data, worlds = content.data, worlds_of(content)
    how = "sampled, with its own train, val and test" if data.sampled else "the data set's own splits"
    lines = [
        {"Group": name, "Train": train, "Val": val, "Test": test}
        for name, train, val, test in zip(_groups(data), data.train, data.val, data.test, strict=True)
    ]
    share = sum(data.train[::2]) / sum(data.train)
    return (
        f"Classes: {and_list(data.class_names)}. Attribute: {data.attribute}, {and_list(data.values)}. It goes with "
        f"the class in {share:.0%} of train. Features: {data.encoder}. Worlds: {worlds}, each {how}; hyper-parameters "
        f"are tuned on one more, at most {content.trials} settings per method: its defaults and the draws that all "
        f"share. Numbers of epochs are multiplied by {content.stretch}.\n\n{table(lines)}"
    )


def worlds_of(content: AnchorFile) -> int:
    """Return the number of worlds of the figures."""
    return len({result.world for result in content.results if result.correct is not None})


def _groups(data: AnchorData) -> list[str]:
    kinds = ("aligned", "conflicting")
    return [f"{name}, {kind}" for name in data.class_names for kind in kinds]


def summary(content: AnchorFile, figures: dict[str, MethodFigures]) -> str:
    """Return the figures in a sentence or two."""
    reference = reference_of(content)
    if not figures:
        return "No method has figures."
    first, last = (next(iter(order)) for order in (figures, reversed(figures)))
    sentences = [
        f"Worst-group accuracy is {figures[last].estimate.value:.2f} ({last}) to {figures[first].estimate.value:.2f} "
        f"({first})."
    ]
    if "erm" in figures:
        sentences.append(f"ERM has {figures['erm'].estimate.value:.2f}.")
    if reference is not None:
        sentences.append(f"Trained on as many samples without the correlation it has {reference.mean():.2f}.")
    letters = {letter for each in figures.values() for letter in each.letters}
    sentences.append(
        f"There are {len(letters)} letters: methods that share one do not differ significantly (moderated paired tests "
        "over worlds, false discovery rate 5 % over all pairs)."
    )
    return " ".join(sentences)


def _line(name: str, each: MethodFigures) -> dict[str, object]:
    low, high = each.estimate.ends
    return {
        "Method": name, "Access": each.access, "Worst group (95 %)": with_interval(each.estimate.value, (low, high)),
        "Robust": number(each.robust), "Accuracy": number(each.accuracy),
        "Rank": f"{each.ranks[0]}-{each.ranks[1]}", "Letters": each.letters, "In tier": each.tier_letters,
        "Failed checks": "; ".join(each.failed_checks),
    }  # fmt: skip


def left_out(content: AnchorFile) -> list[str]:
    """Return a list of the methods without figures, none if there are none."""
    lines = [f"- {name}: {reason}" for name, reason in content.left_out.items()]
    return ["Left out:\n\n" + "\n".join(lines)] if lines else []


def agreement_table(agreements: list[Agreement]) -> str:
    """Return Spearman's rho with every other ranking."""
    note = (
        "Spearman's rho of the worst-group accuracies above with mean robust accuracies on SpurGen's tasks, and with "
        "published worst-group accuracies of methods that are the same algorithm. Intervals: 95 % by a bootstrap over "
        "methods and worlds. Methods that see group labels do better on most data sets, which alone gives agreement; "
        "within access tiers is the partial rank correlation given the tier."
    )
    lines = [
        {"With": each.other, "Methods": each.methods, "rho (95 %)": with_interval(each.rho, each.interval, ".2f"),
         "Within access tiers": with_interval(each.within, each.interval_within, ".2f")}
        for each in agreements
    ]  # fmt: skip
    if not lines:
        return "No other ranking shares five methods with this one."
    return "\n\n".join([note, table(lines), *_medians(agreements)])


def _medians(agreements: list[Agreement]) -> Iterator[str]:
    """Yield a sentence with the medians over the core data sets, if all are there."""
    core = [each for each in agreements if each.core and each.rho is not None and each.within is not None]
    if len(core) == len(CORE):
        rho, within = (np.median([getattr(each, name) for each in core]) for name in ("rho", "within"))
        yield f"Median over SubpopBench's {and_list(CORE)}: {rho:z.2f}, within access tiers {within:z.2f}."


def as_published(content: AnchorFile) -> list[PublishedMetric]:
    """Return the ranking as published figures, in per cent; `err` is the standard error over worlds."""
    published = {ours: theirs for theirs, ours in reversed(BASELINE_OF.items())}
    return [
        PublishedMetric(
            protocol=PROTOCOL, method=published.get(name, name), dataset=content.data.name, metric=WGA,
            value=round(100 * each.estimate.value, 2), err=_error(each), selection="val, as the access tier allows",
            source=f"spurgen anchor, {worlds_of(content)} worlds",
        )
        for name, each in figures_of(content).items()
    ]  # fmt: skip


def _error(each: MethodFigures) -> str | None:
    count = len(each.worst)
    return f"{100 * each.worst.std(ddof=1) / np.sqrt(count):.2f}" if count > 1 else None


def to_csv(published: list[PublishedMetric]) -> str:
    """Write figures in the columns of `published_wga.csv`, which `spurgen validity --published` reads."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(PublishedMetric.model_fields), lineterminator="\n")
    writer.writeheader()
    writer.writerows(each.model_dump() for each in published)
    return text.getvalue()
