"""Predictions from a table, with labels and attributes from the same table or from a data set's metadata."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.suggest import one_of, suggestion
from spurgen.harness.anchor.dataset import aligned_values
from spurgen.harness.evaluation.columns import CODED_SPLITS, Columns, recognise
from spurgen.harness.evaluation.predictions import Attribute, Predictions
from spurgen.harness.evaluation.runs import rows_of_runs
from spurgen.harness.evaluation.tables import categories, check, in_order, logits, places, read_file, texts
from spurgen.harness.metrics import softmax
from spurgen.harness.metrics.arrays import Bool, Int64

TRAIN, TEST = "train", "test"
Aligned = Mapping[str, Mapping[str, str]]


def read_predictions(
    path: Path,
    asked: Columns,
    *,
    metadata: Path | None = None,
    split: str | None = None,
    aligned: Aligned | None = None,
) -> Predictions:
    """Read a table of predictions.

    `metadata`: a table of labels, attributes and splits, joined by a key that both have. `split`: the samples to
    evaluate; default: `test`, where there are several splits. `aligned` maps attributes to the value that goes with
    each class; where it does not, train samples tell. Raises `SpurgenError`, with the file, line and column, for
    anything that would have to be guessed or left out.
    """
    table = read_file(path)
    source, about = (path, table) if metadata is None else (metadata, read_file(metadata))
    columns = recognise(list(dict.fromkeys([*about.columns, *table.columns])), asked, f"{path}")
    labelled = _labelled(source, about, columns, split)
    facts = labelled.facts
    if metadata is None:
        table = table[labelled.inside]
    else:
        table, facts = _matched(path, table, metadata, about, facts, columns)
    runs = rows_of_runs(path, table, facts, columns)
    first = next(iter(runs.values()))
    classes = labelled.classes
    if columns.logits is None:
        answers, probs = _answers(path, table, columns, classes), None
    else:
        scores = logits(path, table, columns.logits, classes)
        answers, probs = scores.argmax(axis=1), np.stack([softmax(scores[rows]) for rows in runs.values()])
    return Predictions(
        name=path.stem,
        classes=classes,
        labels=places(facts.iloc[first, 0], classes),
        attributes=labelled.attributes(facts.iloc[first], aligned or {}),
        predicted=np.stack([answers[rows] for rows in runs.values()]),
        runs=tuple(runs),
        probs=probs,
        keys=None if columns.key is None else tuple(texts(path, table, columns.key).iloc[first]),
    )


def read_samples(
    path: Path, asked: Columns, texts_in: str | None = None, *, split: str | None = None, aligned: Aligned | None = None
) -> tuple[Predictions, list[str]]:
    """Read labelled samples without answers, and their keys, or instead of these the texts in the column `texts_in`.

    Arguments and errors are those of `read_predictions`.
    """
    table = read_file(path)
    columns = recognise(list(table.columns), asked, f"{path}", answered=False)
    shown = texts_in or columns.key
    if shown is None or shown not in table.columns:
        raise SpurgenError(f"{path} has no column {shown or 'of file names'}; name it by --texts, or files by --key")
    labelled = _labelled(path, table, columns, split)
    facts, inside = labelled.facts, table[labelled.inside]
    samples = Predictions(
        name=path.stem,
        classes=labelled.classes,
        labels=places(facts.iloc[:, 0], labelled.classes),
        attributes=labelled.attributes(facts, aligned or {}),
        predicted=np.zeros((1, len(facts)), np.int64),
        runs=("1",),
        keys=None if columns.key is None else tuple(texts(path, inside, columns.key)),
    )
    return samples, list(texts(path, inside, shown))


@dataclass(frozen=True)
class _Labelled:
    """What a table says of its samples: label and attributes as names, those of train too, and which are evaluated."""

    path: Path
    columns: Columns
    inside: Bool
    facts: pd.DataFrame
    train: pd.DataFrame | None

    @property
    def classes(self) -> tuple[str, ...]:
        label = self.facts.iloc[:, 0]
        return in_order(label, self.columns, str(label.name))

    def attributes(self, facts: pd.DataFrame, aligned: Aligned) -> tuple[Attribute, ...]:
        """Return the attributes of samples, with the value that goes with each class where that is known."""
        return tuple(self._attribute(name, facts, aligned.get(name)) for name in self.columns.attributes)

    def _attribute(self, name: str, facts: pd.DataFrame, aligned: Mapping[str, str] | None) -> Attribute:
        values, classes, train = in_order(facts[name], self.columns, name), self.classes, self.train
        ids = places(facts[name], values)
        if aligned is not None:
            return Attribute(name, values, ids, _given(name, values, classes, aligned))
        if train is None or set(train.iloc[:, 0]) != set(classes) or not set(train[name]) <= set(values):
            return Attribute(name, values, ids)
        try:
            labels = places(train.iloc[:, 0], classes)
            return Attribute(name, values, ids, aligned_values(labels, places(train[name], values), f"{self.path}"))
        except SpurgenError:  # classes share the value that goes with them, so there are no patterns
            return Attribute(name, values, ids)


def _labelled(path: Path, table: pd.DataFrame, columns: Columns, split: str | None) -> _Labelled:
    inside, in_train = _splits(path, table, columns, split)
    train = _facts(path, table[in_train], columns) if in_train.any() else None
    return _Labelled(path, columns, inside, _facts(path, table[inside], columns), train)


def _splits(path: Path, table: pd.DataFrame, columns: Columns, split: str | None) -> tuple[Bool, Bool]:
    """Return which rows are of the split to evaluate, and which of train, bool (n,) each."""
    if columns.split is None or columns.split not in table.columns:
        if split:
            raise SpurgenError(f"{path} has no column of splits, from which --split {split} could be taken")
        return np.ones(len(table), bool), np.zeros(len(table), bool)
    entries = texts(path, table, columns.split)
    if set(entries) <= CODED_SPLITS.keys():
        entries = entries.map(CODED_SPLITS)
    present = set(entries)
    wanted = split or (TEST if len(present) > 1 else next(iter(present)))
    one_of("split", wanted, present)
    return (entries == wanted).to_numpy(), (entries == TRAIN).to_numpy()


def _facts(path: Path, table: pd.DataFrame, columns: Columns) -> pd.DataFrame:
    """Return the label and the attributes of rows as names, in this order of columns."""
    assert columns.label is not None  # recognise() raises where there is none
    return pd.DataFrame({name: categories(path, table, name, columns) for name in (columns.label, *columns.attributes)})


def _matched(
    path: Path, table: pd.DataFrame, metadata: Path, about: pd.DataFrame, facts: pd.DataFrame, columns: Columns
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the table's rows of the split, and their facts; raise `SpurgenError` if a sample has no answer."""
    key = columns.key
    if key is None or key not in about.columns or key not in table.columns:
        raise SpurgenError(
            f"{path} and {metadata} share no column {key or 'of keys'}; name one that both have by --key"
        )
    known, asked = texts(metadata, about, key), texts(path, table, key)
    check(metadata, about, key, ~known.duplicated(), "is there more than once")
    check(path, table, key, asked.isin(known), f"is not in {metadata}")
    keyed = facts.set_index(known[facts.index])
    lacking = keyed.index.difference(pd.Index(asked))
    if len(lacking):
        raise SpurgenError(
            f"{path} has no answer for {len(lacking)} of {len(keyed)} samples of {metadata}, such as {lacking[0]}; "
            "answer all samples of the split, or name another by --split"
        )
    inside = asked.isin(keyed.index)
    return table[inside], keyed.loc[asked[inside]].set_index(table.index[inside])


def _answers(path: Path, table: pd.DataFrame, columns: Columns, classes: tuple[str, ...]) -> Int64:
    """Return the predicted classes, int64 (n,)."""
    assert columns.label is not None and columns.prediction is not None  # noqa: PT018 (recognise() raises without them)
    names = dict(columns.codes.get(columns.label, {}))
    if columns.label in columns.thresholds:
        names = dict(zip(("0", "1"), columns.thresholds[columns.label], strict=True))
    entries = texts(path, table, columns.prediction).map(lambda entry: names.get(entry, entry))
    check(path, table, columns.prediction, entries.isin(classes), f"is none of the labels {', '.join(classes[:12])}")
    return places(entries, classes)


def _given(name: str, values: tuple[str, ...], classes: tuple[str, ...], aligned: Mapping[str, str]) -> Int64:
    for what, asked, known in (("class", aligned, classes), ("value", aligned.values(), values)):
        for word in asked:
            if word not in known:
                raise SpurgenError(f"--aligned {name}: there is no {what} {word!r}; {suggestion(word, known)}")
    lacking = [c for c in classes if c not in aligned]
    if lacking:
        raise SpurgenError(f"--aligned {name} says nothing of {lacking[0]}; name a value for every class")
    return np.array([values.index(aligned[c]) for c in classes], dtype=np.int64)
