"""Answers of a submission that needs no training to a user's images or texts, from its sandbox."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spurgen.benchmark.contract import Batch
from spurgen.benchmark.errors import SubmissionError
from spurgen.harness.evaluation.predictions import Predictions, is_numbered
from spurgen.harness.evaluation.tables import are_probabilities
from spurgen.harness.machine.images import below, read_image
from spurgen.harness.metrics import softmax
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.sandbox.limits import DEFAULT
from spurgen.harness.sandbox.process import Worker

ROWS = 100


def answer(
    spec: str,
    samples: Predictions,
    batches: Iterator[Batch],
    *,
    texts: bool = False,
    device: str = "cpu",
    progress: Callable[[int], None] = lambda _: None,
) -> Predictions:
    """Return the samples with a submission's answers; `batches` are their inputs in order: `texts`, or images.

    Raises `SubmissionError` if the submission fails, does not take these inputs, wants to be trained, has neither
    `predict` nor `predict_proba`, or returns probabilities by `predict`.
    """
    with Worker(spec, {}, None, DEFAULT, device) as worker:
        offers, modality = worker.about.offers, "text" if texts else "image"
        if modality not in worker.about.modalities:
            takes, flag = " and ".join(worker.about.modalities), "--texts" if modality == "image" else "--images"
            raise worker.failure(f"it takes {takes}, not {modality} alone; see {flag}")
        what = next((name for name in ("predict", "predict_proba") if name in offers), None)
        if what is None:
            raise worker.failure("it has neither predict nor predict_proba; add one")
        if "fit" in offers:
            raise worker.failure("it has a function fit, and nothing is trained here; load its trained weights instead")
        rows = []
        for batch in batches:
            worker.send(what, batch)
            rows.append(worker.answer(len(batch), len(samples.classes), "your data").astype(np.float64))
            progress(len(batch))
        name = worker.about.name
    scores = np.concatenate(rows)
    if what == "predict" and are_probabilities(scores):
        raise SubmissionError(f"submission {spec}: predict returned probabilities, not logits; call it predict_proba")
    probs: Float64 = scores if what == "predict_proba" else softmax(scores)
    by_place = not is_numbered(samples.classes)
    return replace(samples, name=name, predicted=probs.argmax(axis=1)[None], probs=probs[None], by_place=by_place)


def image_batches(folder: Path, keys: Sequence[str], size: int) -> Iterator[Batch]:
    """Yield images as uint8 (n, size, size, 3): RGB, scaled without regard to their shape.

    Raises `SpurgenError` for a name that leads out of the folder, and as `read_image` does.
    """
    for start in range(0, len(keys), ROWS):
        paths = [below(folder, key) for key in keys[start : start + ROWS]]
        yield Batch(np.stack([_scaled(read_image(path), size) for path in paths]), None)


def text_batches(texts: Sequence[str]) -> Iterator[Batch]:
    """Yield texts as captions."""
    for start in range(0, len(texts), ROWS):
        yield Batch(None, list(texts[start : start + ROWS]))


def _scaled(image: Image.Image, size: int) -> NDArray[np.uint8]:
    return np.asarray(image.resize((size, size), Image.Resampling.BILINEAR), dtype=np.uint8)
