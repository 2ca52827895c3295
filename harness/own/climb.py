"""Train methods on a user's own data with a rising number of counterexamples, and answer the test samples."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from spurgen.baselines.training.encoders import Features
from spurgen.baselines.training.hyperparameters import searched
from spurgen.benchmark.contract import ACCESS, Batch, Context, LabeledData, Modality
from spurgen.benchmark.errors import SubmissionError
from spurgen.benchmark.plugins import discover
from spurgen.benchmark.specs import BASELINES
from spurgen.harness.machine import pool
from spurgen.harness.machine.files import scratch_folder
from spurgen.harness.metrics import log_softmax
from spurgen.harness.metrics.arrays import Bool, Int64, Scores
from spurgen.harness.own.data import AGREES, LEAST_CLASSES, MISLEADS, SPLITS, OwnData
from spurgen.harness.running.plan import baseline_specs
from spurgen.harness.statistics.samples import named_generator
from spurgen.harness.worker.loading import load_submission

STEP = 4
MAJORITY = {"train": 2000, "val": 500}
"""Largest number of samples on each rung that are not counterexamples."""
LEAST_IN_VAL = 16  # counterexamples of val above 0, which has a quarter of train's, as on the suite's ladders
DATA = "data.npz"
EVERYTHING = -1
"""Stands, in place of a number of counterexamples, for all samples of train and val."""
CEILING = -2
"""Stands, in place of a number of counterexamples, for the balanced part of all splits; the seed is a fold of it."""
FOLDS = 5  # of the balanced part: three to train on, one to choose by, one to answer
LEARNER = "erm"  # of the ceiling
GRID = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
"""Strengths of l2, of which a method takes the best on val on each rung (`val_score`)."""


class Answered(NamedTuple):
    """Predicted classes of the test samples, int64 (n,), and failed sanity checks; or why training failed.

    `l2`: its strength, None for a method that selects its penalty itself; `score`: that of `val_score`.
    """

    predicted: Int64 | None
    failed_checks: tuple[str, ...] = ()
    error: str = ""
    l2: float | None = None
    score: tuple[float, float] = (-math.inf, -math.inf)


class Work(NamedTuple):
    """A method to train on a number of counterexamples, or on everything."""

    method: str
    counterexamples: int
    seed: int


@dataclass(frozen=True)
class Samples:
    """Training's view of own data: `features` float32 (n, d), the others int64 (n,).

    `states`: as of `OwnData`; `folds`: those of `folds_of`.
    """

    features: Features
    labels: Int64
    values: Int64
    splits: Int64
    states: Int64
    folds: Int64
    num_classes: int
    is_text: bool

    @property
    def misleads(self) -> Bool:
        """Which samples are counterexamples, bool (n,)."""
        found: Bool = self.states == MISLEADS
        return found

    def parts(self, work: Work) -> tuple[Int64, Int64, Int64]:
        """Return the samples to train on, to choose l2 by, and to answer."""
        if work.counterexamples == CEILING:
            away = np.where(self.folds >= 0, (self.folds - work.seed) % FOLDS, -1)
            return np.flatnonzero(away > 1), np.flatnonzero(away == 1), np.flatnonzero(away == 0)
        train, val = (self.rows(split, work.counterexamples, work.seed) for split in ("train", "val"))
        return train, val, np.flatnonzero(self.splits == SPLITS.index("test"))

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
        majority, minority = inside[~self.misleads[inside]], inside[self.misleads[inside]]
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
            group_ids=2 * self.labels[rows] + self.misleads[rows],
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


def check_methods(names: Sequence[str]) -> None:
    """Raise `SubmissionError` for a method that needs environments or twins, which own data lack."""
    for name in names:
        access = load_submission(baseline_specs([name])[0]).access
        lacking = "twins" if ACCESS[access].twins else "environments" if access == "envs" else None
        if lacking:
            raise SubmissionError(f"--methods: {name} needs {lacking}, which your data lack; leave it out")


def climb(
    data: OwnData, features: Features, folds: Int64, methods: Sequence[str], rungs: Sequence[int],
    seeds: Sequence[int], processes: int | None, advance: Callable[[int], None],
) -> Mapping[tuple[str, int, int], Answered]:  # fmt: skip
    """Train every method on every rung, once per draw, and once on everything; return answers by method, rung, draw.

    Those of `LEARNER` with `CEILING` are to the `folds`, int64 (n,), of the balanced part.
    """
    with scratch_folder() as folder:
        np.savez(
            folder / DATA, features=features, labels=data.labels, values=data.values, splits=data.splits,
            states=data.states, folds=folds, num_classes=len(data.classes), is_text=data.folder is None,
        )  # fmt: skip
        work = [Work(method, EVERYTHING, seeds[0]) for method in methods]  # the longest
        work += [Work(LEARNER, CEILING, fold) for fold in range(folds.max() + 1)]
        work += [Work(method, m, seed) for seed in seeds for m in rungs for method in methods]
        tried: dict[Work, list[Answered]] = {}
        for one, answered in pool.run(partial(train, str(folder)), work, processes):
            advance(1)
            tried[one] = answered
    answers: dict[tuple[str, int, int], Answered] = {}
    for one in work:  # folds of the ceiling choose alone: each is another's val
        same = [tried[each] for each in work if each[:2] == one[:2] and (one.counterexamples != CEILING or each == one)]
        answers[one] = tried[one][best_l2(same)]
    return answers


def train(folder: str, work: Work) -> list[Answered]:
    """Train a method with every strength of l2, and answer the test samples with each.

    A failure of the method is returned, not raised.
    """
    samples = _samples(folder)
    of_train, of_val, asked = samples.parts(work)
    names = tuple(map(str, range(samples.num_classes)))
    modality: Modality = "text" if samples.is_text else "image"
    context = Context(names, modality, 0, "cpu", work.seed, Path(folder), "frozen")
    tried = []
    for l2 in strengths(work.method):
        submission = load_submission(baseline_specs([work.method])[0], {} if l2 is None else {"l2": l2})
        assert submission.fit is not None
        assert submission.predict is not None
        train, val = (samples.labeled(*part, submission.access) for part in (("train", of_train), ("val", of_val)))
        try:
            submission.fit(train, val, context)
            score = val_score(submission.predict(val.batch), samples.labels[of_val], samples.states[of_val])
            predicted = submission.predict(samples.batch(asked)).argmax(axis=1)
        except SubmissionError as error:
            tried.append(Answered(None, error=str(error)))
            continue
        checks = submission.report()["checks"] if submission.report else {}
        failed = tuple(name for name, passed in checks.items() if not passed)
        tried.append(Answered(predicted, failed, l2=l2, score=score))
    return tried


def best_l2(draws: Sequence[Sequence[Answered]]) -> int:
    """Return the place of the strength with the best mean score over draws; one that failed in a draw comes last."""
    scores = np.mean([[each.score for each in tried] for tried in draws], axis=0)
    return max(range(len(scores)), key=lambda k: tuple(scores[k]))


def strengths(method: str) -> tuple[float | None, ...]:
    """Return the values of l2 to try with a method; None alone where its file says that none is to be searched."""
    return GRID if "l2" in searched(discover(BASELINES)[method].submission.hyper("features"), "features") else (None,)


def val_score(logits: Scores, labels: Int64, states: Int64) -> tuple[float, float]:
    """Return what l2 is chosen by: the lower of val's accuracies where the shortcut agrees and misleads, and the loss.

    Both are averaged over classes; the loss, nats, is averaged over both states and negative. It decides between equal
    accuracies. A state without samples is left out, as on the rung without counterexamples. Plain accuracy would choose
    what follows the shortcut: val has as few counterexamples as train.
    """
    losses = -log_softmax(logits)[np.arange(len(labels)), labels]
    right = logits.argmax(axis=1) == labels
    cells = [[(states == s) & (labels == k) for k in np.unique(labels[states == s])] for s in (AGREES, MISLEADS)]
    known = [each for each in cells if each] or [[np.ones(len(labels), bool)]]
    lowest = min(float(np.mean([right[cell].mean() for cell in each])) for each in known)
    return lowest, -float(np.mean([np.mean([losses[cell].mean() for cell in each]) for each in known]))


@lru_cache(maxsize=1)
def _samples(folder: str) -> Samples:
    with np.load(Path(folder) / DATA) as file:
        arrays = {name: file[name] for name in file.files}
    return Samples(**arrays | {"num_classes": int(arrays["num_classes"]), "is_text": bool(arrays["is_text"])})
