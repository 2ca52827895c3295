"""Waterbirds (Sagawa et al. 2020) as WILDS distributes it: `metadata.csv`, and images in a folder per species."""

from pathlib import Path

from spurgen.harness.anchor.dataset import TEST, TRAIN, VAL, Listing
from spurgen.harness.anchor.layouts._tables import coded, read_columns

MARKS = ("metadata.csv",)
BINARY = {"0": 0, "1": 1}
SPLITS = {"0": TRAIN, "1": VAL, "2": TEST}


def read(folder: Path) -> Listing:
    """Return the birds with their habitat in the picture; raise `SpurgenError` for a bad metadata.csv."""
    path = folder / "metadata.csv"
    table = read_columns(path, ["img_filename", "y", "split", "place"])
    return Listing(
        "waterbirds", "image", ("landbird", "waterbird"), "place", ("land", "water"),
        [str(folder / name) for name in table["img_filename"]],
        coded(path, table, "y", BINARY), coded(path, table, "place", BINARY), coded(path, table, "split", SPLITS),
    )  # fmt: skip
