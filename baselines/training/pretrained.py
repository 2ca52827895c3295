"""Encoders pretrained on a world with other pictograms and nouns.

`spurgen pretrain` makes the weights and their record beside this file.
"""

import hashlib
import zipfile
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spurgen.baselines.training.backbones import Network
from spurgen.baselines.training.tokens import RESERVED, Vocabulary
from spurgen.baselines.training.weights import RECORD, WEIGHTS, recorded_digest
from spurgen.benchmark.errors import FrozenDataError, SubmissionError

WORDS = "caption.words.weight"
Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Pretrained:
    """Weights of the encoders by their names in `Network`, and the words that the caption encoder knows."""

    weights: dict[str, Tensor]
    words: tuple[str, ...]


def digest(arrays: Arrays) -> str:
    """Return the SHA-256 of arrays' names, dtypes, shapes and content, independent of the format of their file."""
    result = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        result.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        result.update(np.ascontiguousarray(array).tobytes())
    return result.hexdigest()


@cache
def load_pretrained() -> Pretrained:
    """Read the weights; raise `FrozenDataError` if they are missing or differ from their record."""
    try:
        with WEIGHTS.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise FrozenDataError(f"cannot read {WEIGHTS} ({error}); restore it or run `spurgen pretrain`") from None
    if digest(arrays) != recorded_digest():
        raise FrozenDataError(
            f"{WEIGHTS} does not hold the weights of {RECORD.name}; restore it or run `spurgen pretrain`"
        )
    words = tuple(arrays.pop("words").tolist())
    return Pretrained({name: torch.tensor(array).float() for name, array in arrays.items()}, words)


def start_from(network: Network, pretrained: Pretrained, vocabulary: Vocabulary | None) -> None:
    """Copy pretrained weights into a network's encoders; fusion, head and other words keep their initial weights.

    Raises `SubmissionError` if the network's encoders are of another size than the pretrained ones.
    """
    state = network.state_dict()
    for name, weights in pretrained.weights.items():
        if name == WORDS and vocabulary is not None:
            places = {word: k for k, word in enumerate(pretrained.words)}
            for word, k in vocabulary.ids.items():
                if word in places:
                    state[name][k] = weights[places[word]]
        elif name in state:
            if state[name].shape != weights.shape:
                raise SubmissionError(
                    f"{name} is {tuple(state[name].shape)} here and {tuple(weights.shape)} in the pretrained encoders; "
                    "leave out the options that change their size, such as feature_dim"
                )
            state[name].copy_(weights)


def to_arrays(networks: dict[str, Network], vocabulary: Vocabulary) -> Arrays:
    """Return the encoders of trained networks as float16; `networks` maps `image` and `caption` to a network each."""
    arrays: Arrays = {"words": np.array(list(vocabulary.ids))}
    for part, network in networks.items():
        for name, weights in network.state_dict().items():
            if name.startswith(f"{part}."):
                part_weights = weights[len(RESERVED) :] if name == WORDS else weights
                dtype = np.float16 if weights.is_floating_point() else np.int64
                arrays[name] = part_weights.cpu().numpy().astype(dtype)
    return arrays
