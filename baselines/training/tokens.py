"""Words as numbers: the vocabulary of the training captions."""

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
    """Splits a caption into lower-case words, numbers and single punctuation marks."""
    return _words_of(caption.lower())


@dataclass(frozen=True)
class Vocabulary:
    """Maps words to ids in [0, size) and captions to rows of at most `length` ids."""

    ids: dict[str, int]
    length: int

    @classmethod
    def of(cls, captions: Sequence[str]) -> Self:
        """Builds the vocabulary of `captions`, its ids in alphabetical order."""
        split = [words(caption) for caption in captions]
        known = sorted(set(chain.from_iterable(split)))
        ids = {word: i for i, word in enumerate(known, start=len(RESERVED))}
        return cls(ids, max(1, max(map(len, split), default=1)))

    @property
    def size(self) -> int:
        """Counts the ids, padding and unknown included."""
        return len(self.ids) + len(RESERVED)

    def encode(self, captions: Sequence[str]) -> Int64:
        """Returns int64 (n, length): ids, unknown words as 1, padded with 0, cut at `length`."""
        get = self.ids.get

        @cache  # captions repeat their words, and no word spans a space
        def ids_of(chunk: str) -> list[int]:
            return [get(word, UNKNOWN) for word in words(chunk)]

        rows = [list(chain.from_iterable(map(ids_of, text.split())))[: self.length] for text in captions]
        lengths = np.fromiter(map(len, rows), np.int64, len(rows))
        encoded = np.full((len(rows), self.length), PADDING, dtype=np.int64)
        filled = np.arange(self.length) < lengths[:, None]
        encoded[filled] = np.fromiter(chain.from_iterable(rows), np.int64, int(lengths.sum()))
        return encoded

    def decode(self, row: Int64) -> list[str]:
        """Returns the words of one row of ids, without the padding."""
        known = (*RESERVED, *self.ids)
        return [known[i] for i in row.tolist() if i != PADDING]
