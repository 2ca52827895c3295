"""Definitions for captions: metrics, access tiers, and the dials of a surface."""

from collections.abc import Sequence

from spurgen.benchmark.contract import ACCESS
from spurgen.harness.figures.curves import with_curves
from spurgen.harness.figures.sheet import Entry, Sheet
from spurgen.harness.machine.printing import and_list

DEFINED = {
    "robust_accuracy": "the lowest accuracy, averaged over classes, of an alignment pattern",
    "reliance": "the signed pull of a channel over that of a predictor that reads the channel alone; 1: reads nothing "
    "else, 0: ignores it",
    "sss": "how far the probability of the true class moves when the channel is redrawn",
}
"""Metrics of a channel, and the headline, in the brackets behind their names."""
PULL = "Signed pull: how far showing a channel's value raises the probability of the classes that go with it."
COLUMNS = {
    "wga_corrected": "WGA: worst-group accuracy, corrected for the bias of a minimum.",
    "reliance": f"Largest reliance: the largest over channels of {DEFINED['reliance']}.",
    "core_use": "Core use: how much probability follows the class when it alone changes.",
    "accuracy": "Accuracy: share of test samples classified correctly.",
    "sss": "SSS: spurious sensitivity score, the mean over channels of how far the probability of the true class moves "
    "when the channel is redrawn.",
    "ig": "IG: invariance gap, the loss where channels are aligned less that where they are redrawn, in nats.",
}
"""Metrics of a row, as sentences for the caption of a table."""
SHOWN_TO = {
    "none": "nothing",
    "envs": "the environment of every training sample",
    "val_groups": "the groups of the validation samples",
    "train_groups": "the groups and environments of all training and validation samples",
    "twins": "every training sample with its channels redrawn, which no real data have",
}
"""What each access tier is shown besides inputs and labels."""
DIALS = {"core_size": "; 1: a radius of 19 % of the image's side"}
"""Units of the dials of a surface."""


def access_defined(entries: Sequence[Entry]) -> str:
    """Return what the access tiers of some rows are shown, in a sentence; empty if none is known."""
    tiers = {entry.access for entry in entries}
    shown = [f"{tier}, {what}" for tier, what in SHOWN_TO.items() if tier in tiers]
    listed = "; ".join(shown)
    return f"Methods are grouped by access, what training sees besides inputs and labels: {listed}." if listed else ""


def val_defined(sheet: Sheet) -> str:
    """Return how val differs between access tiers whose curves are drawn; empty if it does not."""
    number = sheet.task.scenario.num_balanced_val if sheet.task else 0
    drawn = dict.fromkeys(entry.access for entry in with_curves(sheet) if entry.access in ACCESS)
    balanced = [tier for tier in drawn if ACCESS[tier].balanced_val]
    plain = [tier for tier in drawn if tier not in balanced]
    if sheet.task is None or not (number and balanced and plain):
        return ""
    share = number / sheet.task.scenario.splits.val
    return (
        f"Val differs by access: rows of {and_list(plain)} have only the val samples that are drawn as train is; those "
        f"of {and_list(balanced)} also have {number:,} that are balanced over groups, {100 * share:.0f} % of their "
        "val, on which shortcuts fail. Accuracies on val are not comparable between the two."
    )
