"""Which columns of a table hold labels, predictions, attributes, splits and runs: named by the user, or recognised."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.suggest import suggestion
from spurgen.harness.machine.printing import listed

LABELS = ("label", "y", "y_true", "target")
PREDICTIONS = ("prediction", "pred", "y_pred", "predicted")
SPLITS = ("split", "partition")
RUNS = ("run", "seed")
FILES = ("img_filename", "filename", "file_name", "file", "path", "image", "image_id")
KEYS = ("key", "id", "image_id", *FILES)
INDEX = "index"  # a sample's number in its split, so not its name alone, in Parquet of spurgen generate
CODED_SPLITS = {"0": "train", "1": "val", "2": "test"}
LOGITS = "logit_"
FLAG = "_aligned"  # the end of the name of an attribute that says whether another goes with the label
ALIGNED, CONFLICTS = "aligned", "conflicts"
FLAGS = {"true": ALIGNED, "1": ALIGNED, "false": CONFLICTS, "0": CONFLICTS}
NO_FLAG = "is neither True nor False (nor 1 or 0), as an attribute whose name ends in _aligned must be"
IDENTITIES = ("male", "female", "LGBTQ", "christian", "muslim", "other_religions", "black", "white")


@dataclass(frozen=True)
class Columns:
    """Names of columns; None, or no attributes, for those that are to be recognised.

    `logits`: the beginning of the names of columns of logits, one per class. `codes` maps a column to the names of its
    entries; `thresholds` maps a column of shares to two names, of which .5 or more is the second.
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

    def may_matter(self, name: str) -> bool:
        """Return whether a column of that name is read: it is one of these, or may repeat the label or the split."""
        named = {self.label, self.prediction, self.key, self.run, self.split, *self.attributes}
        is_score = self.logits is not None and name.startswith(self.logits)
        return name in named or name in LABELS or name in SPLITS or is_score

    def is_flag(self, name: str) -> bool:
        """Return whether a column is an attribute that says whether another goes with the label."""
        return name in self.attributes and name.endswith(FLAG)


LAYOUTS = {
    "spurgen generate --format wilds": (  # before those whose columns it has
        {"img_filename", "y", "split", "place", "true_label"},
        Columns(label="y", attributes=("place",), key="img_filename", split="split"),
    ),
    "spurgen generate --format folder": (  # the attributes of this and the next are their flags
        {"file_name", "index", "label", "split", "true_label", "env_id", "group_id"},
        Columns(label="label", key="file_name", split="split"),
    ),
    "spurgen generate --format parquet": (
        {"index", "label", "split", "true_label", "env_id", "group_id"},
        Columns(label="label", key=INDEX, split="split"),
    ),
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
            thresholds={
                "toxicity": ("civil", "toxic"), "identity_any": ("none named", "identity named"),
                **dict.fromkeys(IDENTITIES, ("not named", "named")),
            },
        ),
    ),
    "MultiNLI": (
        {"gold_label", "sentence2_has_negation"},
        Columns(
            label="gold_label", attributes=("sentence2_has_negation",), split="split",
            codes={
                "gold_label": {"0": "contradiction", "1": "entailment", "2": "neutral"},
                "sentence2_has_negation": {"0": "no negation", "1": "negation"},
            },
        ),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Named:
    """The columns of the table in a file; `codes`: the names of their entries that the file itself gives."""

    path: Path
    columns: Sequence[str]
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def check(self, *names: str | None) -> None:
        """Raise `SpurgenError` for a name that the table lacks."""
        for name in names:
            if name is not None and name not in self.columns:
                raise SpurgenError(f"{self.path} has no column {name}; {suggestion(name, self.columns)}")

    def usual(self, names: Sequence[str], flag: str) -> str | None:
        """Return the column with one of these names, or None; raise `SpurgenError` if there are two."""
        found = [name for name in names if name in self.columns]
        if len(found) > 1:
            raise SpurgenError(f"{self.path} has the columns {found[0]} and {found[1]}; name the one to read by {flag}")
        return found[0] if found else None


def recognise(asked: Columns, about: Named, predictions: Named | None, attributes: str = "--attributes") -> Columns:
    """Complete the names that were asked for by those of a known layout, or usual ones.

    Label, attributes and split are columns of `about`; prediction, logits and run of `predictions`, which is the same
    table unless there are metadata, and None if there are none yet; the key is of both. A column that was asked for is
    read as it is, without a layout's codes, unless it has shares. Raises `SpurgenError` for a column that a table
    lacks, two columns that could be meant, no label, no attribute, an attribute twice or that is the label, or neither
    predictions nor logits; it names the flag `attributes`.
    """
    layout = next((columns for marks, columns in LAYOUTS.values() if marks <= set(about.columns)), Columns())
    flags = tuple(name for name in about.columns if name.endswith(FLAG) and name.removesuffix(FLAG) in about.columns)
    given = predictions or about
    has_logits = any(name.startswith(LOGITS) for name in given.columns)
    chosen = replace(
        asked,
        prediction=asked.prediction or given.usual(PREDICTIONS, "--prediction"),
        logits=asked.logits or (LOGITS if has_logits else None),
        label=asked.label or layout.label or about.usual(LABELS, "--label"),
        attributes=asked.attributes or layout.attributes or (flags if layout.label else ()),
        key=asked.key or layout.key or first_of([name for name in about.columns if name in given.columns], KEYS),
        run=asked.run or given.usual(RUNS, "--run"),
        split=asked.split or layout.split or about.usual(SPLITS, "--split-column"),
        thresholds=layout.thresholds,
    )
    factors = {chosen.label, *chosen.attributes}
    own = factors - {asked.label, *asked.attributes}
    codes = {name: names for name, names in layout.codes.items() if name in own}
    codes |= {name: names for name, names in about.codes.items() if name in factors}
    chosen = replace(chosen, codes=codes)
    if chosen.label is None:
        raise SpurgenError(
            f"{about.path} has no column of labels ({', '.join(LABELS)}); name it by --label; its columns are "
            f"{listed(about.columns)}"
        )
    if not chosen.attributes:
        raise SpurgenError(
            f"name the attributes that make groups by {attributes}; {about.path} has {listed(about.columns)}"
        )
    for k, name in enumerate(chosen.attributes):
        if name == chosen.label:
            raise SpurgenError(f"{attributes}: {name} is the column of labels, which makes groups anyway; leave it out")
        if name in chosen.attributes[:k]:
            raise SpurgenError(f"{attributes} names {name} twice; name every column once")
    if predictions and chosen.prediction is None and chosen.logits is None:
        raise SpurgenError(
            f"{predictions.path} has neither a column of predictions ({', '.join(PREDICTIONS)}) nor columns "
            f"{LOGITS}CLASS; name them by --prediction or --logits; its columns are {listed(predictions.columns)}"
        )
    about.check(chosen.label, *chosen.attributes, asked.split, asked.key)
    if predictions:
        predictions.check(chosen.prediction, asked.run, asked.key)
    return chosen


def first_of(present: Sequence[str], names: Sequence[str]) -> str | None:
    """Return the first of the names that is present, or None."""
    return next((name for name in names if name in present), None)
