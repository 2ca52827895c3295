"""An evaluation as a LaTeX table and as a figure."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.board.latex import bold, latex_table
from spurgen.harness.evaluation.figures import Evaluation
from spurgen.harness.evaluation.paired import Comparison
from spurgen.harness.machine.text import as_latex
from spurgen.harness.plots.forest import Named, Panel, forest
from spurgen.harness.statistics.comparison import Compared
from spurgen.harness.statistics.estimate import Estimate

HEAD = ("Model", "Robust", "Worst group", "Corrected", "Accuracy")
UNRANKED = r"$^{\dagger}$"


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
    rows = [_row(first, tested, 1)]
    rows += [_row(other, comparisons[k : k + 1], -1) for k, other in enumerate(others)]
    heading = f"{first.samples:,} samples, {len(first.groups)} groups"
    return latex_table(HEAD, [(heading, rows)], _caption(evaluations, tested), "tab:evaluation", columns=2)


def _row(evaluation: Evaluation, comparisons: Sequence[Comparison], sign: int) -> list[str]:
    """Return a line; bold is where all differences are significant and have this sign."""
    figures = {
        "robust_accuracy": evaluation.robust_accuracy,
        "wga": evaluation.wga_estimate,
        "corrected": evaluation.wga_corrected,
        "accuracy": evaluation.accuracy,
    }
    compared = {name: [one.metrics[name] for one in comparisons if name in one.metrics] for name in figures}
    better = {name for name, tests in compared.items() if tests and all(_is_better(test, sign) for test in tests)}
    cells = ["--" if figure is None else _cell(figure, name in better) for name, figure in figures.items()]
    return [as_latex(evaluation.name) + UNRANKED * bool(evaluation.unranked), *cells]


def _is_better(compared: Compared, sign: int) -> bool:
    return compared.significant and compared.difference * sign > 0


def _cell(estimate: Estimate, is_better: bool) -> str:
    """Return a number above its interval: side by side they would be too wide for most papers."""
    number, _, interval = estimate.text().partition(" ")
    lines = [bold(number) if is_better else number, as_latex(interval)]
    return r"\shortstack[r]{" + r"\\".join(line for line in lines if line) + "}"


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


def draw_groups(evaluations: Sequence[Evaluation]) -> Figure:
    """Draw the accuracy of every group with its interval, a panel per model, the first one's worst group on top.

    Raises `SpurgenError` for models of other groups.
    """
    first, *others = evaluations
    for other in others:
        if {group.name for group in other.groups} != {group.name for group in first.groups}:
            raise SpurgenError(f"{first.name} and {other.name} have different groups; draw them one by one")
    names = [row.name for row in sorted(first.groups, key=lambda row: row.accuracy.value)]
    panels = [Panel(each.name, {row.name: row.accuracy for row in each.groups}) for each in evaluations]
    return forest(panels, [Named(name, name) for name in names], "accuracy", limits=(-0.02, 1.02))
