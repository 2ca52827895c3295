"""Asking a submission about everything that a task's figures need, and keeping its answers."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from spurgen.benchmark.contract import Batch
from spurgen.benchmark.errors import SubmissionError
from spurgen.benchmark.suite import Suite, Task
from spurgen.generators import Samples, sample
from spurgen.harness.data import Block, every_input, inputs, part_start, shown
from spurgen.harness.frozen import check_samples
from spurgen.harness.process import Worker, soften

Floats = NDArray[np.float64]
CHUNK = 1000
PROBED = 2000  # samples per split whose features are probed


@dataclass
class Answers:
    """Holds a submission's logits, float64 (n, K): on val, on test, and on every block of twins.

    `features` maps `train` and `test` to what `encode` returned for the first samples, and is empty
    without `encode`.
    """

    val: Floats
    val_labels: NDArray[np.int64]
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
            features = np.concatenate(list(self.ask("encode", chunks(self.task, train), "train")))
            self.probe.fit(features, train.labels)

    def logits(self, batches: Iterator[Batch], where: str) -> Iterator[Floats]:
        """Yields logits, float64 (n, K), for each batch."""
        for scores in self.ask(self.what, batches, where):
            if self.what == "encode":
                decision = self.probe.decision_function(scores)
                yield np.stack([-decision, decision], axis=1) / 2 if decision.ndim == 1 else decision
            else:
                yield soften(scores).astype(np.float64) if self.what == "predict_proba" else scores

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


def chunks(task: Task, samples: Samples, count: int | None = None) -> Iterator[Batch]:
    """Cuts samples into batches."""
    whole = inputs(task, samples)
    for start in range(0, len(whole) if count is None else count, CHUNK):
        yield whole.take(slice(start, start + CHUNK))


def collect(asker: Asker, suite: Suite, val: Samples, train: Samples) -> tuple[Answers, Samples]:
    """Asks for everything, checks every input against the manifest, and returns the test samples' factors."""
    task = asker.task
    answers = Answers(np.concatenate(list(asker.logits(chunks(task, val), "val"))), val.labels)
    asked: list[Block] = []
    factors: list[Samples] = []

    def stream() -> Iterator[Batch]:
        for block, indices, samples in every_input(task, CHUNK):
            place = part_start(task, block, indices[0])
            if place is not None:
                check_samples(suite, task.scenario.name, *place, samples)
            if block.kind is None:
                factors.append(samples.without_inputs())
            asked.append(block)
            yield inputs(task, samples)

    parts: dict[Block, list[Floats]] = {}
    for number, logits in enumerate(asker.logits(stream(), "test")):
        parts.setdefault(asked[number], []).append(logits)
    answers.blocks = {block: np.concatenate(some) for block, some in parts.items()}
    if "encode" in asker.worker.about["offers"]:
        test = sample(task.scenario, "test", range(min(2 * PROBED, task.scenario.num_test)), **shown(task))
        for name, samples in (("train", train), ("test", test)):
            batches = chunks(task, samples, min(PROBED * (1 + (name == "test")), len(samples.labels)))
            answers.features[name] = np.concatenate(list(asker.ask("encode", batches, name)))
    return answers, Samples.join(factors)


def check_offer(worker: Worker, task: Task) -> None:
    """Raises `SubmissionError` if the submission does not take the task's modality."""
    if task.modality not in worker.about["modalities"]:
        taken = ", ".join(worker.about["modalities"])
        raise SubmissionError(f"submission {worker.spec} takes {taken}, but task {task.name} is {task.modality}")
