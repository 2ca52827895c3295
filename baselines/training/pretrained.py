"""Encoders trained beforehand on a world with other pictograms and nouns: read, checked, put to use.

`spurgen pretrain` made the files beside this one and makes them again.
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
from spurgen.benchmark.errors import FrozenDataError

WORDS = "caption.words.weight"
Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Pretrained:
    """Holds the encoders' weights by their names in `Network`, and the words that the caption encoder knows."""

    weights: dict[str, Tensor]
    words: tuple[str, ...]


def digest(arrays: Arrays) -> str:
    """Hashes arrays by name, dtype, shape and content, whatever the file that holds them looks like."""
    found = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        found.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()


@cache
def load_pretrained() -> Pretrained:
    """Reads the weights; raises `FrozenDataError` if they are missing or not those recorded."""
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
    """Puts pretrained weights into a network's encoders; fusion, head and unknown words keep their own.

    Raises `ValueError` where the encoders have another shape than those pretrained.
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
                raise ValueError(f"{name} is {tuple(state[name].shape)}, pretrained {tuple(weights.shape)}")
            state[name].copy_(weights)


def to_arrays(networks: dict[str, Network], vocabulary: Vocabulary) -> Arrays:
    """Takes the encoders out of trained networks, as float16; `networks` maps `image` and `caption` to one each."""
    arrays: Arrays = {"words": np.array(list(vocabulary.ids))}
    for part, network in networks.items():
        for name, weights in network.state_dict().items():
            if name.startswith(f"{part}."):
                kept = weights[len(RESERVED) :] if name == WORDS else weights
                arrays[name] = kept.cpu().numpy().astype(np.float16 if kept.is_floating_point() else np.int64)
    return arrays
