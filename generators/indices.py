"""Checks of the numbers that callers give."""

import numpy as np

from spurgen.benchmark.errors import ScenarioError
from spurgen.generators.streams import Int64

LAST_INDEX = 2**48  # beyond, the words of a stream would repeat: an index times its blocks is a uint64


def checked_indices(indices: object) -> Int64:
    """Return sample indices as int64 (n,). Raises `ScenarioError` if they are negative or not whole numbers."""
    where = integers("sample indices", indices)
    if where.ndim != 1:
        message = f"sample indices have {where.ndim} dimensions, expected 1: give a list or range of whole numbers"
        raise ScenarioError(message)
    if len(where) and where.min() < 0:
        raise ScenarioError(f"negative sample index {where.min()}; indices start at 0")
    if len(where) and where.max() >= LAST_INDEX:
        raise ScenarioError(f"sample index {where.max()} is too large; give one below 2**48")
    return where


def integers(what: str, numbers: object) -> Int64:
    """Return whole numbers as int64; refuse booleans, which are a mask rather than indices."""
    try:
        array = np.asarray(numbers)
    except ValueError:  # lists of unequal lengths
        raise ScenarioError(f"{what} must be whole numbers in equal rows, not {numbers!r:.80}") from None
    if array.size and (array.dtype.kind not in "iu" or array.max() > np.iinfo(np.int64).max):
        example = f"{array.dtype} such as {array.ravel().tolist()[0]!r}"
        cure = "; np.flatnonzero turns a mask into indices" if array.dtype.kind == "b" else ""
        raise ScenarioError(f"{what} must be whole numbers below 2**63, not {example}{cure}")
    return array.astype(np.int64)
