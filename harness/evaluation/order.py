"""Samples of several runs, checkpoints or models in one order, by their names or places."""

import numpy as np
import pandas as pd

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.evaluation.predictions import Predictions
from spurgen.harness.metrics.arrays import Int64


def same_order(first: Predictions, second: Predictions, same: str) -> Int64:
    """Return the place of the first's samples in the second, int64 (n,).

    Raises `SpurgenError` if they are not the same; `same` says why they must be.
    """
    attributes = [", ".join(attribute.name for attribute in model.attributes) for model in (first, second)]
    for what, ours, theirs in (("split", first.split, second.split), ("attributes", *attributes)):
        if ours and theirs and ours != theirs:
            raise SpurgenError(f"{first.name} has the {what} {ours}, and {second.name} {theirs}; {same}: name --{what}")
    order = _order(first, second, same)
    for (what, of_first), (_, of_second) in zip(first.factors(), second.factors(), strict=True):
        differ = of_first != of_second[order]
        if differ.any():
            k = int(differ.argmax())
            sample = first.keys[k] if first.keys else f"sample {k + 1}"
            raise SpurgenError(
                f"{first.name} and {second.name} give {sample} different {what}, {of_first[k]} and "
                f"{of_second[order][k]}; {same}, and --key if they are in another order"
            )
    return order


def _order(first: Predictions, second: Predictions, same: str) -> Int64:
    if first.keys is None or second.keys is None:
        if len(first) != len(second):
            raise SpurgenError(
                f"{first.name} has {len(first)} samples and {second.name} {len(second)}; {same}, and --key if they are "
                "in another order"
            )
        return np.arange(len(first))
    ours, theirs = pd.Index(first.keys), pd.Index(second.keys)
    for names, lacking in (
        ((second.name, first.name), ours.difference(theirs)),
        ((first.name, second.name), theirs.difference(ours)),
    ):
        if len(lacking):
            raise SpurgenError(
                f"{names[0]} lacks {len(lacking)} of the samples of {names[1]}, such as {lacking[0]}; {same}"
            )
    order: Int64 = theirs.get_indexer(ours).astype(np.int64)
    return order
