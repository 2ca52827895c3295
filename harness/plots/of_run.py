"""The plots of `spurgen run`: methods compared, and each method's training curves and sensitivity."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from spurgen.benchmark.result import Result
from spurgen.harness.board.columns import Line, column, estimate_of
from spurgen.harness.plots import style
from spurgen.harness.plots.forest import UNIT, Named, Panel, forest
from spurgen.harness.plots.lines import learning_curves
from spurgen.harness.plots.of_board import named, points
from spurgen.harness.results.curves import NOT_PENALTIES, Curves, stacked_curves
from spurgen.harness.statistics.estimate import Estimate

PANELS = ("robust_accuracy", "wga", "accuracy", "sss")


def comparison(lines: Sequence[Line], ideal: Mapping[str, float]) -> Figure:
    """Draw a panel per metric, open marks for methods that are not ranked; `lines`: as `lines_of_run` returns them."""
    open_marks = {line["submission"] for line in lines if not line["ranked"]}
    panels = [Panel(column(key).title, points(lines, key), open_marks, ideal=ideal.get(key)) for key in PANELS]
    return forest(panels, named(lines, {}), "open marks: not ranked" if open_marks else "", limits=UNIT)


def sensitivity(line: Line, channels: Sequence[str], ideal: Mapping[str, float]) -> Figure:
    """Draw the SSS of each channel, and beside it that of the ideal observer."""
    found = {name: each for name in channels if (each := estimate_of(line, f"sss_by_channel.{name}"))}
    best = {name: Estimate(ideal[f"sss/{name}"]) for name in channels if f"sss/{name}" in ideal}
    panels = [Panel("channel redrawn", found), *[Panel("ideal observer", best)] * bool(best)]
    return forest(panels, [Named(name, name) for name in channels], "SSS: how far probabilities move")


def training_curves(results: Sequence[Result]) -> Figure:
    """Draw loss, accuracy, worst group and penalties over the epochs; a note below names what is missing."""
    curves = stacked_curves(results)
    wanted = {
        "Loss, as minimised" if "risk" in curves else "Loss, nats": ["loss", "risk"],
        "Accuracy on val": ["val_accuracy"],
        "Worst on val: group; agree or mislead": ["val_wga", "val_robust"],
        "Penalty" if "penalty" in curves else "The method's own terms": [n for n in curves if n not in NOT_PENALTIES],
    }
    present = {title: [name for name in names if name in curves] for title, names in wanted.items()}
    panels = {title: {n: curves[n] for n in (*names, "epoch")} for title, names in present.items() if names}
    missing = _missing(curves, results[0].access)
    with style.styled():
        figure = learning_curves(panels) if panels else style.new_figure(2, 0.4)
        figure.supxlabel("; ".join(filter(None, ["epoch, over all stages" if panels else "", missing])))
    return figure


def _missing(curves: Curves, access: str) -> str:
    if not curves:
        return "the method reports no curves"
    hidden = "" if "val_wga" in curves else f"no worst-group curve: validation groups are hidden (access: {access})"
    return "; ".join(filter(None, [hidden, "" if set(curves) - NOT_PENALTIES else "no penalty reported"]))
