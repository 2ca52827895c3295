"""Predictions from a table, with labels and attributes from the same table or from metadata; and from arrays."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.suggest import suggestion
from spurgen.harness.evaluation.predictions import Aligned, Predictions, attributes_of, is_numbered, same_order, stacked
from spurgen.harness.evaluation.tables import (
    ALIGNED,
    CODED_SPLITS,
    CONFLICTS,
    FLAG,
    FLAGS,
    INDEX,
    LABELS,
    NO_FLAG,
    NO_NAMES,
    SPLITS,
    Columns,
    Table,
    are_probabilities,
    categorical,
    first_of,
    in_order,
    places,
    read_header,
    read_table,
    recognise,
    values_of,
)
from spurgen.harness.machine.printing import listed
from spurgen.harness.metrics import softmax
from spurgen.harness.metrics.arrays import Bool, Float64, Int64, as_reals

TRAIN, TEST = "train", "test"
Classes = tuple[str, ...]


@dataclass(frozen=True)
class Labelled:
    """A table of samples of all splits, whose names, None where there is one split, are in `splits`.

    `factors`: label and attributes, categorical, in this order of columns: a class or value without a sample in the
    evaluated split is known as well. `split`: the one to evaluate.
    """

    table: Table
    columns: Columns
    factors: pd.DataFrame
    splits: pd.Series | None
    split: str | None

    @property
    def inside(self) -> Bool:
        """Which rows are evaluated, bool (n,)."""
        if self.splits is None:
            return np.ones(len(self.table), bool)
        return (self.splits == self.split).to_numpy(bool)

    @property
    def train(self) -> pd.DataFrame:
        """The factors of train samples; none where there are no splits."""
        return self.factors[:0] if self.splits is None else self.factors[self.splits == TRAIN]

    def train_ids(self) -> Int64 | None:
        """Return class and values of the train samples, int64 (m, 1 + A), or None where there are none."""
        train = self.train
        return np.stack([places(train[name]) for name in train], axis=1) if len(train) else None


def labelled_in(table: Table, columns: Columns, asked: Columns, split: str | None) -> Labelled:
    """Read the samples of a table; raise `SpurgenError` if it has no such split.

    `columns`: what `recognise` made of those that were `asked` for. A layout's thresholds are ignored for columns that
    were asked for and have no shares, and its codes if other entries occur.
    """
    named = [name for name in columns.thresholds if name in (asked.label, *asked.attributes)]
    other = [name for name in named if not table.are_shares(name)]
    columns = replace(columns, thresholds={k: names for k, names in columns.thresholds.items() if k not in other})
    if not table.are_codes(columns):
        columns = replace(columns, codes={})
    assert columns.label is not None  # recognise() raises where there is none
    names = (columns.label, *columns.attributes)
    factors = pd.DataFrame({name: table.categories(name, columns) for name in names})
    if columns.split is None or columns.split not in table:
        if split:
            raise SpurgenError(f"{table.path} has no column of splits, from which --split {split} could be taken")
        return Labelled(table, columns, factors, None, None)
    splits = splits_of(table, columns.split)
    present = set(splits)
    wanted = CODED_SPLITS.get(split, split) if split else TEST if len(present) > 1 else next(iter(present))
    if wanted not in present:
        known = suggestion(wanted, sorted(present))
        raise SpurgenError(f"{table.path}, column {columns.split}: there is no split {wanted!r} (--split); {known}")
    return Labelled(table, columns, factors, splits, wanted)


def splits_of(table: Table, column: str) -> pd.Series:
    """Return the names of the splits in a column."""
    return table.texts(column).map(lambda entry: CODED_SPLITS.get(entry, entry))


def read_predictions(
    path: str | PathLike[str],
    asked: Columns = Columns(),  # noqa: B008 (it is frozen)
    *,
    metadata: str | PathLike[str] | None = None,
    split: str | None = None,
    aligned: Aligned | None = None,
) -> Predictions:
    """Read a table of predictions.

    A path with a `*` is a table in several files. `metadata`: a table of labels, attributes and splits, joined by a key
    that both have. `split`: the samples to evaluate; default: `test`, where there are several splits. `aligned` maps
    attributes to the value that goes with each class; for others, train samples decide. Raises `SpurgenError`, with the
    file, line and column, for anything that would have to be guessed or left out.
    """
    path = Path(path)
    source = path if metadata is None else Path(metadata)
    columns = recognise(asked, read_header(source), read_header(path))
    table = read_table(path, columns.may_matter)
    about = table if metadata is None else read_table(source, columns.may_matter)
    labelled = labelled_in(about, columns, asked, split)
    rows = np.arange(len(table)) if metadata is None else _matched(table, labelled)
    inside = labelled.inside[rows]
    used = table.rows(inside)
    samples = replace(_samples(used, labelled, rows[inside], aligned), unused=len(table) - len(used))
    predicted, scores = _predicted(used, labelled.columns, samples.classes)
    named_scores = {f"{columns.logits}{name}" for name in samples.classes} <= set(table.frame)
    answered = replace(
        samples,
        predicted=predicted[None],
        probs=None if scores is None else softmax(scores)[None],
        by_place=scores is not None and not named_scores,
    )
    return _by_run(answered, used, columns.run)


def _by_run(rows: Predictions, table: Table, column: str | None) -> Predictions:
    """Return the runs whose names a column has, their samples in the order of the first run, by key or as they stand.

    Raises `SpurgenError` if a run lacks a sample or has one twice, or if runs differ in a sample's label or attribute.
    """
    of = table.texts(column).to_numpy() if column else np.full(len(table), "1")
    names, runs = in_order(pd.Series(of)), []
    for name in names:
        said = f"run {name} of {table.path}" if column else f"{table.path}"
        runs.append(replace(rows.take(np.flatnonzero(of == name)), name=said))
        keys = pd.Index(runs[-1].keys or ())
        if keys.has_duplicates:
            raise SpurgenError(
                f"{said} has sample {keys[keys.duplicated()][0]} more than once; remove the copy, or name the column "
                "that tells runs apart by --run"
            )
    ordered = [run.take(same_order(runs[0], run, "every run needs a prediction for every sample")) for run in runs]
    return replace(stacked(ordered, names), name=rows.name)


def read_samples(
    path: Path, asked: Columns, texts_in: str | None = None, *, split: str | None = None, aligned: Aligned | None = None
) -> tuple[Predictions, list[str]]:
    """Read labelled samples alone, and their keys, or instead of these the texts in the column `texts_in`.

    Arguments and errors are those of `read_predictions`.
    """
    header = read_header(path)
    columns = recognise(asked, header, None)
    shown = texts_in or columns.key
    if shown is None or shown not in header.columns:
        raise SpurgenError(f"{path} has no column {shown or 'of file names'}; name it by --texts, or files by --key")
    table = read_table(path, lambda name: name == shown or columns.may_matter(name))
    labelled = labelled_in(table, columns, asked, split)
    inside = table.rows(labelled.inside)
    if columns.key is not None:
        inside.check(columns.key, ~inside.texts(columns.key).duplicated(), "occurs more than once")
    samples = _samples(inside, labelled, np.flatnonzero(labelled.inside), aligned)
    return replace(samples, unused=len(table) - len(inside)), list(inside.texts(shown))


def _samples(table: Table, labelled: Labelled, rows: Int64, aligned: Aligned | None) -> Predictions:
    """Return the samples of a table, without predictions; `rows`: the rows of its lines in the metadata."""
    key, factors = labelled.columns.key, labelled.factors.iloc[rows]
    label = factors.iloc[:, 0]
    return Predictions(
        name=table.path.stem,
        classes=values_of(label),
        labels=places(label),
        attributes=attributes_of(factors, aligned or {}, labelled.train),
        predicted=np.zeros((1, len(factors)), np.int64),
        runs=("1",),
        keys=None if key is None else tuple(table.texts(key)),
        split=labelled.split,
        train=labelled.train_ids(),
    )


def _matched(table: Table, labelled: Labelled) -> Int64:
    """Return the row of the metadata that each row of a table of predictions is about, int64 (n,).

    Raises `SpurgenError` if a sample of the split has no prediction, if the table contradicts the metadata, or if it
    alone has splits.
    """
    about, key, splits = labelled.table, labelled.columns.key, labelled.splits
    path, metadata = table.path, about.path
    for name in SPLITS if splits is None else ():
        if name in table and table.frame[name].nunique() > 1:
            raise SpurgenError(
                f"{path} has splits in its column {name}, and {metadata} has none, so they would be mixed; "
                f"move the column to {metadata}"
            )
    if key is None or key not in about or key not in table:
        raise SpurgenError(
            f"{path} and {metadata} share no column {key or 'of keys'}; name one that both have by --key"
        )
    known, asked = about.texts(key), table.texts(key)
    rows_of, beyond = np.arange(len(known)), ""
    if key == INDEX and splits is not None and known.duplicated().any():  # the index restarts in every split
        if own := first_of([*table.frame], (str(labelled.columns.split), *SPLITS)):
            known, asked = splits + " " + known, splits_of(table, own) + " " + asked
        else:
            rows_of, beyond = np.flatnonzero(labelled.inside), f" in the split {labelled.split}"
    names = known.iloc[rows_of]
    about.rows(rows_of).check(key, ~names.duplicated(), "occurs more than once")
    found = pd.Index(names).get_indexer(pd.Index(asked))
    table.check(key, found >= 0, f"is not in {metadata}{beyond}")
    rows: Int64 = rows_of[found].astype(np.int64)
    lacking = labelled.inside.copy()
    lacking[rows] = False
    if lacking.any():
        raise SpurgenError(
            f"{path} has no prediction for {lacking.sum()} of {labelled.inside.sum()} samples of {metadata}, such as "
            f"{known[lacking].iloc[0]}; predict all samples of the split, or name another by --split"
        )
    _check_agreement(table, labelled, rows)
    return rows


def _check_agreement(table: Table, labelled: Labelled, rows: Int64) -> None:
    """Raise `SpurgenError` if a table of predictions has another label, attribute or split than the metadata.

    Its label or split may have another usual name there than in the metadata.
    """
    columns, factors, about = labelled.columns, labelled.factors, labelled.table
    theirs = {name: factors[name] for name in map(str, factors)}
    if labelled.splits is not None:
        theirs[str(columns.split)] = labelled.splits
    meant = {name: name for name in theirs}
    for column, names in ((columns.label, LABELS), (columns.split, SPLITS)):
        meant |= {name: str(column) for name in names if column in theirs and name not in about}
    unlike = (columns.prediction, columns.run, columns.key)
    for name in (name for name in map(str, table.frame) if name in meant and name not in unlike):
        column = meant[name]
        own = table.categories(name, columns, column) if column in factors else splits_of(table, name)
        same = own.to_numpy() == theirs[column].to_numpy()[rows]
        table.check(name, same, f"is not what {about.path} says of the same sample")


def _predicted(table: Table, columns: Columns, classes: tuple[str, ...]) -> tuple[Int64, Float64 | None]:
    """Return the predicted classes, int64 (n,), and the logits, float64 (n, K), or None where there are none."""
    scores = None if columns.logits is None else table.logits(columns.logits, classes)
    if columns.prediction is None:
        assert scores is not None  # recognise() raises where there is neither
        return scores.argmax(axis=1), scores
    assert columns.label is not None
    names = dict(columns.codes.get(columns.label, {}))
    if columns.label in columns.thresholds:
        names = dict(zip(("0", "1"), columns.thresholds[columns.label], strict=True))
    entries = table.texts(columns.prediction).map(lambda entry: names.get(entry, entry))
    codes = {name: code for code, name in names.items()}
    known = [f"{codes[c]} ({c})" if c in codes else c for c in classes]
    table.check(columns.prediction, entries.isin(classes), f"is none of the labels {listed(known)}")
    predicted = places(categorical(entries, classes))
    if scores is not None:
        best = scores[np.arange(len(scores)), predicted] == scores.max(axis=1)
        table.check(columns.prediction, best, f"is not the class with the largest {columns.logits}CLASS")
    return predicted, scores


def from_arrays(
    name: str,
    labels: ArrayLike,
    attributes: Mapping[str, ArrayLike],
    *,
    predicted: ArrayLike | None = None,
    logits: ArrayLike | None = None,
    classes: ArrayLike | None = None,
    aligned: Aligned | None = None,
    keys: ArrayLike | None = None,
    runs: ArrayLike | None = None,
) -> Predictions:
    """Return the predictions of a model, called `name`, for n samples of K classes in one run or R runs.

    `labels`: (n,), strings, whole numbers, or booleans, which are called 0 and 1. `attributes` maps names to values,
    (n,) each; one whose name ends in `_aligned` says whether an attribute goes with the label. Either `predicted`,
    labels of shape (n,) or (R, n), or `logits`, real (n, K) or (R, n, K). `classes`: (K,), in the order of the logits;
    without it, the different labels, in the order of their numbers, else of the alphabet. `aligned` maps attributes to
    the value that goes with each class; without it, robust accuracy is not known. `keys`: (n,), the samples' names, by
    which two models' samples are paired; without it, by their places. `runs`: (R,), the runs' names, by which two
    models' runs are paired; without it, their numbers. Raises `SpurgenError` for arrays that do not fit each other,
    missing values, or a label that is no class, and `MetricError` for logits of a wrong shape or kind.
    """
    of_samples = _names("labels", labels)
    known = in_order(of_samples) if classes is None else _distinct("classes", classes)
    count = len(of_samples)
    label = _in_classes("labels", of_samples, known)
    if (predicted is None) == (logits is None):
        raise SpurgenError("from_arrays: expected either predicted or logits")
    probs = None if logits is None else _probabilities(logits, (count, len(known)))
    answers = _answers(predicted, known, count) if probs is None else probs.argmax(axis=2)
    if not attributes:
        raise SpurgenError("attributes is empty; name one or more, which make groups with the label")
    factors = {"": label} | {key: _attribute(key, array, count) for key, array in attributes.items()}
    return Predictions(
        name=name,
        classes=known,
        labels=places(label),
        attributes=attributes_of(pd.DataFrame(factors), aligned or {}),
        predicted=answers,
        runs=_distinct("runs", np.arange(len(answers)) if runs is None else runs, len(answers)),
        probs=probs,
        keys=None if keys is None else _distinct("keys", keys, count),
        by_place=probs is not None and classes is None and not is_numbered(known),
    )


def _attribute(key: str, array: ArrayLike, count: int) -> pd.Series:
    values = _names(key, array, count)
    if not key.endswith(FLAG):
        return categorical(values)
    flags = values.str.lower().map(FLAGS)
    if flags.isna().any():
        raise SpurgenError(f"{key}: {values[flags.isna()].iloc[0]} {NO_FLAG}")
    return categorical(flags, (ALIGNED, CONFLICTS))


def _names(what: str, array: ArrayLike, count: int | None = None) -> pd.Series:
    """Return entries as names, (n,); whole numbers without a decimal point, booleans as 0 and 1."""
    entries = np.asarray(array)
    if entries.ndim != 1 or not len(entries) or (count is not None and len(entries) != count):
        expected = "n" if count is None else count
        raise SpurgenError(f"{what} has the shape {entries.shape}; expected ({expected},), an entry for each")
    if entries.dtype.kind == "b" or (entries.dtype.kind == "f" and (entries % 1 == 0).all()):
        entries = entries.astype(np.int64)
    names = pd.Series([str(entry).strip() for entry in entries.tolist()])
    missing = pd.isna(entries) | names.str.lower().isin(NO_NAMES | {""}).to_numpy()
    if missing.any():
        raise SpurgenError(f"{what}: entry {int(missing.argmax())} is missing; correct it, or leave the sample out")
    return names


def _distinct(what: str, array: ArrayLike, count: int | None = None) -> Classes:
    names = _names(what, array, count)
    if names.duplicated().any():
        raise SpurgenError(f"{what}: {names[names.duplicated()].iloc[0]} occurs more than once")
    return tuple(names)


def _in_classes(what: str, names: pd.Series, classes: Classes) -> pd.Series:
    other = set(names) - set(classes)
    if other:
        known = listed(classes)
        raise SpurgenError(f"{what}: {min(other)} is none of the classes {known}; name all classes by classes=")
    return categorical(names, classes)


def _answers(array: ArrayLike | None, classes: Classes, count: int) -> Int64:
    """Return predicted labels, (n,) or (R, n), as int64 (R, n)."""
    rows = np.asarray(array)
    if rows.ndim not in (1, 2) or not rows.size:
        raise SpurgenError(f"predicted has the shape {rows.shape}; expected (n,) or (R, n)")
    names = [_names("predicted", row, count) for row in np.atleast_2d(rows)]
    return np.stack([places(_in_classes("predicted", row, classes)) for row in names])


def _probabilities(logits: ArrayLike, shape: tuple[int, int]) -> Float64:
    """Return the probabilities of logits, real (n, K) or (R, n, K), as float64 (R, n, K)."""
    scores = np.asarray(logits)
    checked = as_reals("logits", scores if scores.ndim > 2 else scores[None], ("R", *shape))
    if all(are_probabilities(run) for run in checked):
        raise SpurgenError("logits are probabilities: each row adds up to 1; pass their logarithms")
    return softmax(checked)
