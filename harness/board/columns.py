"""The columns that people read on a board: what each is called, what it means, and how its numbers are written.

Every table of rows (terminal, Markdown, LaTeX, the site, the report of `spurgen run`) is made from a board's frame and
these columns. A metric that is shown has an entry here, under its name in the frame.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from spurgen.harness.statistics.units import ANY, PROPORTION

Line = Mapping[str, Any]
"""A line of a frame: a row's values by the frame's column. A missing one is absent, None, NaN or pandas' NA."""
Place = Literal["brief", "wide", "file"]
"""Where a column is shown: in every table, in wide ones, or in CSV and JSON alone."""


@dataclass(frozen=True)
class Column:
    """A column.

    `about`: its meaning in a sentence. `style`: the format of its numbers. `interval`: whether the 95 % interval is
    written beside the number. `better`: 1 where higher is better, -1 where lower is, 0 where neither. `ends`: the
    lowest and highest value of a metric that has an interval over units. `text`: what a line shows, where that is more
    than a number.
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
    """Return a number and, if asked for and known, its interval in brackets; no zero is negative; a text as it is."""
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


def _rank(line: Line) -> str:
    """Return a rank interval: 2-4, or 2 where it is sure; nothing for a row that is not ranked."""
    if not known(line, "first_rank"):
        return ""
    first, last = line["first_rank"], line["last_rank"]
    return f"{first}" if first == last else f"{first}-{last}"


def _name(line: Line) -> str:
    mark = " (ignores the core cue)" if known(line, "ignores_core") and line["ignores_core"] else ""
    return f"{line['submission']}{mark}"


def _to_erm(line: Line) -> str:
    verdict = line.get("to_erm_verdict")
    return number(line, "to_erm", "+.3f") + (f" {verdict}" if verdict in ("better", "worse") else "")


def _sss(line: Line) -> str:
    """Return SSS with its floor: the most that one redrawn nuisance changes, or all where a row lacks that."""
    floor = "sss_floor" if known(line, "sss_floor") else "sss_placebo"
    shown = number(line, "sss", ".3f")
    return f"{shown} ({number(line, floor, '.3f')})" if known(line, floor) else shown


COLUMNS: Mapping[str, Column] = {
    "rank": Column(
        "Rank",
        "a-b among the rows of the access tier: a - 1 are significantly better; b counts the undecided as better too",
        "brief", text=_rank,
    ),
    "letters": Column("Letter", "rows of an access tier that share one do not differ significantly", "brief"),
    "submission": Column("Submission", "the row's name", "brief", text=_name),
    "access": Column("Access", "what training was given besides labels", "file"),
    "robust_accuracy": Column(
        "Robust accuracy", "the lowest accuracy of an alignment pattern, averaged over classes; ranks the rows",
        "brief", interval=True, better=1, ends=PROPORTION,
    ),
    "robust_accuracy_lowest": Column("Lowest", "robust accuracy in the world where it is lowest", better=1),
    "to_erm": Column(
        "To ERM", "robust accuracy less ERM's; better or worse where it differs significantly (Holm)", "brief", "+.3f",
        better=1, text=_to_erm,
    ),
    "gap_recovered": Column(
        "Gap recovered", "share of what shortcuts cost ERM that the row wins back", "wide", ".2f", interval=True,
        better=1,
    ),
    "wga_corrected": Column(
        "WGA", "worst-group accuracy, corrected for the bias of a minimum, so it can exceed robust accuracy",
        better=1, ends=PROPORTION,
    ),
    "reliance": Column(
        "Reliance", "how far predictions follow a channel, the largest over channels", "brief", better=-1,
        ends=(-2.0, 1.0),
    ),
    "reliance_total": Column("Total reliance", "the sum of the reliance on all channels", better=-1, ends=ANY),
    "reliance_excess": Column(
        "Excess", "the most by which reliance on a channel exceeds the ideal observer's", "wide", "+.3f", better=-1,
        ends=ANY,
    ),
    "core_use": Column(
        "Core use", "how far predictions follow the class when it alone changes", "brief", better=1, ends=(-1.0, 1.0)
    ),
    "accuracy": Column("Accuracy", "share of all test samples answered right", better=1, ends=PROPORTION),
    "sss": Column(
        "SSS (floor)", "Spurious Sensitivity Score; its floor is what redrawn nuisances alone change", better=-1,
        ends=PROPORTION, text=_sss,
    ),
    "ig": Column("IG", "Invariance Gap, nats; 0 is best", "wide", "+.2f", ends=ANY),
    "private_gap": Column(
        "Private gap", "robust accuracy less that on splits nobody has seen", "wide", "+.3f", interval=True, better=-1
    ),
    "units": Column("Worlds", "worlds that the row has, or training seeds on a task of one world", "wide", "d"),
    "verification": Column("Verified", "who ran it; self-reported is unchecked"),
    "wga": Column("WGA (raw)", "worst-group accuracy, not corrected", "file", better=1, ends=PROPORTION),
    "sss_placebo": Column("Placebo", "SSS when all nuisances are redrawn", "file", ends=PROPORTION),
    "sss_floor": Column("Floor", "SSS when the nuisance that matters most is redrawn", "file", ends=PROPORTION),
    "core_sensitivity": Column("Core sensitivity", "SSS when the class changes", "file", better=1, ends=PROPORTION),
    "cra": Column(
        "CRA", "share of base samples right on the base and on every channel twin", "file", better=1, ends=PROPORTION
    ),
    "flip_rate": Column(
        "Flip rate", "how often a redrawn channel changes the predicted class", "file", better=-1, ends=PROPORTION
    ),
}  # fmt: skip
"""By their place in a table. A frame also has columns by channel, pattern and selection rule, which only files show."""


CHANNEL = "reliance_by_channel."
"""Begins the key of the reliance on one channel, which has a column where there is room."""


def keys(*places: Place) -> list[str]:
    """Return the keys of the columns that are shown in these places, in their order."""
    return [key for key, column in COLUMNS.items() if column.place in places]


def channel_keys(lines: Sequence[Line]) -> list[str]:
    """Return the keys of the reliance on single channels that some line has."""
    return list(dict.fromkeys(key for line in lines for key in line if key.startswith(CHANNEL) and key.count(".") == 1))


def column(key: str) -> Column:
    """Return the column of a key, that of the reliance on one channel as well."""
    if key.startswith(CHANNEL):
        name = key.removeprefix(CHANNEL)
        return Column(f"on {name}", f"reliance on {name}: 1 reads nothing else, 0 ignores it", better=-1)
    return COLUMNS[key]


def short_title(key: str) -> str:
    """Return a column's title without what it has in brackets: the metric's name in a sentence or on an axis."""
    return column(key).title.partition(" (")[0]


def cell(key: str, line: Line) -> str:
    """Return what a line of a frame shows in a column; nothing where it lacks the value."""
    shown = column(key)
    return shown.text(line) if shown.text else number(line, key, shown.style, interval=shown.interval)


def filled(lines: Sequence[Line], shown: Iterable[str]) -> list[str]:
    """Return those of the keys `shown` that some line fills."""
    return [key for key in shown if any(cell(key, line) for line in lines)]


def table(lines: Sequence[Line], shown: Iterable[str]) -> list[dict[str, str]]:
    """Return a mapping from title to text per line, of the columns `shown` that some line fills.

    Lines without a rank have their access tier in its place.
    """
    if not any(line.get("ranked") for line in lines):
        shown = ["access" if key == "rank" else key for key in shown if key != "letters"]
    there = filled(lines, shown)
    return [{column(key).title: cell(key, line) for key in there} for line in lines]
