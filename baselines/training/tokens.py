"""Vocabulary of the training captions, and their encoding as token ids."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Self

import numpy as np

from spurgen.benchmark.contract import Int64

PADDING, UNKNOWN = 0, 1
RESERVED = ("<padding>", "<unknown>")
_words_of = re.compile(r"\d+|[^\W\d]+|[^\w\s]").findall


def words(caption: str) -> list[str]:
    """Split a caption into lower-case words, numbers and single punctuation marks."""
    return _words_of(caption.lower())


@dataclass(frozen=True)
class Vocabulary:
    """Mapping of words to ids in [0, size), and of captions to rows of `length` ids."""

    ids: dict[str, int]
    length: int

    @classmethod
    def of(cls, captions: Sequence[str]) -> Self:
        """Build the vocabulary of `captions`, with ids in alphabetical order."""
        split = [words(caption) for caption in captions]
        known = sorted(set(chain.from_iterable(split)))
        ids = {word: i for i, word in enumerate(known, start=len(RESERVED))}
        return cls(ids, max(1, max(map(len, split), default=1)))

    @property
    def size(self) -> int:
        """Number of ids, including padding and unknown."""
        return len(self.ids) + len(RESERVED)

    def encode(self, captions: Sequence[str]) -> Int64:
        """Return ids, int64 (n, length): unknown words are 1, padding is 0, longer captions are cut."""
        get = self.ids.get

        @cache  # captions repeat words, and no word contains a space
        def ids_of(chunk: str) -> list[int]:
            return [get(word, UNKNOWN) for word in words(chunk)]

        rows = [list(chain.from_iterable(map(ids_of, text.split())))[: self.length] for text in captions]
        lengths = np.fromiter(map(len, rows), np.int64, len(rows))
        encoded = np.full((len(rows), self.length), PADDING, dtype=np.int64)
        filled = np.arange(self.length) < lengths[:, None]
        encoded[filled] = np.fromiter(chain.from_iterable(rows), np.int64, int(lengths.sum()))
        return encoded
