"""A user's own data as a collection: which samples are trained on, with how many counterexamples, and the file."""

import io
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import tomli_w

from spurgen.baselines.training.encoders import Features
from spurgen.benchmark.worlds.collections import STEP, Collection
from spurgen.generators.collections.world import AGREES, MISLEADS, NEUTRAL
from spurgen.harness.machine.files import write_atomically
from spurgen.harness.metrics.arrays import Int64
from spurgen.harness.own.data import LEAST_CLASSES, OwnData
from spurgen.harness.statistics.samples import named_generator

MAJORITY = {"train": 2000, "val": 500}
"""Largest number of samples on each rung that are not counterexamples."""
FOLDS = 5  # of the balanced part: three to train on, one to choose by, one to answer
NAME = "own"


def collection_of(
    data: OwnData, features: Features, draws: int, table: Path
) -> tuple[Collection, tuple[Collection, ...]]:
    """Write own data to the file `table`; return the ladder over them, and the folds of its balanced part.

    `features`: float32 (n, d). There are no folds where too few samples agree or mislead. Raises `WriteError`.
    """
    parts = _ladder(data, draws)
    folds = folds_of(data)
    of_folds = [_fold(data, folds, k) for k in range(int(folds.max()) + 1)]
    rows = {f"rows/{name}": each for name, each in parts.items()}
    rows |= {f"{_fold_name(k)}rows/{name}": each for k, fold in enumerate(of_folds) for name, each in fold.items()}
    content = io.BytesIO()
    arrays: dict[str, Any] = {
        "labels": data.labels, "values": data.values, "goes": data.goes, "value_names": np.array(data.value_names),
        "features": features, **rows,
    }  # fmt: skip
    np.savez(content, **arrays)
    write_atomically(table, content.getvalue())
    digest = sha256(content.getbuffer()).hexdigest()

    def made(parts: dict[str, Int64], **fields: object) -> Collection:
        return Collection.model_validate({
            "suite": NAME, "name": NAME, "seed": 0, "table": table, "sha256": digest, "classes": data.classes,
            "shortcut": data.shortcut, "sizes": {name: each.shape[-1] for name, each in parts.items()},
            "averaged": len(np.unique(data.labels[parts["test/agree"]])), **fields,
        })  # fmt: skip

    return made(parts, rungs=rungs_of(data), worlds=draws), tuple(
        made(fold, within=_fold_name(k), seed=k) for k, fold in enumerate(of_folds)
    )


def _fold_name(k: int) -> str:
    return f"fold{k}/"


def write_ladder(collection: Collection, ceiling: float | None, path: Path) -> None:
    """Write the scenario file of a collection, whose table lies beside it, with its ceiling if that is known."""
    fields = collection.model_dump(mode="json", exclude_defaults=True)
    fields |= {"table": collection.table.name} | ({} if ceiling is None else {"ceiling": ceiling})
    text = tomli_w.dumps(fields)  # leaves some of a stranger's characters that move a terminal's cursor
    write_atomically(path, "".join(c if c.isprintable() or c == "\n" else f"\\U{ord(c):08x}" for c in text))


def _ladder(data: OwnData, draws: int) -> dict[str, Int64]:
    """Return the rows of each part; of a part of counterexamples, those of each draw.

    The majority is the same on every rung and in every draw. In a draw, a rung's counterexamples contain those of the
    rungs below; classes have equally many as long as they last.
    """
    rows = {}
    for split, most in MAJORITY.items():
        inside = np.flatnonzero(data.inside(split))
        majority, counter = inside[~data.misleads[inside]], inside[data.misleads[inside]]
        orders = [named_generator("own", "draw", split, k).permutation(counter) for k in range(draws)]
        rows[split] = named_generator("own", "majority", split).permutation(majority)[:most]
        rows[f"{split}/counter"] = np.array([_in_turn(data, order) for order in orders]).reshape(draws, len(counter))
        rows[f"{split}/all"] = inside
    return rows | _tested(data, np.flatnonzero(data.inside("test")))


def _in_turn(data: OwnData, rows: Int64) -> Int64:
    """Return rows in an order in which the classes take turns."""
    turn = np.empty(len(rows), np.int64)
    for label in range(len(data.classes)):
        mine = data.labels[rows] == label
        turn[mine] = np.arange(mine.sum())
    return rows[np.argsort(turn, kind="stable")]


def _tested(data: OwnData, rows: Int64) -> dict[str, Int64]:
    """Return the rows of test by part: classes in which the shortcut agrees and misleads, and all others."""
    labels, states = data.labels[rows], data.states[rows]
    both = np.intersect1d(labels[states == AGREES], labels[states == MISLEADS])
    of_part = np.where(np.isin(labels, both), states, NEUTRAL)
    names = {"test/agree": AGREES, "test/mislead": MISLEADS, "test/other": NEUTRAL}
    return {name: rows[of_part == state] for name, state in names.items()}


def _fold(data: OwnData, folds: Int64, k: int) -> dict[str, Int64]:
    """Return the rows of the k-th fold of the balanced part, answered after training on the others."""
    away = np.where(folds >= 0, (folds - k) % FOLDS, -1)
    train, val, test = (np.flatnonzero(each) for each in (away > 1, away == 1, away == 0))
    none = np.empty(0, np.int64)
    fitted = {"train": train, "train/counter": none, "val": val, "val/counter": none, "val/all": val}
    return fitted | _tested(data, test)


def rungs_of(data: OwnData) -> tuple[int, ...]:
    """Return the numbers of counterexamples that are trained on: 0, as many as classes, four times that, ..., and all.

    At most as many as there are other samples: with more, nothing would be a shortcut.
    """
    of_train = data.inside("train")
    counter = int((of_train & data.misleads).sum())
    most = min(counter, int((of_train & ~data.misleads).sum()), MAJORITY["train"])
    steps = (len(data.classes) * STEP**k for k in range(20))
    return (0, *(m for m in steps if m * 1.5 <= most), *[most] * (most > 0))


def folds_of(data: OwnData) -> Int64:
    """Return each sample's fold in the balanced part of the data, int64 (n,); -1 outside, or if there is none.

    Of each class as many samples agree as mislead, from all splits, and at most as many are trained on as on the last
    rung. A class that lacks a state has about as many samples as the others, so that they are told apart from it.
    """
    folds = np.full(len(data.labels), -1)
    order = named_generator("own", "ceiling", 0).permutation(len(folds))
    members = [[order[(data.labels == k)[order] & (data.states == s)[order]] for s in (AGREES, MISLEADS)]
               for k in range(len(data.classes))]  # fmt: skip
    pairs = np.array([min(map(len, each)) for each in members])
    if (pairs > 0).sum() < LEAST_CLASSES or pairs[pairs > 0].min() < FOLDS:
        return folds
    of_train = data.inside("train")
    most = min(int((of_train & ~data.misleads).sum()), MAJORITY["train"]) + int((of_train & data.misleads).sum())
    share = min(1.0, most * FOLDS / (FOLDS - 2) / (2 * pairs.sum()))
    for k, each in enumerate(members):
        size = max(FOLDS, int(share * pairs[k]))
        whole = [order[(data.labels == k)[order]][: 2 * int(share * pairs[pairs > 0].mean())]]
        for rows in [one[:size] for one in each] if pairs[k] else whole:
            folds[rows] = np.arange(len(rows)) % FOLDS
    return folds
