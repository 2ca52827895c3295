"""Asking a submission about everything that a task's figures need, and keeping its answers."""

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from spurgen.benchmark.contract import Batch
from spurgen.benchmark.errors import SubmissionError
from spurgen.benchmark.suite import Task
from spurgen.generators import Samples, sample
from spurgen.harness.running.batching import CHUNK, Chunk, Int64, cut, mixed
from spurgen.harness.running.task_data import Block, every_input, inputs, make_block, part_start, shown
from spurgen.harness.sandbox.process import Worker

Floats = NDArray[np.float64]
Check = Callable[[str, int, Samples], None]
"""Is shown samples that begin a shard, with their part and place; raises where they are not the frozen ones."""
PROBED = 2000  # samples per split whose features are probed


@dataclass
class Answers:
    """Holds a submission's logits, float64 (n, K): on val, on test, and on every block of twins.

    `features` maps `train` and `test` to what `encode` returned for the first samples, and is empty
    without `encode`.
    """

    val: Floats
    val_labels: Int64
    blocks: dict[Block, Floats] = field(default_factory=dict)
    features: dict[str, Floats] = field(default_factory=dict)


class Asker:
    """Asks one worker for logits, by whatever it offers: predict, predict_proba, or a probe on encode."""

    def __init__(self, worker: Worker, task: Task) -> None:
        self.worker, self.task = worker, task
        offers = worker.about["offers"]
        self.what = next(part for part in ("predict", "predict_proba", "encode") if part in offers)
        self.probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))

    def fit_probe(self, train: Samples) -> None:
        """Fits the linear probe on the train split, where there is nothing but `encode`."""
        if self.what == "encode":
            whole = cut("train", inputs(self.task, train))
            features = ask_mixed(self, "encode", whole, np.random.default_rng(), "train")["train"]
            self.probe.fit(features, train.labels)

    def logits(self, batches: Iterator[Batch], where: str) -> Iterator[Floats]:
        """Yields logits, float64 (n, K), for each batch."""
        for scores in self.ask(self.what, batches, where):
            if self.what == "encode":
                decision = self.probe.decision_function(scores)
                yield np.stack([-decision, decision], axis=1) / 2 if decision.ndim == 1 else decision
            else:
                yield soften(scores) if self.what == "predict_proba" else scores

    def ask(self, what: str, batches: Iterator[Batch], where: str) -> Iterator[Floats]:
        """Yields the answers to `what`; the next batch is made while the worker computes."""
        width = None if what == "encode" else self.task.scenario.num_classes
        asked = 0
        for batch in batches:
            if asked:
                yield self.worker.answer(asked, width, where).astype(np.float64)
            self.worker.send(what, batch)
            asked = len(batch)
        if asked:
            yield self.worker.answer(asked, width, where).astype(np.float64)


def soften(probabilities: Floats) -> Floats:
    """Turns probabilities into logits, their logarithms; zeros count as 1e-12."""
    return np.log(np.maximum(probabilities, 1e-12))


def ask_mixed(
    asker: Asker, what: str, chunks: Iterable[Chunk], rng: np.random.Generator, where: str
) -> dict[Hashable, Floats]:
    """Asks about chunks in mixed batches; returns each part's answers in its own order.

    `what` is `logits` or `encode`; `where` names the chunks' split to whoever gets a wrong answer explained.
    """
    parts: dict[Hashable, int] = {}
    origins: list[Int64] = []

    def batches() -> Iterator[Batch]:
        for batch, origin in mixed(chunks, rng, parts):
            origins.append(origin)
            yield batch

    asked = asker.logits(batches(), where) if what == "logits" else asker.ask(what, batches(), where)
    answers = np.concatenate(list(asked))
    part, place = np.concatenate(origins).T
    order = np.lexsort((place, part))
    bounds = np.searchsorted(part[order], np.arange(1, len(parts)))
    return dict(zip(parts, np.split(answers[order], bounds), strict=True))


def collect(asker: Asker, check: Check, val: Samples, train: Samples, seed: int) -> tuple[Answers, Samples]:
    """Asks for everything, has every frozen input checked, and returns the test samples' factors.

    `seed` draws the order in which things are asked; it must be a secret from the submission.
    """
    task, rng = asker.task, np.random.default_rng(seed)
    factors: dict[int, Samples] = {}

    def made() -> Iterator[Chunk]:
        jobs: list[tuple[Block | None, range]] = [*every_input(task, CHUNK)]
        jobs += [(None, range(len(val.labels))[start : start + CHUNK]) for start in range(0, len(val.labels), CHUNK)]
        for block, indices in (jobs[k] for k in rng.permutation(len(jobs))):
            if block is None:
                samples = val.take(slice(indices.start, indices.stop))
            else:
                samples = make_block(task, block, indices)
                place = part_start(task, block, indices.start)
                if place is not None:
                    check(*place, samples)
                if block == Block():
                    factors[indices.start] = samples.without_inputs()
            yield Chunk(block, indices.start, inputs(task, samples))

    found = ask_mixed(asker, "logits", made(), rng, "test")
    answers = Answers(found.pop(None), val.labels, {part: found[part] for part in found if isinstance(part, Block)})
    if "encode" in asker.worker.about["offers"]:
        answers.features = _features(asker, train, rng)
    return answers, Samples.join([factors[start] for start in sorted(factors)])


def _features(asker: Asker, train: Samples, rng: np.random.Generator) -> dict[str, Floats]:
    """Asks for the features of the first train and test samples, mixed with one another."""
    task = asker.task
    test = sample(task.scenario, "test", range(min(2 * PROBED, task.scenario.num_test)), **shown(task))
    some = {"train": train.take(slice(0, PROBED)), "test": test}
    chunks = (chunk for part, samples in some.items() for chunk in cut(part, inputs(task, samples)))
    found = ask_mixed(asker, "encode", chunks, rng, "test")
    return {part: found[part] for part in some}


def check_offer(worker: Worker, task: Task) -> None:
    """Raises `SubmissionError` if the submission does not take the task's modality."""
    if task.modality not in worker.about["modalities"]:
        taken = ", ".join(worker.about["modalities"])
        raise SubmissionError(f"submission {worker.spec} takes {taken}, but task {task.name} is {task.modality}")
