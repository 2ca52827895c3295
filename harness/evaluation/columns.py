"""Which columns of a table hold labels, answers, attributes, splits and runs: named by the user, or recognised."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.suggest import suggestion

LABELS = ("label", "y", "y_true", "target")
PREDICTIONS = ("prediction", "pred", "y_pred", "predicted")
SPLITS = ("split", "partition")
RUNS = ("run", "seed")
KEYS = ("key", "id", "image_id", "img_filename", "filename", "file_name")
CODED_SPLITS = {"0": "train", "1": "val", "2": "test"}
LOGITS = "logit_"


@dataclass(frozen=True)
class Columns:
    """Names of columns; None, or no attributes, where they are to be recognised.

    `logits`: the beginning of the names of columns of logits, one per class. `codes` maps a column to the names of its
    entries; `thresholds` holds columns of shares, where .5 or more counts as the second of two names.
    """

    label: str | None = None
    prediction: str | None = None
    logits: str | None = None
    attributes: tuple[str, ...] = ()
    key: str | None = None
    run: str | None = None
    split: str | None = None
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    thresholds: Mapping[str, tuple[str, str]] = field(default_factory=dict)


LAYOUTS = {
    "Waterbirds": (
        {"img_filename", "y", "split", "place"},
        Columns(
            label="y", attributes=("place",), key="img_filename", split="split",
            codes={"y": {"0": "landbird", "1": "waterbird"}, "place": {"0": "land", "1": "water"}},
        ),
    ),
    "CelebA": (
        {"image_id", "Blond_Hair", "Male"},
        Columns(
            label="Blond_Hair", attributes=("Male",), key="image_id",
            codes={
                "Blond_Hair": {"-1": "dark hair", "0": "dark hair", "1": "blond hair"},
                "Male": {"-1": "female", "0": "female", "1": "male"},
            },
        ),
    ),
    "CivilComments": (
        {"toxicity", "identity_any"},
        Columns(
            label="toxicity", attributes=("identity_any",), split="split",
            thresholds={"toxicity": ("civil", "toxic"), "identity_any": ("none named", "identity named")},
        ),
    ),
}  # fmt: skip


def recognise(present: Sequence[str], asked: Columns, where: str, *, answered: bool = True) -> Columns:
    """Complete the names that were asked for by those of a known layout, or usual ones.

    Raises `SpurgenError` for a column that the table lacks, no label, no attribute, or, if samples are `answered`,
    neither answers nor logits.
    """
    layout = next((columns for marks, columns in LAYOUTS.values() if marks <= set(present)), Columns())
    chosen = replace(
        asked,
        label=asked.label or layout.label or _usual(present, LABELS),
        attributes=asked.attributes or layout.attributes,
        key=asked.key or layout.key or _usual(present, KEYS),
        run=asked.run or _usual(present, RUNS),
        split=asked.split or layout.split or _usual(present, SPLITS),
        codes=layout.codes,
        thresholds=layout.thresholds,
    )
    if not chosen.prediction and not chosen.logits:
        has_logits = any(name.startswith(LOGITS) for name in present)
        chosen = replace(chosen, prediction=_usual(present, PREDICTIONS), logits=LOGITS if has_logits else None)
    if chosen.label is None:
        raise SpurgenError(
            f"{where} has no column of labels ({', '.join(LABELS)}); name it by --label: {_list(present)}"
        )
    if not chosen.attributes:
        raise SpurgenError(f"name the attributes that make groups by --attributes; {where} has {_list(present)}")
    if answered and chosen.prediction is None and chosen.logits is None:
        raise SpurgenError(
            f"{where} has neither a column of answers ({', '.join(PREDICTIONS)}) nor columns {LOGITS}CLASS; name them "
            f"by --prediction or --logits: {_list(present)}"
        )
    for name in (
        chosen.label,
        *chosen.attributes,
        *filter(None, (chosen.prediction, asked.key, asked.run, asked.split)),
    ):
        if name not in present:
            raise SpurgenError(f"{where} has no column {name}; {suggestion(name, present)}")
    return chosen


def _usual(present: Sequence[str], names: Sequence[str]) -> str | None:
    return next((name for name in names if name in present), None)


def _list(present: Sequence[str]) -> str:
    shown = ", ".join(present[:12])
    return shown if len(present) <= 12 else f"{shown}, ..."
