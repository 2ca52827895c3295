"""CelebA (Liu et al. 2015) as published: is the hair blond, with the attribute Male (Sagawa et al. 2020)."""

from pathlib import Path

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.anchor.dataset import TEST, TRAIN, VAL, Listing
from spurgen.harness.anchor.layouts._tables import DOWNLOAD, coded, read_columns

ATTRIBUTES, PARTITION = "list_attr_celeba.csv", "list_eval_partition.csv"
MARKS = (ATTRIBUTES, PARTITION)
SIGNS = {"-1": 0, "1": 1}
SPLITS = {"0": TRAIN, "1": VAL, "2": TEST}
IMAGES = ("img_align_celeba/img_align_celeba", "img_align_celeba", ".")  # as Kaggle, the authors and others unpack it


def read(folder: Path) -> Listing:
    """Return the faces; raise `SpurgenError` for bad tables, or if they list different images."""
    attributes = read_columns(folder / ATTRIBUTES, ["image_id", "Blond_Hair", "Male"])
    partition = read_columns(folder / PARTITION, ["image_id", "partition"])
    for name, part in ((ATTRIBUTES, attributes), (PARTITION, partition)):
        twice = part["image_id"].duplicated()
        if twice.any():
            raise SpurgenError(f"{folder / name} lists {part['image_id'][twice].iloc[0]} twice; {DOWNLOAD}")
    table = attributes.merge(partition, on="image_id")
    if len(table) < max(len(attributes), len(partition)):
        raise SpurgenError(
            f"{folder}: {ATTRIBUTES} has {len(attributes)} images and {PARTITION} {len(partition)}, of which "
            f"{len(table)} are in both; {DOWNLOAD}"
        )
    first = str(table["image_id"].iloc[0])
    place = next((folder / name for name in IMAGES if (folder / name / first).is_file()), folder / IMAGES[1])
    return Listing(
        "celeba", "image", ("dark hair", "blond hair"), "gender", ("female", "male"),
        [str(place / name) for name in table["image_id"]],
        coded(folder / ATTRIBUTES, table, "Blond_Hair", SIGNS), coded(folder / ATTRIBUTES, table, "Male", SIGNS),
        coded(folder / PARTITION, table, "partition", SPLITS),
    )  # fmt: skip
