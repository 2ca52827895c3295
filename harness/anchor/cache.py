"""Features of a user's data set, computed once and kept beside the results as float16."""

import io
import zipfile
from pathlib import Path

import numpy as np
from rich.console import Console

from spurgen.harness.anchor.dataset import Attributed, Listing
from spurgen.harness.anchor.features import compute, encoder_of
from spurgen.harness.anchor.folders import digest_of
from spurgen.harness.machine.files import write_atomically
from spurgen.harness.machine.printing import say


def with_features(listing: Listing, out: Path, console: Console) -> Attributed:
    """Return a data set with its features: those in `out`, if they are of the same inputs and encoder, or new ones."""
    encoder, path = encoder_of(listing), out / f"{listing.name}-features.npz"
    made_of = f"{encoder}, {digest_of(listing)}"
    features = _read(path, made_of)
    if features is None:
        with console.status(f"computing features of {len(listing.inputs):,} {listing.kind}s by {encoder}"):
            features = compute(listing).astype(np.float16)
        buffer = io.BytesIO()
        np.savez(buffer, features=features, made_of=np.array(made_of))
        write_atomically(path, buffer.getvalue())
        say(console, f"wrote {path}")
    return Attributed(
        listing.name, listing.class_names, listing.attribute, listing.values, encoder, features.astype(np.float32),
        listing.labels, listing.attributes, listing.splits,
    )  # fmt: skip


def _read(path: Path, made_of: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float16]] | None:
    """Return stored features, or None where there are none, or of other inputs, or the file is damaged."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return file["features"] if str(file["made_of"]) == made_of else None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
