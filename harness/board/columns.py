"""A board's frame: its lines, and the columns: the title of each, its meaning, and the format of its numbers.

Every table of rows (terminal, Markdown, LaTeX, the site, pandas, reports) is made from lines and these columns. A
metric that is shown has an entry here, under its name in the frame.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from spurgen.harness.machine.printing import p_text, typed
from spurgen.harness.statistics.comparison import Compared
from spurgen.harness.statistics.estimate import ENDS, Estimate, end_columns
from spurgen.harness.statistics.needed import in_words
from spurgen.harness.statistics.units import ANY, PROPORTION

if TYPE_CHECKING:
    from pandas import DataFrame

Line = Mapping[str, Any]
"""A line of a frame: a row's values by the frame's column. A missing one is absent, None, NaN or pandas' NA."""
Record = dict[str, Any]
"""A line that is being made."""
Place = Literal["brief", "wide", "file", "report"]
"""Where a column is shown: in every table of a board, in wide ones, only in CSV and JSON, or only in reports."""


@dataclass(frozen=True)
class Column:
    """A column.

    `about`: its meaning in a sentence. `style`: the format of its numbers. `interval`: whether the 95 % interval is
    written beside the number. `better`: 1 where higher is better, -1 where lower is, 0 where neither. `ends`: the
    lowest and highest value of a metric that has an interval over units. `text`: returns what a line shows, where that
    is more than a number.
    """

    title: str
    about: str
    place: Place = "wide"
    style: str = ".3f"
    interval: bool = False
    better: int = 0
    ends: tuple[float, float] | None = None
    text: Callable[[Line], str] | None = None


def known(line: Line, key: str) -> bool:
    """Return whether a line has a value."""
    value = line.get(key)
    return value is not None and str(value) not in ("", "nan", "<NA>")


def number(line: Line, key: str, style: str, *, interval: bool = False) -> str:
    """Return a number and, if asked for and known, its interval in brackets; zero has no sign; text stays as it is."""
    if not known(line, key):
        return ""
    value = line[key]
    if isinstance(value, str):
        return value
    style = style.replace(".", "z.")
    shown = format(value, style)
    if interval and known(line, f"{key}_low"):
        shown += f" [{line[f'{key}_low']:{style}}, {line[f'{key}_high']:{style}}]"
    return shown


def estimate_of(line: Line, key: str) -> Estimate | None:
    """Return a number of a line with its interval, or None."""
    return None if line.get(key) is None else Estimate(line[key], line.get(f"{key}_low"), line.get(f"{key}_high"))


def _rank(line: Line) -> str:
    """Return a rank interval, such as 2-4, or 2 if both ends agree; empty for a row that is not ranked."""
    if not known(line, "first_rank"):
        return ""
    first, last = line["first_rank"], line["last_rank"]
    return f"{first}" if first == last else f"{first}-{last}"


def _place(line: Line) -> str:
    """Return a place with the interval of places, such as 2 [1, 4]."""
    ends = [f"{line[f'place{end}']:.0f}" for end in ENDS] if known(line, "place_low") else []
    return number(line, "place", "d") + (f" [{', '.join(ends)}]" if len({*ends}) > 1 else "")


def _needed(line: Line) -> str:
    return number(line, "counterexamples_text", "")


def needed_words(line: Line) -> str:
    """Return how many counterexamples a line's row needs, in words; empty where that is not known."""
    return in_words(_needed(line))


def _to_erm(line: Line) -> str:
    """Return the counterexamples needed as a multiple of ERM's, or the difference where there is none."""
    if ratio := number(line, "counterexamples_to_erm_text", ""):
        return ratio
    verdict = line.get("to_erm_verdict")
    return number(line, "to_erm", "+.3f") + (f" {verdict}" if verdict in ("better", "worse") else "")


COLUMNS: Mapping[str, Column] = {
    "rank": Column(
        "Rank",
        "a-b among the rows of the access tier: a - 1 are significantly better, at most b - 1 may be",
        "brief", text=_rank,
    ),
    "letters": Column("Letter", "rows of an access tier that share one do not differ significantly", "brief"),
    "submission": Column("Submission", "the row's name", "brief"),
    "access": Column("Access", "what training was given besides labels", "file"),
    "robust_accuracy": Column(
        "Accuracy if misled",
        "accuracy averaged over classes where shortcuts mislead, or agree or are neutral if lower; on a rung with "
        "things that training never shows, over a ladder the mean over its rungs above 0, the ladder score; ranks the "
        "rows",
        "brief", interval=True, better=1, ends=PROPORTION,
    ),
    "lowest_where": Column(
        "Lowest where",
        "which of the three accuracies is the lowest and counts, on a ladder rung by rung; training shows no neutral "
        "values",
    ),
    "accuracy_agree": Column("Agreeing", "accuracy where all shortcuts agree with the class", better=1,
                             ends=PROPORTION),
    "accuracy_neutral": Column("Neutral", "accuracy where shortcuts go with no class; ladders have it", better=1,
                               ends=PROPORTION),
    "accuracy_mislead": Column(
        "Misled", "accuracy where all shortcuts mislead; outside ladders also by values of no class", "file", better=1,
        ends=PROPORTION,
    ),
    "counterexamples": Column(
        "Counterexamples",
        "how many training samples in which shortcuts mislead the row needs to reach three quarters of the ladder's "
        "ceiling, with a 95 % interval over worlds",
        "brief", ".0f", better=-1, text=_needed,
    ),
    "follows": Column(
        "Follows",
        "share of answers that become the rival class when all shortcuts switch to it; outside ladders shortcuts "
        "switch one at a time, and the one that is followed most counts",
        "brief", better=-1, ends=PROPORTION,
    ),
    "uses_thing": Column(
        "Uses the thing", "share of samples answered right both before and after the thing alone is exchanged", "brief",
        better=1, ends=PROPORTION,
    ),
    "wga": Column(
        "WGA", "worst-group accuracy: the lowest of a class where each shortcut agrees or misleads", "brief", better=1,
        ends=PROPORTION,
    ),
    "accuracy": Column("Accuracy", "share of all test samples answered right", better=1, ends=PROPORTION),
    "sss": Column("SSS", "Spurious Sensitivity Score", better=-1, ends=PROPORTION),
    "ig": Column("IG", "Invariance Gap, nats; 0 is best", "wide", "+.2f", ends=ANY),
    "to_erm": Column(
        "To ERM",
        "counterexamples needed as a multiple of ERM's, with a 95 % interval over worlds; on a task accuracy if misled "
        "less ERM's, and better or worse where that differs significantly (Holm)",
        "brief", "+.3f", better=1, text=_to_erm,
    ),
    "units": Column("Worlds", "worlds that the row has, or training seeds on a task of one world", "wide", "d"),
    "verification": Column("Verified", "who ran it; self-reported is unchecked"),
    "model": Column("Model", "the model's name", "report"),
    "method": Column("Method", "its name", "report",
                     text=lambda line: line["submission"] + " (not ranked)" * (line.get("ranked") is False)),
    "samples": Column("Samples", "number of samples", "report", ",d"),
    "runs": Column("Runs", "number of runs", "report", "d"),
    "wga_corrected": Column("WGA, corrected", "worst-group accuracy less the bias of a minimum", "report", better=1),
    "weighted_accuracy": Column("Accuracy, weighted as in train", "groups count as in train", "report", better=1),
    "balanced_accuracy": Column("Balanced accuracy", "every class counts alike", "report", better=1),
    "worst_class_f1": Column("Worst-class F1", "the lowest F1 score of a class", "report", better=1),
    "auroc": Column("AUROC", "area under the ROC curve, of two classes", "report", better=1),
    "nll": Column("Negative log-likelihood, nats", "mean over samples", "report", better=-1),
    "brier": Column("Brier score, 0 to 2", "mean over samples", "report", better=-1),
    "ece": Column("Calibration error, 15 bins", "expected error of the top class", "report", better=-1),
    "group": Column("Group", "a label with a value of every attribute", "report"),
    "checkpoint": Column("Checkpoint", "what the rule selects, run by run", "report"),
    "metric": Column("Metric", "what is compared", "report", text=lambda line: column(line["metric"]).title),
    "other": Column("Other", "what it is compared with", "report"),
    "first_mean": Column("First", "of the first", "report"),
    "other_mean": Column("Other's", "of the other", "report"),
    "difference": Column("Difference", "the first less the other", "report", "+.3f", interval=True),
    "p_holm": Column("p (Holm)", "corrected for all tests", "report", text=lambda line: p_text(line.get("p_holm"))),
    "significant": Column("Significant", "at 5 % after the correction", "report",
                          text=lambda line: "yes" if line["significant"] else "no"),
    "labels": Column("Labels", "what stands for the classes", "report"),
    "measure": Column("Measure", "what the means are of", "report"),
    "ladder": Column("Ladder", "on which ladder", "report"),
    "rung": Column("Counterexamples", "in train", "report", ",d"),
    "seen_mislead": Column("On seen things", "accuracy if misled on things of train", "report", better=1),
    "encoder": Column("Encoder", "what gives the features", "report"),
    "width": Column("Features", "their number", "report", "d"),
    "l2": Column("l2", "strength of the penalty, chosen on val", "report", ".0e"),
    "place": Column("Place", "among the rows of the access tier, in the half where it is worse", "report", "d",
                    text=_place),
    "regret": Column(
        "Regret", "how many times as many as the best of its tier it needs, on the ladder where that is most", "report",
        text=lambda line: line.get("regret_text", ""),
    ),
    "ladder_score": Column("Ladder score", "accuracy if misled, mean over the rungs above 0", "report", better=1),
}  # fmt: skip
"""The columns in reading order; `column` also describes those of single channels."""
CHANNEL = "follows_by_channel."
"""Prefix of the keys of how often answers follow one channel; tables show these columns where there is room."""
NEEDED_ON = "needed_on."
"""Prefix, in reports, of the counterexamples needed on a ladder."""
NEEDED_IN = "needed_in."
"""Prefix of the counterexamples needed over the ladders of a half."""
MEAN_AT = "mean_at."
"""Prefix, in reports, of the mean of a measure with a number of counterexamples."""
L2_AT = "l2_at."
"""Prefix, in reports, of the strength of the penalty that was chosen with a number of counterexamples."""


def keys(*places: Place) -> list[str]:
    """Return the keys of the columns that are shown in these places, in their order."""
    return [key for key, shown in COLUMNS.items() if shown.place in places]


def board_keys(lines: Sequence[Line], *places: Place) -> list[str]:
    """Return `keys`, with the keys of single shortcuts that some line has after `follows`."""
    shown = keys(*places)
    at = shown.index("follows") + 1
    return [*shown[:at], *channel_keys(lines), *shown[at:]]


def halves_keys(lines: Sequence[Line]) -> list[str]:
    """Return the keys of the columns of a suite's halves."""
    found = dict.fromkeys(key for line in lines for key in line if key.startswith(NEEDED_IN))
    halves = [key for key in found if not key.endswith((*ENDS, "_text"))]
    return ["place", "submission", *halves, "regret"]


def channel_keys(lines: Sequence[Line]) -> list[str]:
    """Return the keys of how often answers follow single channels that some line has."""
    found = dict.fromkeys(key for line in lines for key in line if key.startswith(CHANNEL))
    return [key for key in found if key.count(".") == 1 and not key.endswith(ENDS)]


def column(key: str) -> Column:
    """Return the column of a key, including keys of single channels."""
    if (name := key.removeprefix(CHANNEL)) != key:
        about = f"share of answers that become the rival class when {name} alone switches to it"
        return Column(f"on {name}", about, better=-1)
    if (name := key.removeprefix(NEEDED_ON)) != key:
        return Column(name, f"counterexamples needed on {name}", "report")
    if (name := key.removeprefix(NEEDED_IN)) != key:
        about = f"counterexamples needed, geometric mean over the {name} ladders"
        return Column(f"N {name}", about, "report", text=lambda line: line.get(f"{key}_text", ""))
    if (number := key.removeprefix(MEAN_AT)) != key:
        return Column(f"m = {number}", f"mean with {number} counterexamples", "report", ".2f")
    if (number := key.removeprefix(L2_AT)) != key:
        return Column(f"m = {number}", f"strength of the penalty with {number} counterexamples", "report", ".0e")
    return COLUMNS[key]


def cell(key: str, line: Line, intervals: bool = False) -> str:
    """Return what a line of a frame shows in a column; nothing where it lacks the value.

    `intervals`: whether every number shows the interval that it has, not only those of the board.
    """
    shown = column(key)
    return shown.text(line) if shown.text else number(line, key, shown.style, interval=intervals or shown.interval)


def filled(lines: Sequence[Line], shown: Iterable[str]) -> list[str]:
    """Return the keys among `shown` that some line fills."""
    return [key for key in shown if any(cell(key, line) for line in lines)]


def table(lines: Sequence[Line], shown: Iterable[str]) -> list[dict[str, str]]:
    """Return a mapping from title to text per line, of the columns `shown` that some line fills.

    Lines without a rank have their access tier in its place.
    """
    if not any(line.get("ranked") for line in lines):
        shown = ["access" if key == "rank" else key for key in shown if key != "letters"]
    there = filled(lines, shown)
    return [{column(key).title: cell(key, line) for key in there} for line in lines]


TEXTS = (
    "suite", "task", "submission", "name", "access", "letters", "unit", "to_erm_verdict", "isolation", "asked_again",
    "verification", "reason", "lowest_where", "counterexamples_text", "counterexamples_to_erm_text",
    "model", "split", "worst", "group", "checkpoint", "metric", "other", "verdict", "ladder", "encoder",
    "labels", "measure",
)  # fmt: skip
WHOLE = ("first_rank", "last_rank", "of", "units", "to_erm_units")
TRUE_OR_FALSE = ("ranked", "significant")


def frame_of(lines: Sequence[Record]) -> "DataFrame":
    """Return lines as a table with typed columns; a metric that no line has gets no column."""
    return typed(lines, texts=TEXTS, whole=WHOLE, flags=TRUE_OR_FALSE)


def entries(name: str, estimate: Estimate | None) -> Record:
    """Return the columns of an estimate: its value, and the ends of its interval where it has one; none for None."""
    if estimate is None:
        return {}
    return with_ends(name, estimate.value, None if estimate.low is None else estimate.ends)


def compared_lines(names: Record, metrics: Mapping[str, Compared]) -> list[Record]:
    """Return a line per metric of two sides that were compared, which begins with their `names`."""
    return [
        {**names, "metric": metric, "first_mean": each.first, "other_mean": each.second,
         **with_ends("difference", each.difference, each.interval), "p": each.p, "p_holm": each.p_holm,
         "significant": each.significant}
        for metric, each in metrics.items()
    ]  # fmt: skip


def with_ends(name: str, value: float, ends: tuple[float | None, float | None] | None) -> Record:
    """Return a number, and the ends of its interval where it has one."""
    return {name: value} | end_columns(name, ends)
