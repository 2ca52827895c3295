"""A user's folder as a data set: recognised by its files, reduced to a size that can be trained on, and cached."""

import hashlib
from pathlib import Path
from types import ModuleType

import numpy as np

from spurgen.benchmark.contract import Int64
from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.plugins import discover
from spurgen.harness.anchor.dataset import TEST, TRAIN, VAL, Listing
from spurgen.harness.statistics.bootstrap import named_generator

LAYOUTS = "spurgen.harness.anchor.layouts"


def read_folder(folder: Path, at_most: int) -> Listing:
    """Return the data set in a folder, each split reduced to a random `at_most` samples.

    Raise `SpurgenError` if the folder holds no known data set, or a damaged one.
    """
    layout = recognise(folder)
    listing: Listing = layout.read(folder)
    return listing.take(_reduced(listing, at_most))


def recognise(folder: Path) -> ModuleType:
    """Return the layout whose files a folder holds."""
    if not folder.is_dir():
        raise SpurgenError(f"--data {folder} is no folder; name the folder of a data set")
    known = discover(LAYOUTS)
    for layout in known.values():
        if (folder / layout.MARKS[0]).exists():
            return layout
    wanted = "; ".join(f"{name}: {' and '.join(layout.MARKS)}" for name, layout in known.items())
    raise SpurgenError(f"--data {folder} holds none of the data sets that are known by their files ({wanted})")


def _reduced(listing: Listing, at_most: int) -> Int64:
    """Return the rows to keep, int64 (m,), ascending: the same for every run."""
    kept = []
    for split in (TRAIN, VAL, TEST):
        rows = named_generator("anchor", listing.name, "rows", split).permutation(
            np.flatnonzero(listing.splits == split)
        )
        kept.append(rows[:at_most])
    return np.sort(np.concatenate(kept))


def digest_of(listing: Listing) -> str:
    """Return the SHA-256 of what a data set lists: its inputs by name, labels, attributes and splits."""
    digest = hashlib.sha256("\0".join(listing.inputs).encode(errors="replace"))
    for part in (listing.labels, listing.attributes, listing.splits):
        digest.update(part.tobytes())
    return digest.hexdigest()
