"""Query a submission on every input that a task's metrics need, and collect its predictions.

Batches have a random size, and their rows are drawn at random from many chunks: a submission cannot infer what a row
belongs to from its place in the batch, from the rows beside it, or from the number of batches so far.
"""

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.contract import Batch, Int64
from spurgen.benchmark.errors import SubmissionError
from spurgen.benchmark.shell import check_packages
from spurgen.benchmark.task import Task
from spurgen.generators import Samples
from spurgen.harness.machine.pool import ahead
from spurgen.harness.metrics import fit_temperature
from spurgen.harness.running.data import CALIBRATION, asked, pieces_of
from spurgen.harness.running.here import Here
from spurgen.harness.sandbox.answers import LARGEST
from spurgen.harness.sandbox.process import Worker

CHUNK = 1000  # rows of a chunk, at most
POOL_ROWS = 8 * CHUNK  # rows among which a batch is drawn, unless images take more than POOL_BYTES
POOL_BYTES = 1 << 28
SIZES = (200, CHUNK + 1)  # rows of a batch: low (included) and high (excluded)


@dataclass(frozen=True)
class Chunk:
    """Consecutive inputs: the rows from `first` on of the part named `part`."""

    part: Hashable
    first: int
    inputs: Batch


def cut(part: Hashable, inputs: Batch) -> Iterator[Chunk]:
    """Yield the inputs of a part in chunks."""
    for start in range(0, len(inputs), CHUNK):
        yield Chunk(part, start, inputs.take(slice(start, start + CHUNK)))


class Pool:
    """Rows in slots, from which random batches are drawn; `like` is a batch with the shapes of all that are added."""

    def __init__(self, like: Batch, rng: np.random.Generator) -> None:
        size = max(1, sum(part[:1].nbytes for part in (like.images, like.features) if part is not None))
        self.enough = min(POOL_ROWS, max(CHUNK, POOL_BYTES // size))
        """Number of rows above which a batch must be drawn before more are added."""
        slots = self.enough + CHUNK
        self._rng = rng
        captions = None if like.captions is None else np.array(like.captions, object)
        columns = {"images": like.images, "captions": captions, "features": like.features}
        self._rows = {
            k: np.empty((slots, *part.shape[1:]), part.dtype) for k, part in columns.items() if part is not None
        }
        self._origins = np.empty((slots, 2), np.int64)
        self._free, self._taken = np.arange(slots), np.empty(0, np.int64)

    def __len__(self) -> int:
        return len(self._taken)

    def add(self, inputs: Batch, number: int, first: int) -> None:
        """Add the rows from `first` on of part `number`: at most `CHUNK`, and only while there are at most `enough`."""
        count = len(inputs)
        slots, self._free = self._free[:count], self._free[count:]
        for name, rows in self._rows.items():
            rows[slots] = getattr(inputs, name)
        self._origins[slots] = np.stack([np.full(count, number), first + np.arange(count)], axis=1)
        self._taken = np.concatenate([self._taken, slots])

    def draw(self) -> tuple[Batch, Int64]:
        """Return a batch of random rows, and the part and place of each, int64 (n, 2); remove them from the pool."""
        size = int(self._rng.integers(*SIZES))
        order = self._rng.permutation(self._taken)
        slots, self._taken = order[:size], order[size:]
        self._free = np.concatenate([self._free, slots])
        drawn = {name: rows[slots] for name, rows in self._rows.items()}
        captions = drawn["captions"].tolist() if "captions" in drawn else None
        return Batch(drawn.get("images"), captions, drawn.get("features")), self._origins[slots]


def mix(chunks: Iterable[Chunk], rng: np.random.Generator, parts: dict[Any, int]) -> Iterator[tuple[Batch, Int64]]:
    """Yield random batches as `Pool.draw` returns them; number the parts in `parts`, in order of appearance."""
    pool: Pool | None = None
    for chunk in chunks:
        pool = pool or Pool(chunk.inputs, rng)
        pool.add(chunk.inputs, parts.setdefault(chunk.part, len(parts)), chunk.first)
        while len(pool) > pool.enough:
            yield pool.draw()
    while pool:
        yield pool.draw()


Floats = NDArray[np.float64]
Question = tuple[Batch, Sequence[Hashable]]
"""A batch, and the family of each row: a base sample and its twins are one family."""
PROBE_VALUES = 1 << 26  # features, over all rows, that the probe for logits is fitted on: 16,384 rows of 4,096 columns
PROBE_STEPS = 1000  # of its optimiser, at most; each takes about 1 ns per value and class
PROBE_WORK = 1 << 40  # values x classes x steps: about 20 minutes
MOST, FURTHEST = 0.9, 20.0
"""Features are clipped at 20 times the 0.9 quantile of the non-zero distances from their median.

Otherwise a few absurd rows, which cost a submission nothing, would set a feature's scale and the probe's weights.
"""
FAR = 20.0  # logits between the least likely class that a probe knows and those that it has never seen


@dataclass(frozen=True)
class Answers:
    """A submission's logits, float64 (n, K), and the factors that calibration and scores need, both by key."""

    logits: Mapping[str, Floats]
    factors: Mapping[str, Samples]

    @cached_property
    def temperature(self) -> float:
        """Temperature fitted to the logits on the calibration split."""
        return fit_temperature(self.logits[CALIBRATION], self.factors[CALIBRATION].labels)


class Asker:
    """Queries one worker for logits, by `predict`, else `predict_proba`, else a linear probe on `encode`.

    `answered` is called with the number of rows of every batch that the worker has answered.
    """

    def __init__(self, worker: Worker | Here, task: Task, answered: Callable[[int], None] = lambda _: None) -> None:
        self.worker, self.task, self._answered = worker, task, answered
        offers = worker.about.offers
        self.what = next(part for part in ("predict", "predict_proba", "encode") if part in offers)

    def base_of(self, part: str) -> tuple[str, int]:
        """Return the part that has the base samples of what is queried, and their number."""
        scenario = self.task.scenario
        return (part, scenario.parts[scenario.calibrated_on]) if part == CALIBRATION else scenario.base_of(part)

    def fit_probe(self, inputs: Batch, labels: Int64) -> None:
        """Fit the linear probe on the train split, its inputs and labels int64 (n,), if the submission only encodes.

        Only the first rows of wide features are queried, and steps are bounded: the scorer has no limit on time.
        """
        if self.what == "encode":
            check_packages(["sklearn"], "a linear probe", "train")
            from sklearn.linear_model import LogisticRegression  # takes more than a second to import
            from sklearn.pipeline import make_pipeline
            from sklearn.preprocessing import StandardScaler

            features = self._encode(inputs, 0, CHUNK)  # shows how wide they are
            rows = min(PROBE_VALUES // features.shape[1], len(labels))
            if rows > len(features):
                features = np.concatenate([features, self._encode(inputs, len(features), rows)])
            features = features[:rows]
            steps = PROBE_WORK // (features.size * self.task.num_classes)
            classifier = LogisticRegression(max_iter=max(1, min(PROBE_STEPS, steps)))
            self.probe = make_pipeline(StandardScaler(), classifier)
            self.probe.fit(without_outliers(features), labels[:rows])

    def _encode(self, inputs: Batch, start: int, stop: int) -> Floats:
        """Return the features of train samples [start, stop)."""
        chunks = cut("train", inputs.take(slice(start, stop)))
        chunks = (replace(chunk, first=chunk.first + start) for chunk in chunks)
        return ask_mixed(self, "encode", chunks, np.random.default_rng(), "train")["train"]

    def logits(self, questions: Iterator[Question], where: str) -> Iterator[Floats]:
        """Yield the logits of each batch, float64 (n, K)."""
        yield from map(self.as_logits, self.ask(self.what, questions, where))

    def as_logits(self, answers: Floats) -> Floats:
        """Return the logits that a batch's answers to `what` stand for, float64 (n, K)."""
        if self.what == "encode":
            decision: Floats = self.probe.decision_function(answers)
            if np.abs(decision).max(initial=0.0) > LARGEST:
                raise self.worker.failure(
                    f"encode's features give a linear probe on train scores of up to {np.abs(decision).max():.3g}, "
                    f"expected at most {LARGEST:g}; scale the features alike on all inputs"
                )
            known = np.stack([-decision, decision], axis=1) / 2 if decision.ndim == 1 else decision
            logits = np.repeat(known.min(axis=1, keepdims=True) - FAR, self.task.num_classes, axis=1)
            logits[:, self.probe.classes_] = known
            return logits
        return to_logits(answers) if self.what == "predict_proba" else answers

    def ask(self, what: str, questions: Iterator[Question], where: str) -> Iterator[Floats]:
        """Yield what the function `what` returns for each batch, float64; the next batches are made in the meantime."""
        width = None if what == "encode" else self.task.num_classes
        pending = 0  # rows of the batch that the worker computes
        for batch, families in ahead(questions):
            if pending:
                yield self._answer(pending, width, where)
            self.worker.send(what, batch, families)
            pending = len(batch)
        if pending:
            yield self._answer(pending, width, where)

    def _answer(self, count: int, width: int | None, where: str) -> Floats:
        answer = self.worker.answer(count, width, where).astype(np.float64)
        self._answered(count)
        return answer


def count_rows(task: Task, offers: Collection[str]) -> int:
    """Return how many rows `Asker.fit_probe` and `collect` query of a submission that offers these functions."""
    return sum(asked(task).values()) + (0 if {"predict", "predict_proba"} & set(offers) else task.num_train)


def without_outliers(features: Floats) -> Floats:
    """Return features, float64 (n, d), with each column clipped at the largest distance that counts.

    Values that equal the column's median are left out of the quantile: many features are 0 except in a few rows.
    """
    kept = np.array(features)
    for column in kept.T:
        middle = np.median(column)
        distances = np.abs(column - middle)
        others = distances[distances > 0]
        if others.size:
            reach = FURTHEST * np.quantile(others, MOST)
            np.clip(column, middle - reach, middle + reach, out=column)
    return kept


def to_logits(probabilities: Floats) -> Floats:
    """Return the logarithms of probabilities, where zeros count as 1e-12."""
    return np.log(np.maximum(probabilities, 1e-12))


def ask_mixed(
    asker: Asker, what: str, chunks: Iterable[Chunk], rng: np.random.Generator, where: str
) -> dict[str, Floats]:
    """Query the rows of chunks in random batches; return the outputs of each part, rows in the part's order.

    `what` is `logits` or `encode`; `where` names the split in error messages.
    """
    parts: dict[str, int] = {}
    origins: list[Int64] = []

    def questions() -> Iterator[Question]:
        for batch, origin in mix(chunks, rng, parts):
            origins.append(origin)
            bases = [asker.base_of(part) for part in parts]
            yield batch, [(bases[number][0], place % bases[number][1]) for number, place in origin.tolist()]

    batches_of_outputs = asker.logits(questions(), where) if what == "logits" else asker.ask(what, questions(), where)
    outputs = np.concatenate(list(batches_of_outputs))
    part, place = np.concatenate(origins).T
    order = np.lexsort((place, part))
    bounds = np.searchsorted(part[order], np.arange(1, len(parts)))
    return dict(zip(parts, np.split(outputs[order], bounds), strict=True))


def collect(asker: Asker, make: Callable[[str, range], Samples], seed: int) -> Answers:
    """Query a submission on every input of a task, as `make` returns them, and return its answers.

    `seed` draws the order of the queries; the submission must not know it.
    """
    rng, pieces = np.random.default_rng(seed), pieces_of(asker.task, CHUNK)
    factors: dict[str, dict[int, Samples]] = {}

    def chunks() -> Iterator[Chunk]:
        for key, indices in (pieces[k] for k in rng.permutation(len(pieces))):
            samples = make(key, indices)
            factors.setdefault(key, {})[indices.start] = samples.without_inputs()
            yield Chunk(key, indices.start, samples.inputs)

    logits = ask_mixed(asker, "logits", chunks(), rng, "test")
    joined = {key: Samples.join([found[start] for start in sorted(found)]) for key, found in factors.items()}
    return Answers(logits, joined)


def check_offer(worker: Worker | Here, task: Task) -> None:
    """Raise `SubmissionError` if the submission does not take the task's modality."""
    if task.modality not in worker.about.modalities:
        supported = ", ".join(worker.about.modalities)
        raise SubmissionError(f"submission {worker.spec} takes {supported}, but task {task.name} is {task.modality}")
