"""Predictions from a table, with labels and attributes from the same table or from a data set's metadata."""

from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.evaluation.columns import (
    INDEX,
    LABELS,
    SPLITS,
    Columns,
    first_of,
    recognise,
)
from spurgen.harness.evaluation.labelled import Aligned, Labelled, labelled_in, splits_of
from spurgen.harness.evaluation.predictions import Predictions
from spurgen.harness.evaluation.runs import rows_of_runs
from spurgen.harness.evaluation.tables import (
    categories,
    check,
    logits,
    places,
    read_file,
    read_header,
    texts,
)
from spurgen.harness.machine.printing import listed
from spurgen.harness.metrics import softmax
from spurgen.harness.metrics.arrays import Float64, Int64


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
    attributes to the value that goes with each class; where it does not, train samples tell. Raises `SpurgenError`,
    with the file, line and column, for anything that would have to be guessed or left out.
    """
    path = Path(path)
    source = path if metadata is None else Path(metadata)
    columns = recognise(asked, read_header(source), read_header(path))
    table = read_file(path, columns.may_matter)
    about = table if metadata is None else read_file(source, columns.may_matter)
    labelled = labelled_in(source, about, columns, asked, split)
    rows = np.arange(len(table)) if metadata is None else _matched(path, table, about, labelled)
    inside, columns, classes = labelled.inside[rows], labelled.columns, labelled.classes
    used = table[inside]
    factors = labelled.factors.iloc[rows[inside]].set_axis(used.index)
    runs = rows_of_runs(path, used, factors, columns)
    first = next(iter(runs.values()))
    predicted, scores = _predicted(path, used, columns, classes)
    named_scores = {f"{columns.logits}{name}" for name in classes} <= set(table.columns)
    return Predictions(
        name=path.stem,
        classes=classes,
        labels=places(factors.iloc[first, 0], classes),
        attributes=labelled.attributes(factors.iloc[first], aligned or {}),
        predicted=np.stack([predicted[own] for own in runs.values()]),
        runs=tuple(runs),
        probs=None if scores is None else np.stack([softmax(scores[own]) for own in runs.values()]),
        keys=None if columns.key is None else tuple(texts(path, used, columns.key).iloc[first]),
        split=labelled.split,
        unused=len(table) - len(used),
        by_place=scores is not None and not named_scores,
        train=labelled.train(),
    )


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
    table = read_file(path, lambda name: name == shown or columns.may_matter(name))
    labelled = labelled_in(path, table, columns, asked, split)
    factors, inside = labelled.factors[labelled.inside], table[labelled.inside]
    if columns.key is not None:
        check(path, inside, columns.key, ~texts(path, inside, columns.key).duplicated(), "occurs more than once")
    samples = Predictions(
        name=path.stem,
        classes=labelled.classes,
        labels=places(factors.iloc[:, 0], labelled.classes),
        attributes=labelled.attributes(factors, aligned or {}),
        predicted=np.zeros((1, len(factors)), np.int64),
        runs=("1",),
        keys=None if columns.key is None else tuple(texts(path, inside, columns.key)),
        split=labelled.split,
        unused=len(table) - len(inside),
        train=labelled.train(),
    )
    return samples, list(texts(path, inside, shown))


def _matched(path: Path, table: pd.DataFrame, about: pd.DataFrame, labelled: Labelled) -> Int64:
    """Return the row of the metadata that each row of a table of predictions is about, int64 (n,).

    Raises `SpurgenError` if a sample of the split has no prediction, if the table contradicts the metadata, or if it
    alone has splits.
    """
    metadata, key = labelled.path, labelled.columns.key
    for name in SPLITS if labelled.splits is None else ():
        if name in table.columns and table[name].nunique() > 1:
            raise SpurgenError(
                f"{path} has splits in its column {name}, and {metadata} has none, so they would be mixed; "
                f"move the column to {metadata}"
            )
    if key is None or key not in about.columns or key not in table.columns:
        raise SpurgenError(
            f"{path} and {metadata} share no column {key or 'of keys'}; name one that both have by --key"
        )
    known, asked = texts(metadata, about, key), texts(path, table, key)
    rows_of, beyond = np.arange(len(known)), ""
    if key == INDEX and labelled.splits is not None and known.duplicated().any():  # it counts each split's samples
        if own := first_of([*table.columns], (str(labelled.columns.split), *SPLITS)):
            known, asked = labelled.splits + " " + known, splits_of(path, table, own) + " " + asked
        else:
            rows_of, beyond = np.flatnonzero(labelled.inside), f" in the split {labelled.split}"
    names = known.iloc[rows_of]
    check(metadata, about.iloc[rows_of], key, ~names.duplicated(), "occurs more than once")
    found = pd.Index(names).get_indexer(pd.Index(asked))
    check(path, table, key, found >= 0, f"is not in {metadata}{beyond}")
    rows: Int64 = rows_of[found].astype(np.int64)
    lacking = labelled.inside.copy()
    lacking[rows] = False
    if lacking.any():
        raise SpurgenError(
            f"{path} has no prediction for {lacking.sum()} of {labelled.inside.sum()} samples of {metadata}, such as "
            f"{known[lacking].iloc[0]}; predict all samples of the split, or name another by --split"
        )
    _check_agreement(path, table, about, labelled, rows)
    return rows


def _check_agreement(path: Path, table: pd.DataFrame, about: pd.DataFrame, labelled: Labelled, rows: Int64) -> None:
    """Raise `SpurgenError` if a table of predictions has another label, attribute or split than the metadata."""
    for name, column in _repeated(table, about, labelled).items():
        theirs = labelled.factors.get(column, labelled.splits)
        assert theirs is not None  # _repeated() leaves the split out where there is none
        is_factor = column in labelled.factors
        own = categories(path, table, name, labelled.columns, column) if is_factor else splits_of(path, table, name)
        same = own.to_numpy() == theirs.to_numpy()[rows]
        check(path, table, name, same, f"is not what {labelled.path} says of the same sample")


def _repeated(table: pd.DataFrame, about: pd.DataFrame, labelled: Labelled) -> dict[str, str]:
    """Map columns of a table of predictions to the metadata's label, attribute or split that they repeat.

    A label or split may have another usual name than in the metadata.
    """
    columns, split = labelled.columns, None if labelled.splits is None else labelled.columns.split
    meant = {name: name for name in (columns.label, split, *columns.attributes) if name is not None}
    for column, names in ((columns.label, LABELS), (split, SPLITS)):
        if column is not None:
            meant |= {name: column for name in names if name not in about.columns}
    unlike = (columns.prediction, columns.run, columns.key)
    return {name: meant[name] for name in map(str, table.columns) if name in meant and name not in unlike}


def _predicted(
    path: Path, table: pd.DataFrame, columns: Columns, classes: tuple[str, ...]
) -> tuple[Int64, Float64 | None]:
    """Return the predicted classes, int64 (n,), and the logits, float64 (n, K), or None where there are none."""
    scores = None if columns.logits is None else logits(path, table, columns.logits, classes)
    if columns.prediction is None:
        assert scores is not None  # recognise() raises where there is neither
        return scores.argmax(axis=1), scores
    assert columns.label is not None
    names = dict(columns.codes.get(columns.label, {}))
    if columns.label in columns.thresholds:
        names = dict(zip(("0", "1"), columns.thresholds[columns.label], strict=True))
    entries = texts(path, table, columns.prediction).map(lambda entry: names.get(entry, entry))
    codes = {name: code for code, name in names.items()}
    known = [f"{codes[c]} ({c})" if c in codes else c for c in classes]
    check(path, table, columns.prediction, entries.isin(classes), f"is none of the labels {listed(known)}")
    predicted = places(entries, classes)
    if scores is not None:
        best = scores[np.arange(len(scores)), predicted] == scores.max(axis=1)
        check(path, table, columns.prediction, best, f"is not the class with the largest {columns.logits}CLASS")
    return predicted, scores
