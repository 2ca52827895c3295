"""An evaluation as sentences, as tables for a terminal, and as JSON."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from rich.table import Table

from spurgen.harness.evaluation.figures import Evaluation
from spurgen.harness.evaluation.paired import Comparison
from spurgen.harness.evaluation.predictions import SHOWN
from spurgen.harness.evaluation.selection import Selected
from spurgen.harness.machine.printing import listed, p_equals, p_text, terminal_table
from spurgen.harness.machine.text import one_line
from spurgen.harness.statistics.comparison import Compared

SCHEMA_VERSION = 9
FEW = 10  # samples of a group, below which the corrected worst-group accuracy was not tested
NAMES = {"robust_accuracy": "Accuracy if misled", "wga": "Worst-group accuracy", "accuracy": "Accuracy"}
SPOKEN = {"agree": "where all attributes agree with the class", "mislead": "where all mislead"}


def shown(
    evaluations: Sequence[Evaluation], comparisons: Sequence[Comparison], selections: Sequence[Selected] = ()
) -> Iterator[str | Table]:
    """Yield what a terminal shows: each model and the tests, or the results of rules that select a checkpoint."""
    if selections:
        yield selection_table(selections)
        yield how_selected(selections)
        return
    for evaluation in evaluations:
        yield summary(evaluation)
        yield from tables(evaluation)
    if comparisons:
        yield "\n".join([*map(comparison_summary, comparisons), how_tested(comparisons)])
        yield comparison_table(comparisons)


def summary(evaluation: Evaluation) -> str:
    """Return the main figures, in sentences."""
    runs = f", mean of {evaluation.runs} runs" if evaluation.runs > 1 else ""
    lowest_of = " (the lowest group of each run, averaged)" if evaluation.runs > 1 else ""
    count = len(evaluation.groups)
    said = [
        f"{evaluation.name}: accuracy {evaluation.accuracy.text()} on {_samples(evaluation)}{runs}.",
        f"Its worst group is {evaluation.worst}: worst-group accuracy {evaluation.wga_estimate.text()}{lowest_of}, an "
        f"interval for all {count} groups at once; corrected for being a minimum over {count} groups "
        f"{evaluation.wga_corrected.text()}.",
    ]
    if evaluation.unranked:
        said.append(f"It is not ranked: {evaluation.unranked}.")
    if evaluation.robust_accuracy is not None:
        lowest = min(evaluation.states, key=lambda name: evaluation.states[name].value)
        said.append(f"Accuracy if misled is {evaluation.robust_accuracy.text()}, {SPOKEN[lowest]}.")
        said += [f"What goes with the classes: {_mapped(evaluation)}."] if evaluation.aligned else []
    elif evaluation.missing_states:
        where = " or ".join(SPOKEN[name] for name in evaluation.missing_states)
        said.append(f"Accuracy if misled is not known: {where}, a class has no sample.")
    else:
        said.append(f"Accuracy if misled is not known: {evaluation.unaligned}.")
    if evaluation.flags:
        said.append(f"The data say of every sample whether these go with its class: {', '.join(evaluation.flags)}.")
    if evaluation.class_order is not None:
        said.append(f"Its scores were read in the order of the classes: {listed(evaluation.class_order)}.")
    if evaluation.missing:
        said.append(f"Left out, since they have no sample: {listed(evaluation.missing, SHOWN, '; ')}.")
    if (smallest := min(group.samples for group in evaluation.groups)) < FEW:
        said.append(
            f"The smallest group has {smallest} sample{'s' * (smallest > 1)}: with fewer than {FEW}, do not rely on "
            "the corrected worst-group accuracy."
        )
    said.append(f"Intervals: 95 %, over {'samples and runs' if evaluation.runs > 1 else 'samples, of this run'}.")
    return one_line(" ".join(said))


def _mapped(evaluation: Evaluation) -> str:
    """Return which value of each attribute goes with which class: place: landbird = land, waterbird = water."""
    pairs = {name: [f"{k} = {v}" for k, v in values.items()] for name, values in evaluation.aligned.items()}
    return "; ".join(f"{name}: {listed(each)}" for name, each in pairs.items())


def _samples(evaluation: Evaluation) -> str:
    split = "" if evaluation.split is None else f" of split {evaluation.split}"
    lines = f"{evaluation.unused_lines:,} other line{'s' * (evaluation.unused_lines > 1)} not used"
    return f"{evaluation.samples:,} samples{split}" + (f" ({lines})" if evaluation.unused_lines else "")


def tables(evaluation: Evaluation) -> list[Table]:
    """Return tables of the groups, of where attributes agree or mislead, other metrics, and the calibration."""
    groups = terminal_table("Group", "Samples", "Accuracy of each group alone")
    for row in sorted(evaluation.groups, key=lambda row: row.accuracy.value):
        groups.add_row(row.name, f"{row.samples:,}", row.accuracy.text())
    made = [groups]
    if evaluation.states:
        states = terminal_table("Attributes", "Accuracy, mean over classes")
        for name, estimate in evaluation.states.items():
            states.add_row(SPOKEN[name], estimate.text())
        made.append(states)
    others = terminal_table("Metric", "")
    if evaluation.weighted_accuracy is not None:
        others.add_row("accuracy, groups weighted as in train", evaluation.weighted_accuracy.text())
    others.add_row("balanced accuracy", evaluation.balanced_accuracy.text())
    others.add_row("worst-class F1", f"{evaluation.worst_class_f1:.3f}")
    if evaluation.auroc is not None:
        others.add_row("AUROC", f"{evaluation.auroc:.3f}")
    made.append(others)
    if evaluation.calibration is not None:
        calibration = terminal_table("Calibration", "")
        calibration.add_row("negative log-likelihood, nats", evaluation.calibration.nll.text())
        calibration.add_row("Brier score, 0 to 2", evaluation.calibration.brier.text())
        calibration.add_row("expected calibration error, 15 bins", f"{evaluation.calibration.ece:.3f}")
        made.append(calibration)
    return made


def comparison_summary(comparison: Comparison) -> str:
    """Return in which metrics which of two models is better, in sentences."""
    first, second = comparison.first, comparison.second
    if comparison.unranked:
        reasons = "; ".join(f"{name} is {reason}" for name, reason in comparison.unranked.items())
        return one_line(f"{first} and {second} are not compared: {reasons}.")
    return one_line(" ".join(_verdict(first, second, name, one) for name, one in comparison.metrics.items()))


def how_tested(comparisons: Sequence[Comparison]) -> str:
    """Return how models were compared, in sentences."""
    comparisons = [comparison for comparison in comparisons if not comparison.unranked]
    if not comparisons:
        return "Nothing was tested."
    over = "metrics and models" if len(comparisons) > 1 else "metrics"
    said = [f"Tests: {comparisons[0].samples:,} samples; p-values are Holm-corrected over the {over}."]
    for which, having in (
        ("runs of the same name are paired", [c.paired_runs for c in comparisons]),
        ("the bootstrap of samples is paired", [not c.paired_runs for c in comparisons]),
        ("samples have no names (--key), so they are paired by their positions", [not c.by_name for c in comparisons]),
        ("a single run is taken to vary as the other model's", [min(c.runs) == 1 < max(c.runs) for c in comparisons]),
        ("accuracy is tested by McNemar's exact test", [c.mcnemar for c in comparisons]),
    ):
        if any(having):
            models = [c.second for c, has in zip(comparisons, having, strict=True) if has]
            said.append(f"{which[0].upper()}{which[1:]}." if all(having) else f"{listed(models)}: {which}.")
    return one_line(" ".join(said))


def _verdict(first: str, second: str, name: str, compared: Compared) -> str:
    size = compared.estimate.text("+.3f")
    what = NAMES[name].lower()
    if not compared.significant:
        return f"{first} and {second} do not differ significantly in {what}: {size}, {p_equals(compared.p_holm)}."
    better, worse = (first, second) if compared.difference > 0 else (second, first)
    return f"{better} beats {worse} in {what}: {first} less {second} is {size}, {p_equals(compared.p_holm)}."


def comparison_table(comparisons: Sequence[Comparison]) -> Table:
    """Return a line per metric and model that the first one was compared with."""
    several = len(comparisons) > 1
    others = "Other" if several else comparisons[0].second
    table = terminal_table("", comparisons[0].first, others, "Difference", "p, Holm")
    for name in comparisons[0].metrics:
        for comparison in comparisons:
            compared = comparison.metrics[name]
            difference = compared.estimate.text("+.3f")
            line = f"{NAMES[name]}, {comparison.second}" if several else NAMES[name]
            means = f"{compared.first:.3f}", f"{compared.second:.3f}"
            table.add_row(line, *means, difference, p_text(compared.p_holm))
    return table


def selection_table(selections: Sequence[Selected]) -> Table:
    """Return a line per selection rule: the checkpoints that it selects, and their figures."""
    table = terminal_table(
        "Selected by", "Checkpoint", "Accuracy", "Weighted", "Balanced", "Worst group", "Worst-class F1"
    )
    for selected in selections:
        figures = selected.evaluation
        weighted = "-" if figures.weighted_accuracy is None else f"{figures.weighted_accuracy.value:.3f}"
        table.add_row(
            figures.name, listed(list(dict.fromkeys(selected.checkpoints)), SHOWN), figures.accuracy.text(),
            weighted, f"{figures.balanced_accuracy.value:.3f}", figures.wga_estimate.text(),
            f"{figures.worst_class_f1:.3f}",
        )  # fmt: skip
    return table


def how_selected(selections: Sequence[Selected]) -> str:
    """Return how checkpoints were selected, in sentences."""
    figures = selections[0].evaluation
    each = f" for each of {figures.runs} runs" if figures.runs > 1 else ""
    return (
        f"Each rule takes the best checkpoint by its metric{each}, the first of equally good ones, and is shown on "
        f"{_samples(figures)}. The oracle chooses by worst-group accuracy on {figures.split}: no method may. "
        "Weighted: accuracy, groups weighted as in train."
    )


def to_json(
    evaluations: Sequence[Evaluation], comparisons: Sequence[Comparison], selections: Sequence[Selected] = ()
) -> str:
    """Return all figures as JSON; a NaN is an error."""
    record = {
        "schema_version": SCHEMA_VERSION,
        "evaluations": [asdict(evaluation) for evaluation in evaluations],
        "comparisons": [asdict(comparison) for comparison in comparisons],
        "checkpoints": {selected.evaluation.name: selected.checkpoints for selected in selections},
    }
    return json.dumps(record, indent=1, allow_nan=False) + "\n"
