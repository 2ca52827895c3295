"""A worker of whose answers a few are asked for again: they must not depend on when, or in what company, one asks."""

import secrets
import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from spurgen.benchmark.contract import Batch, Context, LabeledData
from spurgen.benchmark.result import Report
from spurgen.harness.sandbox.consistency import largest_change
from spurgen.harness.sandbox.process import Float, Worker

KEPT = 256  # rows per function that is asked
KEPT_BYTES = 1 << 26
SIZES = (1, 65)  # of the batches in which they come again, as for `Generator.integers`


@dataclass
class _Some:
    """Holds a random few rows of what was asked and answered, and how many there were to choose from."""

    inputs: list[Batch]
    answers: list[Float]
    seen: int = 0


class WatchedWorker(Worker):
    """Keeps a random few of the rows that pass through it, and asks for them again before the model changes or ends.

    In a fresh worker, so that nothing that is remembered helps, where a submission does not train, or trains within
    `Limits.retrain_seconds` on the CPU, and not on a GPU, where sums vary: it is then trained twice. Else in the same
    one, and `asked_again` says so.
    Raises what `Worker` raises.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401
        self._rng = np.random.default_rng(secrets.randbits(128))
        self._some: dict[str, _Some] = {}
        self._asked: tuple[str, Batch] | None = None
        self._training: tuple[tuple[LabeledData, LabeledData, Context] | None, float] = None, 0.0
        self.asked_again: dict[str, Any] = {}
        super().__init__(*arguments, **named)

    def fit(self, train: LabeledData, val: LabeledData, context: Context) -> Report | None:
        """Lets the submission train, as `Worker` does."""
        begun = time.perf_counter()
        report = super().fit(train, val, context)
        self._training = (train, val, context), time.perf_counter() - begun
        return report

    def send(self, what: str, batch: Batch) -> None:
        """Asks, as `Worker` does."""
        super().send(what, batch)
        self._asked = what, batch

    def answer(self, count: int, width: int | None, where: str) -> Float:
        """Waits for the answer, as `Worker` does, and keeps a few rows of it, all equally likely."""
        scores = super().answer(count, width, where)
        assert self._asked is not None
        what, batch = self._asked
        if not self.asked_again:
            self._keep(self._some.setdefault(what, _Some([], [])), batch, scores)
        return scores

    def _keep(self, some: _Some, batch: Batch, scores: Float) -> None:
        size = 1 if batch.images is None else batch.images[:1].nbytes
        room = max(1, min(KEPT, KEPT_BYTES // size))
        places = self._rng.integers(0, some.seen + 1 + np.arange(len(scores)))  # reservoir sampling
        places[: max(room - some.seen, 0)] = np.arange(some.seen, some.seen + len(scores))[: max(room - some.seen, 0)]
        for row in np.flatnonzero(places < room):
            one, place = batch.take(np.array([row])), places[row]
            some.inputs[place : place + 1], some.answers[place : place + 1] = [one], [scores[row]]
        some.seen += len(scores)

    def restore(self, place: int) -> None:
        """Asks again about the model that was asked so far, and goes back to a checkpoint."""
        self.ask_again()
        super().restore(place)

    def ask_again(self) -> None:
        """Asks again, once; sets `asked_again`, and raises `SubmissionError` if an answer is another."""
        if self.asked_again or not self._some:
            return
        data, seconds = self._training
        fresh = data is None or (self.device == "cpu" and seconds <= self.limits.retrain_seconds)
        self.asked_again = {"worker": "fresh" if fresh else "same", "rows": 0, "moved": 0.0}
        if not fresh:
            self._compare(self)
            return
        with Worker(self.spec, self.options, self.task, self.limits, self.device) as worker:
            if data is not None:
                worker.fit(data[0], data[1], replace(data[2], scratch=worker.scratch))
            self._compare(worker)

    def _compare(self, worker: Worker) -> None:
        for what, some in self._some.items():
            order = self._rng.permutation(len(some.answers))
            before = np.stack([some.answers[k] for k in order]).astype(np.float64)
            after = np.concatenate(self._again(worker, what, [some.inputs[k] for k in order], before.shape[1]))
            far = largest_change(what, before, after.astype(np.float64))
            self.asked_again["rows"] += len(before)
            self.asked_again["moved"] = max(self.asked_again["moved"], far)
            if far > 1:
                where = " by a fresh process" if worker is not self else ""
                trained = ", trained with the same seed" if where and "fit" in self.about["offers"] else ""
                raise self.failure(
                    f"{what} answers the same inputs differently when asked again in other batches{where}{trained}: "
                    f"{far:.2g} times what is allowed; let nothing random, no other row of the batch and no earlier "
                    "question change an answer, and seed everything with context.seed"
                )

    def _again(self, worker: Worker, what: str, rows: list[Batch], width: int) -> list[Float]:
        found: list[Float] = []
        while rows:
            size = int(self._rng.integers(*SIZES))
            some, rows = rows[:size], rows[size:]
            worker.send(what, _joined(some))
            found.append(worker.answer(len(some), width, "rows asked again"))
        return found


def _joined(rows: list[Batch]) -> Batch:
    images = None if rows[0].images is None else np.concatenate([row.images for row in rows if row.images is not None])
    captions = None if rows[0].captions is None else [text for row in rows for text in row.captions or ()]
    return Batch(images, captions)
