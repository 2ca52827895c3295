"""Encoders by name: the package's own, a user's file, models of other libraries, and plain ones to compare with.

Plain ones show what pixels, colours and words alone tell, and what networks with random weights do. Each is checked
before use.
"""

import hashlib
import importlib
import os
import re
import socket
import sys
import zlib
from collections.abc import Callable, Sequence
from functools import cache
from importlib.util import find_spec
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from urllib.request import getproxies

import numpy as np
from numpy.typing import NDArray

from spurgen.baselines.training.encoders import ENCODERS, Encoder, Features
from spurgen.benchmark.contract import Batch
from spurgen.benchmark.errors import SpurgenError, SubmissionError
from spurgen.benchmark.shell import TRAIN, check_packages
from spurgen.benchmark.suggest import suggestion
from spurgen.harness.machine.printing import and_list
from spurgen.harness.results.identity import submission_digest
from spurgen.harness.sandbox.answers import fault
from spurgen.harness.worker.loading import load_submission

GRID = 16  # cells of an image's side
LEVELS = 4  # of each colour in the histogram
WORDS = 1024  # numbers that words are hashed to
CNN_WIDTH = 128  # features of the small network with random weights


class Plain(NamedTuple):
    """An encoder, and the half of a sample that it reads."""

    half: str
    encoder: Encoder


def _pixels(images: NDArray[np.uint8]) -> Features:
    side = images.shape[1] // GRID
    cut = images[:, : side * GRID, : side * GRID].reshape(len(images), GRID, side, GRID, side, 3)
    means: Features = cut.mean(axis=(2, 4)).reshape(len(images), -1).astype(np.float32)
    return means


def _histogram(images: NDArray[np.uint8]) -> Features:
    levels = (images // (256 // LEVELS)).astype(np.int64)
    bins = (levels[..., 0] * LEVELS + levels[..., 1]) * LEVELS + levels[..., 2]
    shares = [np.bincount(each.ravel(), minlength=LEVELS**3) / each.size for each in bins]
    return np.stack(shares).astype(np.float32)


def _words(captions: Sequence[str]) -> Features:
    counts = np.zeros((len(captions), WORDS), np.float32)
    for row, caption in zip(counts, captions, strict=True):
        for word in re.findall(r"\w+", caption.lower()):
            row[zlib.crc32(word.encode()) % WORDS] += 1
    return counts


@cache
def _random_efficientnet() -> Callable[[NDArray[np.uint8]], Features]:
    import torch

    from spurgen.baselines.training.encoders import encode_images_with, make_trunk

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        trunk = make_trunk()
        for layer in trunk.modules():
            if hasattr(layer, "reset_parameters"):
                layer.reset_parameters()
        with torch.no_grad():  # batch statistics from noise: without them, the activations would vanish with depth
            trunk.train().extract_features(torch.randn(16, 3, 96, 96))
    return encode_images_with(trunk)


@cache
def _random_cnn() -> Callable[[NDArray[np.uint8]], Features]:
    import torch

    from spurgen.baselines.training.backbones import ImageEncoder

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = ImageEncoder(CNN_WIDTH)

    @torch.inference_mode()
    def encode(images: NDArray[np.uint8]) -> Features:
        features: Features = network.eval()(network.embed(torch.from_numpy(images)).float()).numpy()
        return features

    return encode


@cache
def _random_minilm() -> Callable[[Sequence[str]], Features]:
    import torch

    from spurgen.baselines.training.encoders import encode_captions_with, load_minilm

    model = load_minilm()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for part in model.parameters():
            if part.ndim > 1:  # as BERT is initialised
                part.copy_(0.02 * torch.randn(part.shape, generator=generator))
    return encode_captions_with(model)


IMAGE, CAPTION = (ENCODERS[half].packages for half in ("image", "caption"))
PLAIN = {
    "pixels": Plain("image", Encoder("pixels/1", 3 * GRID**2, (), lambda: _pixels)),
    "colour-histogram": Plain("image", Encoder("colour-histogram/1", LEVELS**3, (), lambda: _histogram)),
    "efficientnet-lite0-random": Plain(
        "image", Encoder("efficientnet-lite0-random/1", 1280, IMAGE, _random_efficientnet)
    ),
    "cnn-random": Plain("image", Encoder("cnn-random/1", CNN_WIDTH, (), _random_cnn)),
    "bag-of-words": Plain("caption", Encoder("bag-of-words/1", WORDS, (), lambda: _words)),
    "minilm-random": Plain("caption", Encoder("minilm-random/1", 384, CAPTION, _random_minilm)),
}


ADAPTERS = "spurgen.submissions.adapters"
SHIPPED = {"efficientnet-lite0": "image", "minilm": "caption"}
PROBES = ("a fox", "a photo of a red tram before a striped wall", "an apple on a table", "tools")
MINILM = "all-MiniLM-L6-v2"
OF_HUB = ("timm", "open_clip", "sentence_transformers", "transformers")
"""Packages that load weights from Hugging Face's hub."""
HUB_SECONDS = 3.0  # to connect to the hub
CLOSE = 1e-3  # largest difference allowed between two answers to one input, in standard deviations of the features


class Source(NamedTuple):
    """A library: its package, which is also the name of its adapter's module, and the adapter's class for each half.

    `slashed`: whether a model's name is two arguments of that class, joined by a slash.
    """

    package: str
    classes: dict[str, str]
    slashed: bool = False


SOURCES = {
    "torchvision": Source("torchvision", {"image": "ImageEncoder"}),
    "timm": Source("timm", {"image": "ImageEncoder"}),
    "open_clip": Source("open_clip", {"image": "Clip"}, slashed=True),
    "efficientnet-lite": Source("efficientnet_lite_pytorch", {"image": "ImageEncoder"}),
    "sentence-transformers": Source("sentence_transformers", {"caption": "SentenceEncoder"}),
    "hf": Source("transformers", {"caption": "TextEncoder", "image": "ImageEncoder"}),
}


def halves_read(spec: str) -> tuple[str, ...]:
    """Return the halves of a sample that an encoder reads, `image` or `caption`; raise `SubmissionError` if unknown."""
    prefix, colon, _ = spec.partition(":")
    if colon and prefix in SOURCES:
        return tuple(SOURCES[prefix].classes)
    if spec in SHIPPED or spec in PLAIN:
        return (SHIPPED.get(spec) or PLAIN[spec].half,)
    if "." not in spec and "/" not in spec:
        known = [*SHIPPED, *PLAIN, *(f"{name}:NAME" for name in SOURCES)]
        raise SubmissionError(f"there is no encoder {spec!r}, nor a path of a file; {suggestion(spec, known)}")
    modalities = load_submission(spec).modalities
    return tuple(half for half, name in (("image", "image"), ("caption", "text")) if name in modalities)


def encoder_of(half: str, spec: str = "") -> Encoder:
    """Return the encoder of one half of a sample; without `spec`, the suite's encoder.

    `spec`: a name of the package, `LIBRARY:NAME`, or a file with a function `encode`. Raises `SubmissionError` if it
    does not read that half, cannot be loaded, returns invalid features, or returns different ones when asked again.
    """
    if not spec:
        return ENCODERS[half]
    if half not in (halves := halves_read(spec)):
        raise SubmissionError(_reads(spec, halves, half))
    return ENCODERS[half] if spec in SHIPPED else _loaded(half, spec)


def _reads(spec: str, halves: Sequence[str], half: str) -> str:
    """Return what is wrong with an encoder that does not read a half."""
    reads = and_list([f"{each}s" for each in halves]) or "neither images nor captions alone"
    return f"{spec} reads {reads}, not {half}s; name another encoder, or ask it about {and_list(halves) or 'other'}s"


@cache
def _loaded(half: str, spec: str) -> Encoder:
    if spec in PLAIN:
        return PLAIN[spec].encoder
    prefix, _, name = spec.partition(":")
    if prefix in SOURCES:
        made = _made(spec, SOURCES[prefix], name, half)
        encode, weights = made.encode, f"{spec}/{_digest(made.model)}"
    else:
        encode, weights = load_submission(spec).encode, submission_digest(spec)
        if encode is None:
            raise SubmissionError(f"{spec} has no function encode(batch); add one")
    checked = _checked(spec, half, encode)
    return Encoder(weights, _width(spec, half, checked), (), lambda: checked)


def _made(spec: str, source: Source, name: str, half: str) -> Any:  # noqa: ANN401
    ours = "; the encoder minilm is that model, and comes with spurgen" if name.endswith(MINILM) else ""
    if find_spec(source.package) is None:
        raise SubmissionError(f"{spec}: {source.package} is not installed here; install it, and run this again{ours}")
    check_packages(TRAIN, spec, "train")
    if source.package in OF_HUB:
        _without_retries()
    try:
        adapter = _adapter(source.package, source.classes[half])
        return adapter(*name.split("/", 1)) if source.slashed else adapter(name)
    except Exception as error:  # any error of the library: unknown model, no network, no weights
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise SubmissionError(
            f"{spec} cannot be loaded: {reason}; check its name, and that its weights are on this machine or can be "
            f"downloaded{ours}"
        ) from None


def _without_retries() -> None:
    """Let the libraries of Hugging Face's hub use only what is on this machine, if the hub cannot be reached.

    They would otherwise retry for a minute before they fail.
    """
    address = urlsplit(os.environ.get("HF_ENDPOINT", "https://huggingface.co"))
    if getproxies().get(address.scheme):
        return
    try:
        socket.create_connection((address.hostname or "", address.port or 443), HUB_SECONDS).close()
    except OSError:
        os.environ["HF_HUB_OFFLINE"] = os.environ["TRANSFORMERS_OFFLINE"] = "1"
        if constants := sys.modules.get("huggingface_hub.constants"):  # read the variable when it was imported
            vars(constants)["HF_HUB_OFFLINE"] = True


def _adapter(package: str, kind: str) -> Any:  # noqa: ANN401  # a class
    return getattr(importlib.import_module(f"{ADAPTERS}.{package}"), kind)


def _digest(model: Any) -> str:  # noqa: ANN401
    """Return the SHA-256 of a network's weights."""
    digest = hashlib.sha256()
    for name, tensor in model.state_dict().items():
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(tensor.detach().cpu().float().numpy()).tobytes())
    return digest.hexdigest()


def _checked(spec: str, half: str, encode: Callable[[Batch], Any]) -> Callable[..., Features]:
    """Wrap `encode` as a function from images or captions to float32 (n, d) that raises `SubmissionError` otherwise."""

    def checked(inputs: Any) -> Features:  # noqa: ANN401  # an array of images, or captions
        batch = Batch(inputs, None) if half == "image" else Batch(None, list(inputs))
        try:
            answer = encode(batch)
        except Exception as error:  # of a user's code, or a library's
            raise SubmissionError(
                f"{spec}: encode failed: {type(error).__name__}: {error}; fix encode, and run this again"
            ) from error
        try:
            features = np.asarray(answer.detach().cpu() if hasattr(answer, "detach") else answer, np.float32)
        except (TypeError, ValueError) as error:
            raise SubmissionError(
                f"{spec}: encode returned no array of numbers: {error}; return one float array (n, d)"
            ) from None
        if problem := fault("encode", features, len(batch), None, f"{len(batch)} inputs"):
            raise SubmissionError(f"{spec}: {problem}")
        return features

    return checked


def _width(spec: str, half: str, encode: Callable[..., Features]) -> int:
    """Return the width of an encoder's features; raise `SubmissionError` if equal inputs give different ones."""
    inputs: Any = PROBES
    if half == "image":
        inputs = np.random.default_rng(0).integers(0, 256, (len(PROBES), 224, 224, 3), dtype=np.uint8)
    whole = encode(inputs)
    for part in (slice(None), slice(0, 2), slice(2, None)):
        again = encode(inputs[part])
        if again.shape[1] != whole.shape[1]:
            raise SubmissionError(f"{spec}: encode returned {whole.shape[1]} features, then {again.shape[1]}")
        if np.abs(again - whole[part]).max() > CLOSE * (whole.std() + 1e-12):
            raise SubmissionError(
                f"{spec}: encode gives the same inputs other features in another call or batch; put the network into "
                "evaluation mode, and draw nothing at random"
            )
    return int(whole.shape[1])


def check_half(spec: str, modality: str | None) -> str:
    """Return the half of a sample to profile: that of `modality`, or without one the first that the encoder reads."""
    halves = halves_read(spec)
    half = {"text": "caption", "image": "image", None: (halves or ("",))[0]}[modality]
    if half not in halves:
        raise SpurgenError(_reads(spec, halves, half))
    return half
