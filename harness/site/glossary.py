"""What the words of tables mean, and what our own methods do."""

import ast
import re
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from markupsafe import Markup

from spurgen.harness.board.baseline_rows import is_baseline_row
from spurgen.harness.results.rows import TaskRow
from spurgen.harness.site.boards import TIERS
from spurgen.harness.site.columns import CHANNELS, Column
from spurgen.harness.site.markdown import inline

TIER = "Access"
PATTERN = {"Alignment pattern": "which shortcuts agree with the class and which conflict; three have eight patterns"}
FULLER = {
    "WGA": "worst-group accuracy: the lowest of any class with any set of conflicting channels, corrected for the bias "
    "of a minimum",
    "SSS": "spurious sensitivity score: how far the true class's probability moves when the channel changes",
    "IG": "invariance gap: loss, in nats, where all channels agree with the class less loss where they are redrawn",
}
"""What columns show, where their tooltips are too short."""
WORDS = {
    "Channel": "something in a scene that is not its class and goes with it in training: a shortcut",
    "Group": "all samples of a class in which the same channels conflict",
    "World": "one draw of a task: which values go with which class, its samples, and the initial weights",
    "Environment": "a part of the training samples in which channels go with the class to the same degree",
    "Baseline": "a method that comes with the benchmark; other rows are submissions",
}
"""Words that titles and notes use."""
OF_ROWS = {
    "Reliance": "the largest reliance on any channel",
    f"{CHANNELS} a channel": "1: as a reader of the channel alone; 0: ignores it",
    "Total reliance": "sum of the reliances on all channels: 1 for a mixture of readers of single channels, whatever "
    "their weights; 0 where no channel is used",
    "Signed pull": "probability that a class gains where the value that goes with it is shown; reliance is it "
    "over that of a reader of the channel alone",
    "Flip rate": "share of twins whose answer differs from the base's",
    "Decoded from features": "how well a linear probe reads the channel from the features; chance is one over its "
    "number of values",
}
"""Terms of a row's page, beside those of a board."""


def terms(columns: Iterable[Column]) -> dict[str, str]:
    """Return the titles of a board's columns with what they show; those of the channels are one."""
    titled = {f"{CHANNELS} a channel" if column.group == CHANNELS else column.title: column.about for column in columns}
    fuller = {title: about for title, about in FULLER.items() if title in titled}
    tiers = "; ".join(f"{name}: {about}" for name, about in TIERS.items())
    return {TIER: f"what a method was given. {tiers}"} | PATTERN | WORDS | titled | fuller


def method_name(row: Iterable[TaskRow]) -> str:
    """Return the full name of a method of ours, such as `Learning from failure`; empty for a stranger's row."""
    said = method_in_words(row)
    return re.split(r" \(|[:.]", said.striptags(), maxsplit=1)[0] if said else ""


def method_in_words(row: Iterable[TaskRow]) -> Markup | None:
    """Return what a method of ours does and its paper, from its module; None for a stranger's row."""
    parts = list(row)
    if not parts or not all(map(is_baseline_row, parts)):
        return None
    module = find_spec(parts[0].results[0].spec.partition(":")[0])
    if module is None or module.origin is None:
        return None
    text = ast.get_docstring(ast.parse(Path(module.origin).read_text(encoding="utf-8"))) or ""
    first, *others = [" ".join(paragraph.split()) for paragraph in text.split("\n\n")]
    complete = ": " in first and re.search(r"\b\d{4}\b", first)
    return inline(" ".join([first, *([] if complete else others[:1])]))
