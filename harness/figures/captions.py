"""What stands below a figure or above a table: what is shown, of how many units, with which intervals."""

from collections.abc import Sequence

from spurgen.harness.figures.chosen import chosen
from spurgen.harness.figures.curves import with_curves
from spurgen.harness.figures.dose import on_all
from spurgen.harness.figures.patterns import with_patterns
from spurgen.harness.figures.reliance import channel_metric
from spurgen.harness.figures.sheet import METRICS, Entry, Sheet, reasons, reasons_text
from spurgen.harness.figures.surface import ROOM
from spurgen.harness.figures.terms import DEFINED, DIALS, PULL, access_defined, val_defined
from spurgen.harness.machine.printing import and_list

WORLD = "A world is one draw of a task: which values go with which class, its samples, and the initial weights."


def estimates_caption(sheets: Sequence[Sheet]) -> str:
    """Return the caption of the figure of all methods."""
    first = sheets[0]
    names = and_list([sheet.name for sheet in sheets])
    what = f"{METRICS[first.headline]} ({DEFINED[first.headline]}) on {names}: {_means(first, first.intervals)}."
    tiers = access_defined([entry for sheet in sheets for entry in sheet.entries])
    return _joined(what, _world(first), tiers, first.test, _markers(sheets), _ideal(sheets, first.headline))


def reliance_caption(sheet: Sheet) -> str:
    """Return the caption of the figure of reliance by channel."""
    metric = channel_metric(sheet) or "reliance"
    what = (
        f"{METRICS[metric]} ({DEFINED[metric]}) by channel on {sheet.name}: {_means(sheet, sheet.channel_intervals)}."
    )
    known = f"{metric}/{(sheet.channel_names(metric) or ['-'])[0]}"
    pull, tiers = PULL if metric == "reliance" else "", access_defined(sheet.entries)
    return _joined(what, pull, _world(sheet), tiers, _markers([sheet]), _ideal([sheet], known))


def patterns_caption(sheet: Sheet) -> str:
    """Return the caption of the heat map of accuracies by pattern."""
    return _joined(
        f"Accuracy by alignment pattern on {sheet.name}, means over {sheet.samples}. Dots: the channel conflicts with "
        "the class (full) or is aligned with it (open).",
        _world(sheet),
        access_defined(with_patterns(sheet)),
        _unranked([sheet], with_patterns(sheet)),
    )


def curves_caption(sheet: Sheet) -> str:
    """Return the caption of the learning curves."""
    return _joined(
        f"Learning curves on {sheet.name}: means over {sheet.samples}, bands from minimum to maximum; dotted lines: a "
        "further stage of training begins. Curves of groups are missing where a method is given no groups of val.",
        val_defined(sheet),
        _world(sheet),
        access_defined(with_curves(sheet)),
        _unranked([sheet], with_curves(sheet)),
    )


def dose_caption(sheets: Sequence[Sheet], metrics: Sequence[str]) -> str:
    """Return the caption of a dose response in these metrics."""
    first = sheets[0]
    shown = and_list([METRICS[metric].lower() for metric in metrics])
    what = f"{shown[0].upper()}{shown[1:]} against the strength of the correlation"
    few = _unranked(sheets, chosen(sheets))
    return _joined(f"{what}: {_means(first, first.intervals)}.", _world(first), _ideal(sheets, "robust_accuracy"), few)


def surface_caption(sheets: Sequence[Sheet], metric: str, dial: str) -> str:
    """Return the caption of a surface over the strength and another dial."""
    rows = f"rows{DIALS.get(dial, '')}"
    other = f"{dial.replace('_', ' ')} ({rows})" if dial else f"the tasks' other settings ({rows})"
    drawn = on_all(metric, chosen(sheets, ROOM), sheets)
    half = f"; ±: half the width of {sheets[0].intervals}, before they are cut at the ends of the metric's range"
    has_intervals = any(entry.estimates[metric].low is not None for entry in drawn)
    return _joined(
        f"{METRICS[metric]} ({DEFINED[metric]}) over the strength of the correlation (columns) and {other}: means over "
        f"{sheets[0].samples}{half if has_intervals else ''}.",
        PULL if metric == "reliance" else "",
        _world(sheets[0]),
        _unranked(sheets, drawn),
    )


def _world(sheet: Sheet) -> str:
    return WORLD if sheet.unit == "world" else ""


def _means(sheet: Sheet, intervals: str) -> str:
    return f"means over {sheet.samples}" + (f" with {intervals}" if intervals else "")


def _markers(sheets: Sequence[Sheet]) -> str:
    entries = [entry for sheet in sheets for entry in sheet.entries]
    why, own = reasons_text(entries), any(entry.own for entry in entries)
    return _joined(
        f"Open: {why}, not compared." if why else "", "A name after > is no baseline of the benchmark." if own else ""
    )


def _unranked(sheets: Sequence[Sheet], drawn: Sequence[Entry]) -> str:
    """Return which of the drawn rows are not ranked, and why; figures without intervals do not mark them."""
    names = {entry.label for entry in drawn}
    rows = [entry for sheet in sheets for entry in sheet.entries if entry.label in names]
    unranked = [f"{and_list(labels)} ({reason})" for reason, labels in reasons(rows).items()]
    return f"Not ranked: {'; '.join(unranked)}." if unranked else ""


def _ideal(sheets: Sequence[Sheet], metric: str) -> str:
    known = any(metric in sheet.ideal for sheet in sheets)
    return "Dashed: the ideal observer of the training data." if known else ""


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)
