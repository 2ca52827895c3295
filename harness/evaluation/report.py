"""An evaluation as a report of lines of the board's frame, as a LaTeX table, and as a figure."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.board.columns import Record, compared_lines, entries
from spurgen.harness.board.formats import lines_latex
from spurgen.harness.board.report import Report, Table
from spurgen.harness.evaluation.figures import Comparison, Evaluation, Selected
from spurgen.harness.evaluation.predictions import SHOWN
from spurgen.harness.machine.printing import listed, one_line, p_equals
from spurgen.harness.statistics.comparison import Compared

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FEW = 10  # samples of a group, below which the corrected worst-group accuracy was not tested
NAMES = {"robust_accuracy": "accuracy if misled", "wga": "worst-group accuracy", "accuracy": "accuracy"}
SPOKEN = {"agree": "where all attributes agree with the class", "mislead": "where all mislead"}
UNRANKED = " \N{DAGGER}"
MODELS = (
    "samples", "runs", "accuracy", "robust_accuracy", "accuracy_agree", "accuracy_mislead", "wga", "wga_corrected",
    "weighted_accuracy", "balanced_accuracy", "worst_class_f1", "auroc", "nll", "brier", "ece",
)  # fmt: skip
SELECTED = ("model", "checkpoint", "accuracy", "weighted_accuracy", "balanced_accuracy", "wga", "worst_class_f1")
TESTS = ("metric", "model", "other", "first_mean", "other_mean", "difference", "p_holm")
PAPER = ("model", "robust_accuracy", "wga", "wga_corrected", "accuracy")
"""Keys of the columns that are shown of models, of rules that select a checkpoint, of tests, and in a paper."""


def report_of(
    evaluations: Sequence[Evaluation], comparisons: Sequence[Comparison] = (), selections: Sequence[Selected] = ()
) -> Report:
    """Return the report on models and the tests between them, or on what rules that select a checkpoint reach."""
    evaluations = [each.evaluation for each in selections] or evaluations
    lines = list(map(line_of, evaluations))
    about: dict[str, object] = {"models": {each.name: _header(each) for each in evaluations}}
    groups = [
        Table("groups", [{"model": each.name, **line} for line in group_lines(each)], ("group", "samples", "accuracy"),
              f"{one_line(each.name)}: accuracy of each group alone", intervals=True)
        for each in evaluations
    ]  # fmt: skip
    if selections:
        about |= {"checkpoints": {each.evaluation.name: each.checkpoints for each in selections}}
        named = [listed(list(dict.fromkeys(each.checkpoints)), SHOWN) for each in selections]
        chosen = [line | {"checkpoint": text} for line, text in zip(lines, named, strict=True)]
        rules = Table("models", chosen, SELECTED, intervals=True)
        return Report("evaluate", "Checkpoints", how_selected(selections), [rules, *groups], about=about)
    parts: list[Table | str] = []
    for each, own in zip(evaluations, groups, strict=True):
        parts += [summary(each), own]
    parts.append(Table("models", lines, MODELS, intervals=True, by="model"))
    if comparisons:
        tests = [line for one in comparisons
                 for line in compared_lines({"model": one.first, "other": one.second}, one.metrics)]  # fmt: skip
        parts.append(Table("comparisons", tests, TESTS))
    verdict = " ".join([*map(comparison_summary, comparisons), how_tested(comparisons)]) if comparisons else ""
    return Report("evaluate", "Predictions", verdict, parts, about=about)


def line_of(evaluation: Evaluation) -> Record:
    """Return a model's figures as a line of the board's frame."""
    calibration = evaluation.calibration
    losses = {"nll": calibration.nll, "brier": calibration.brier} if calibration else {}
    line: Record = {
        "model": evaluation.name, "split": evaluation.split, "samples": evaluation.samples,
        "unused_lines": evaluation.unused_lines, "runs": evaluation.runs, "ranked": evaluation.unranked is None,
        "reason": evaluation.unranked, "worst": evaluation.worst,
    }  # fmt: skip
    figures = {
        "accuracy": evaluation.accuracy, "robust_accuracy": evaluation.robust_accuracy,
        **{f"accuracy_{name}": estimate for name, estimate in evaluation.states.items()},
        "wga": evaluation.wga_estimate, "wga_corrected": evaluation.wga_corrected,
        "weighted_accuracy": evaluation.weighted_accuracy, "balanced_accuracy": evaluation.balanced_accuracy,
        **losses,
    }  # fmt: skip
    for name, estimate in figures.items():
        line |= entries(name, estimate)
    return line | {
        "worst_class_f1": evaluation.worst_class_f1, "auroc": evaluation.auroc, "ece": calibration and calibration.ece
    }  # fmt: skip


def group_lines(evaluation: Evaluation) -> list[Record]:
    """Return a line per group, the least accurate first."""
    groups = sorted(evaluation.groups, key=lambda group: group.accuracy.value)
    return [{"group": each.name, "samples": each.samples, **entries("accuracy", each.accuracy)} for each in groups]


def _header(evaluation: Evaluation) -> dict[str, object]:
    """Return what is known of a model besides figures."""
    names = ("missing", "missing_states", "unaligned", "aligned", "flags", "class_order")
    return {name: getattr(evaluation, name) for name in names}


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
    what = NAMES[name]
    if not compared.significant:
        return f"{first} and {second} do not differ significantly in {what}: {size}, {p_equals(compared.p_holm)}."
    better, worse = (first, second) if compared.difference > 0 else (second, first)
    return f"{better} beats {worse} in {what}: {first} less {second} is {size}, {p_equals(compared.p_holm)}."


def how_selected(selections: Sequence[Selected]) -> str:
    """Return how checkpoints were selected, in sentences."""
    figures = selections[0].evaluation
    each = f" for each of {figures.runs} runs" if figures.runs > 1 else ""
    return (
        f"Each rule takes the best checkpoint by its metric{each}, the first of equally good ones, and is shown on "
        f"{_samples(figures)}. The oracle chooses by worst-group accuracy on {figures.split}: no method may."
    )


def to_json(
    evaluations: Sequence[Evaluation], comparisons: Sequence[Comparison], selections: Sequence[Selected] = ()
) -> str:
    """Return all figures as JSON; a NaN is an error."""
    return report_of(evaluations, comparisons, selections).to_json()


def to_latex(evaluations: Sequence[Evaluation], comparisons: Sequence[Comparison]) -> str:
    """Return a table with a line per model; `comparisons` are of the first with each of the others.

    Figures are bold if significantly better than the first model's, and in the first model's line if significantly
    better than all others'. Raises `SpurgenError` unless there is no comparison, or one for each other model in order.
    """
    first, *others = evaluations
    pairs = [(comparison.first, comparison.second) for comparison in comparisons]
    if pairs and pairs != [(first.name, other.name) for other in others]:
        raise SpurgenError("the comparisons are not of the first model with each of the others in order")
    tested = [comparison for comparison in comparisons if not comparison.unranked]
    better = {first.name: _better(tested, 1)} | {one.second: _better([one], -1) for one in comparisons}
    lines = [
        line_of(each) | {"model": each.name + UNRANKED * bool(each.unranked), "bold": better.get(each.name, ())}
        for each in evaluations
    ]
    heading = f"{first.samples:,} samples, {len(first.groups)} groups"
    caption = _caption(evaluations, tested)
    return lines_latex([(heading, lines)], "evaluation", caption, shown=PAPER, stacked=True)


def _better(comparisons: Sequence[Comparison], sign: int) -> set[str]:
    """Return the metrics in which all comparisons, of which there is one, are significant and have this sign."""
    tests = {name: [one.metrics[name] for one in comparisons if name in one.metrics] for name in NAMES}
    return {
        name for name, own in tests.items()
        if own and all(test.significant and test.difference * sign > 0 for test in own)
    }  # fmt: skip


def _caption(evaluations: Sequence[Evaluation], tested: Sequence[Comparison]) -> str:
    counts = sorted({evaluation.runs for evaluation in evaluations})
    over = "samples and runs" if counts[0] > 1 else "samples, and runs if several" if counts[-1] > 1 else "samples"
    runs = f"{' or '.join(map(str, counts))} run{'s' * (counts[-1] > 1)}"
    said = f"Means over {runs}, with 95 % intervals over {over}; that of the worst group is simultaneous."
    said += "".join(f" †: {why}, not compared." for why in dict.fromkeys(e.unranked for e in evaluations) if why)
    if not tested:
        return said
    first = evaluations[0].name
    than = f" than {first}, or where {first} is better than all others" if len(tested) > 1 else ""
    mcnemar = "; McNemar's exact test for accuracy with one run each" if any(one.mcnemar for one in tested) else ""
    return f"{said} Bold: significantly better{than} (paired bootstrap{mcnemar}; Holm-corrected over all tests, 5 %)."


def draw_groups(evaluations: Sequence[Evaluation]) -> "Figure":
    """Draw the accuracy of every group with its interval, a panel per model, the first one's worst group on top.

    Raises `SpurgenError` for models of other groups.
    """
    from spurgen.harness.plots.forest import Named, Panel, forest  # imported late: matplotlib is slow to import

    first, *others = evaluations
    for other in others:
        if {group.name for group in other.groups} != {group.name for group in first.groups}:
            raise SpurgenError(f"{first.name} and {other.name} have different groups; draw them one by one")
    names = [line["group"] for line in group_lines(first)]
    panels = [Panel(each.name, {row.name: row.accuracy for row in each.groups}) for each in evaluations]
    return forest(panels, [Named(name, name) for name in names], "accuracy", limits=(-0.02, 1.02))
