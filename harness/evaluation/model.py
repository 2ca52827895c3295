"""Answers of a submission that needs no training to a user's images or texts, from its sandbox."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from spurgen.benchmark.contract import Batch
from spurgen.benchmark.errors import SpurgenError, SubmissionError
from spurgen.benchmark.reading import open_plain
from spurgen.harness.evaluation.predictions import Predictions, is_numbered
from spurgen.harness.evaluation.tables import are_probabilities
from spurgen.harness.metrics import softmax
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.sandbox.limits import DEFAULT
from spurgen.harness.sandbox.process import Worker

ROWS = 100
IMAGE_BYTES = 1 << 28


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

    Raises `SpurgenError` for a file that is missing or is no image.
    """
    for start in range(0, len(keys), ROWS):
        images = [_read(folder / key, size) for key in keys[start : start + ROWS]]
        yield Batch(np.stack(images), None)


def text_batches(texts: Sequence[str]) -> Iterator[Batch]:
    """Yield texts as captions."""
    for start in range(0, len(texts), ROWS):
        yield Batch(None, list(texts[start : start + ROWS]))


def _read(path: Path, size: int) -> NDArray[np.uint8]:
    try:
        with open_plain(path, IMAGE_BYTES) as content, Image.open(content) as image:
            upright = _in_eight_bits(ImageOps.exif_transpose(image))
            scaled = upright.convert("RGB").resize((size, size), Image.Resampling.BILINEAR)
            return np.asarray(scaled, dtype=np.uint8)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:  # SyntaxError: of a broken PNG
        raise SpurgenError(f"cannot read the image {path}: {error}") from None


def _in_eight_bits(image: Image.Image) -> Image.Image:
    """Convert an image of 16 bits to 8, where Pillow would clip; raise `ValueError` for pixels that are not bytes."""
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image, dtype=np.uint16) // 257).astype(np.uint8))
    if image.mode in ("I", "F"):
        raise ValueError(f"its pixels are numbers of 32 bits (mode {image.mode}); save it with 8 or 16 bits")
    return image
