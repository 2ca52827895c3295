"""Train methods on a user's own data with a rising number of counterexamples, and answer the test samples."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from spurgen.baselines.training.encoders import Features
from spurgen.benchmark.contract import ACCESS, Batch, Context, LabeledData, Modality
from spurgen.benchmark.errors import SubmissionError
from spurgen.harness.machine import pool
from spurgen.harness.machine.folders import scratch_folder
from spurgen.harness.metrics.arrays import Bool, Int64
from spurgen.harness.own.data import SPLITS, OwnData
from spurgen.harness.running.plan import baseline_specs
from spurgen.harness.statistics.bootstrap import named_generator
from spurgen.harness.worker.loading import load_submission

STEP = 4
MAJORITY = {"train": 2000, "val": 500}
"""Largest number of samples on each rung that are not counterexamples."""
LEAST_IN_VAL = 16  # counterexamples of val above 0, which has a quarter of train's, as on the suite's ladders
DATA = "data.npz"
EVERYTHING = -1
"""Stands, in place of a number of counterexamples, for all samples of train and val."""


class Answered(NamedTuple):
    """Predicted classes of the test samples, int64 (n,), and failed sanity checks; or why training failed."""

    predicted: Int64 | None
    failed_checks: tuple[str, ...] = ()
    error: str = ""


class Work(NamedTuple):
    """A method to train on a number of counterexamples, or on everything."""

    method: str
    counterexamples: int
    seed: int


@dataclass(frozen=True)
class Samples:
    """Training's view of own data: `features` float32 (n, d), the others int64 or bool (n,)."""

    features: Features
    labels: Int64
    values: Int64
    splits: Int64
    conflicts: Bool
    num_classes: int
    is_text: bool

    def rows(self, split: str, counterexamples: int, seed: int) -> Int64:
        """Return the samples of train or val; `counterexamples`: their number in train.

        The majority is the same on every rung and in every draw. In a draw, a rung's counterexamples contain those of
        the rungs below; classes have equally many as long as they last.
        """
        inside = np.flatnonzero(self.splits == SPLITS.index(split))
        if counterexamples == EVERYTHING:
            return inside
        wanted = counterexamples
        if split == "val" and counterexamples:
            wanted = max(LEAST_IN_VAL, counterexamples // STEP)
        majority, minority = inside[~self.conflicts[inside]], inside[self.conflicts[inside]]
        majority = named_generator("own", "majority", split).permutation(majority)[: MAJORITY[split]]
        order = named_generator("own", "draw", split, seed).permutation(minority)
        return np.concatenate([majority, self._in_turn(order)[:wanted]])

    def _in_turn(self, rows: Int64) -> Int64:
        """Return rows in an order in which the classes take turns."""
        turn = np.empty(len(rows), np.int64)
        for label in range(self.num_classes):
            mine = self.labels[rows] == label
            turn[mine] = np.arange(mine.sum())
        return rows[np.argsort(turn, kind="stable")]

    def labeled(self, split: str, rows: Int64, access: str) -> LabeledData:
        """Return rows of a split as an access tier shows them."""
        data = LabeledData(
            batch=self.batch(rows),
            labels=self.labels[rows],
            num_groups=2 * self.num_classes,
            group_ids=2 * self.labels[rows] + self.conflicts[rows],
            channel_values={"shortcut": self.values[rows]},
        )
        return data.restrict(access, split)

    def batch(self, rows: Int64) -> Batch:
        """Return the features of rows."""
        return Batch(None, None, self.features[rows])


def rungs_of(data: OwnData) -> tuple[int, ...]:
    """Return the numbers of counterexamples that are trained on: 0, as many as classes, four times that, ..., and all.

    At most as many as there are other samples: with more, nothing would be a shortcut.
    """
    of_train = data.inside("train")
    counter = int((of_train & data.conflicts).sum())
    most = min(counter, int((of_train & ~data.conflicts).sum()), MAJORITY["train"])
    steps = (len(data.classes) * STEP**k for k in range(20))
    return (0, *(m for m in steps if m * 1.5 <= most), *[most] * (most > 0))


def check_methods(names: Sequence[str]) -> None:
    """Raise `SubmissionError` for a method that needs environments or twins, which own data lack."""
    for name in names:
        access = load_submission(baseline_specs([name])[0]).access
        lacking = "twins" if ACCESS[access].twins else "environments" if access == "envs" else None
        if lacking:
            raise SubmissionError(f"--methods: {name} needs {lacking}, which your data lack; leave it out")


def climb(
    data: OwnData, features: Features, methods: Sequence[str], rungs: Sequence[int], seeds: Sequence[int],
    processes: int | None, advance: Callable[[int], None],
) -> Mapping[tuple[str, int, int], Answered]:  # fmt: skip
    """Train every method on every rung, once per draw, and once on everything; return answers by method, rung, draw."""
    with scratch_folder() as folder:
        np.savez(
            folder / DATA, features=features, labels=data.labels, values=data.values, splits=data.splits,
            conflicts=data.conflicts, num_classes=len(data.classes), is_text=data.folder is None,
        )  # fmt: skip
        work = [Work(method, EVERYTHING, seeds[0]) for method in methods]  # the longest
        work += [Work(method, m, seed) for seed in seeds for m in rungs for method in methods]
        answers: dict[tuple[str, int, int], Answered] = {}
        for one, answered in pool.run(partial(train, str(folder)), work, processes):
            advance(1)
            answers[one] = answered
        return {one: answers[one] for one in work}


def train(folder: str, work: Work) -> Answered:
    """Train a method and answer the test samples; a failure of the method is returned, not raised."""
    samples = _samples(folder)
    submission = load_submission(baseline_specs([work.method])[0])
    assert submission.fit is not None
    assert submission.predict is not None
    train, val = (
        samples.labeled(split, samples.rows(split, work.counterexamples, work.seed), submission.access)
        for split in ("train", "val")
    )
    names = tuple(map(str, range(samples.num_classes)))
    modality: Modality = "text" if samples.is_text else "image"
    context = Context(names, modality, 0, "cpu", work.seed, Path(folder), "frozen")
    test = np.flatnonzero(samples.splits == SPLITS.index("test"))
    try:
        submission.fit(train, val, context)
        predicted = submission.predict(samples.batch(test)).argmax(axis=1)
    except SubmissionError as error:
        return Answered(None, error=str(error))
    checks = submission.report()["checks"] if submission.report else {}
    return Answered(predicted, tuple(name for name, passed in checks.items() if not passed))


@lru_cache(maxsize=1)
def _samples(folder: str) -> Samples:
    with np.load(Path(folder) / DATA) as file:
        arrays = {name: file[name] for name in file.files}
    return Samples(**arrays | {"num_classes": int(arrays["num_classes"]), "is_text": bool(arrays["is_text"])})
