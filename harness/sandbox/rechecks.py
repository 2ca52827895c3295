"""The consistency check: a sample of answers must not change when the submission is queried again, in other batches."""

import os
import secrets
from collections.abc import Callable, Hashable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.special import softmax

from spurgen.benchmark.contract import Batch, Context, LabeledData
from spurgen.benchmark.result import ConsistencyCheck, Report
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.metrics.calibration import leads_of, median_lead
from spurgen.harness.results.identity import submission_files
from spurgen.harness.sandbox.bubblewrap import shown_paths
from spurgen.harness.sandbox.process import Float, Worker

ROWS = 256  # sampled per function
MAX_BYTES = 1 << 26  # of sampled inputs per function
SIZES = (1, 2, 4, 8, 16, 32, 64)  # of the other batches, in random order, over and over: small ones show most
TOLERANCE = 0.05  # of a probability, or of a feature's spread; bfloat16 in other batches changes them less
RELATIVE = 0.02  # of a feature's distance from its median: large activations are rounded more
FLOOR = 1e-3  # of a small spread: change allowed by rounding in a feature that varies far less than nearly all others
LOW = 0.1  # quantile of the features' spreads that counts as small: few huge features raise no floor
SPREADS = (0.5, 0.75, 0.9, 1.0)  # quantiles of that distance: the first that is not 0, since many features mostly are
FLIPPED = 0.01  # share of rows whose most probable class may change: those where two are nearly tied
HIGHEST = 2.0  # temperature, in median leads
SMALLEST = 1e-12  # probability whose logarithm is taken
DROP = Path("/proc/sys/vm/drop_caches")


class _Row(NamedTuple):
    """A sampled row with its answer; `key` is random: of all rows, those with the lowest are sampled."""

    key: float
    input: Batch
    answer: Float


_Sample = dict[Hashable, _Row]
"""A random sample of rows, by family."""


class RecheckedWorker(Worker):
    """A worker that samples its answers, to compare them with second answers to the same inputs.

    At most one row of a family, a base sample and its twins, is queried again: a submission that learned from how twins
    differ cannot learn it again, so its answers change.

    A fresh worker without memory is queried if the submission does not train, or trains with less than
    `Limits.retrain_seconds` of CPU time and not on a GPU, where sums vary: it is then trained a second time. It starts
    when the first worker has ended, so that no lock, memory or timing carries answers from one to the other. Otherwise
    the same worker is queried. `consistency`: the outcome, None before. Raises what `Worker` raises.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401
        self._rng = np.random.default_rng(secrets.randbits(128))
        self._samples: dict[str, _Sample] = {}
        self._asked: tuple[str, Batch, Sequence[Hashable]] | None = None
        self._training: tuple[tuple[LabeledData, LabeledData, Context] | None, float] = None, 0.0
        self._as_logits: Callable[[Float64], Float64] | None = None
        self.consistency: ConsistencyCheck | None = None
        super().__init__(*arguments, **named)

    def fit(self, train: LabeledData, val: LabeledData, context: Context) -> Report | None:
        """Let the submission train, as `Worker` does."""
        begun = self.process.cpu_seconds
        report = super().fit(train, val, context)
        self._training = (train, val, context), self.process.cpu_seconds - begun
        return report

    def send(self, what: str, batch: Batch, families: Sequence[Hashable] | None = None) -> None:
        """Ask, as `Worker` does; `families` names each row's family, by default one of its own."""
        super().send(what, batch)
        self._asked = what, batch, families or [object() for _ in range(len(batch))]

    def answer(self, count: int, width: int | None, where: str) -> Float:
        """Wait for the answer, as `Worker` does, and sample its rows uniformly."""
        scores = super().answer(count, width, where)
        assert self._asked is not None
        what, batch, families = self._asked
        if self.consistency is None:
            self._sample(self._samples.setdefault(what, {}), batch, scores, families)
        return scores

    def _sample(self, sample: _Sample, batch: Batch, scores: Float, families: Sequence[Hashable]) -> None:
        """Keep the rows with the lowest keys so far, one of a family: a uniform sample where no family has two rows."""
        size = max(1, sum(part[:1].nbytes for part in (batch.images, batch.features) if part is not None))
        room = max(1, min(ROWS, MAX_BYTES // size))
        bound = max(row.key for row in sample.values()) if len(sample) == room else 1.0
        keys = self._rng.random(len(scores))
        for k in np.flatnonzero(keys < bound).tolist():
            if families[k] in sample and sample[families[k]].key < keys[k]:
                continue
            sample[families[k]] = _Row(float(keys[k]), batch.take(np.array([k])), scores[k])
            if len(sample) > room:
                del sample[max(sample, key=lambda family: sample[family].key)]

    def finish(self, temperature: float, as_logits: Callable[[Float64], Float64] | None = None) -> None:
        """End the worker, and compare its answers with its own before or with those of a fresh one after.

        `temperature`: the one fitted to its scores. `as_logits` turns features into logits where these are scored:
        features can hide a change that the harness's probe reads. Raise `SubmissionError` if an answer changed.
        """
        self._as_logits = as_logits
        data, seconds = self._training
        fresh = data is None or self.limits.retrains(seconds, self.device)
        self.consistency = ConsistencyCheck(worker="fresh" if fresh else "same")
        if not fresh:
            self._compare(self, temperature)
        self.close()
        if fresh:
            with Worker(self.spec, self.options, self.task, self.limits, self.device) as worker:
                if data is not None:
                    worker.fit(data[0], data[1], replace(data[2], scratch=worker.scratch))
                self._compare(worker, temperature)

    def close(self) -> None:
        """End the process, as `Worker` does; with `Limits.forget_pages`, drop the pages of files that it left."""
        super().close()
        if self.limits.forget_pages and self.isolation == "bubblewrap":
            forget([*shown_paths(), *submission_files(self.spec).values()])
            forget_names()

    def _compare(self, worker: Worker, temperature: float) -> None:
        asked: set[Hashable] = set()  # families, by the functions before
        for what, sample in self._samples.items():
            apart = [row for family, row in sample.items() if family not in asked]
            if not apart:
                continue
            asked |= sample.keys()
            rows = [apart[k] for k in self._rng.permutation(len(apart))]
            before = np.stack([row.answer for row in rows]).astype(np.float64)
            again = self._again(worker, what, [row.input for row in rows], before.shape[1])
            after = np.concatenate(again).astype(np.float64)
            change = largest_change(what, before, after, temperature)
            if what == "encode" and self._as_logits is not None:
                scored = self._as_logits(before), self._as_logits(after)
                change = max(change, largest_change("predict", *scored, temperature))
            done = self.consistency
            assert done is not None
            moved = max(done.moved, change)
            self.consistency = ConsistencyCheck(worker=done.worker, rows=done.rows + len(before), moved=moved)
            if not change <= 1:
                where = " by a fresh process" if worker is not self else ""
                trained = ", trained with the same seed" if where and "fit" in self.about.offers else ""
                raise self.failure(
                    f"{what} answers the same inputs differently when asked again in other batches{where}{trained}: "
                    f"{change:.2g} times what is allowed; let neither randomness, the rest of the "
                    "batch nor earlier questions change an answer, and seed everything with context.seed"
                )

    def _again(self, worker: Worker, what: str, rows: list[Batch], width: int) -> list[Float]:
        answers: list[Float] = []
        sizes: list[int] = []
        while rows:
            sizes = sizes or self._rng.permutation(SIZES).tolist()
            size = sizes.pop()
            batch, rows = rows[:size], rows[size:]
            worker.send(what, Batch.join(batch))
            answers.append(worker.answer(len(batch), width, "rows asked again"))
        return answers


def largest_change(what: str, before: Float, after: Float, temperature: float = 1.0) -> float:
    """Return the largest change between two answers to the same rows, as a multiple of what is allowed.

    `before`, `after`: real (n, d) of `predict`, `predict_proba` or `encode`; infinite if their shapes differ.
    Logits are compared as the scorer sees them: as probabilities at the `temperature` fitted to them, and by their
    largest entry. The temperature of uninformative logits, which would hide every change, counts as `HIGHEST` times the
    median of how far a row's logits lie below its largest one. Features are compared one by one, each against the
    spread of most rows, so neither an offset nor outliers hide a change.
    """
    if before.shape != after.shape:
        return inf
    if what == "encode":
        return float((np.abs(after - before) / _allowed(before)).max(initial=0.0))
    if what == "predict_proba":
        before, after = (np.log(np.maximum(probabilities, SMALLEST)) for probabilities in (before, after))
    temperature = min(temperature, HIGHEST * median_lead(leads_of(before)))
    change = np.abs(softmax(after / temperature, axis=1) - softmax(before / temperature, axis=1)).max(initial=0.0)
    flipped = (before.argmax(axis=1) != after.argmax(axis=1)).mean()
    return max(float(change) / TOLERANCE, float(flipped) / FLIPPED)


def _allowed(features: Float) -> Float:
    """Return how much each feature of each row may change, (n, d), n at least 1."""
    median = np.median(features, axis=0)
    distance = np.abs(features - median)
    spreads = np.quantile(distance, SPREADS, axis=0)
    spread = np.select([*(spreads > 0)], [*spreads], 0.0)
    constant = np.where(median == 0, 1.0, np.abs(median))
    small = np.quantile(spread[spread > 0], LOW, method="lower") if (spread > 0).any() else 0.0
    allowed: Float = TOLERANCE * np.where(spread > 0, spread, constant) + RELATIVE * distance
    return np.maximum(allowed, FLOOR * small)


def forget(places: Iterable[Path]) -> None:
    """Drop the pages of these files, and of all files in these folders, that no process has mapped.

    A process that touches a page which is not in memory brings it there, and a later one can tell by how its own page
    faults are counted. Only readable plain files that were written to the disk are dropped. A link is not followed.
    """
    for place in places:
        walked = os.fwalk(place) if place.is_dir() else [("", [], [str(place)], None)]
        for _, _, names, folder in walked:
            for name in names:
                with suppress(OSError):
                    file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
                    try:
                        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
                    finally:
                        os.close(file)


def forget_names() -> None:
    """Drop the cached names of file look-ups, found or not; this works only as root.

    A name that was looked up is found, or found missing, several times as fast the next time.
    """
    with suppress(OSError):
        DROP.write_text("2\n")
