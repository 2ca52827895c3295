"""PNG files in a folder per part and class, such as train/03-heart: what torchvision's ImageFolder and timm read.

They number classes in the order of their folders' names, so these begin with the label, and every part has the folder
of every class: one that is missing would shift the others.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from spurgen.benchmark.world import Description
from spurgen.generators.streams import Int64
from spurgen.generators.world import NOTHING, world_of
from spurgen.harness.exports import images
from spurgen.harness.exports.formats import folder
from spurgen.harness.exports.images import Line
from spurgen.harness.exports.plan import Chunk, Plan, Shard, rows_of

SUMMARY = "PNG files in a folder per class, train/03-heart, as torchvision's ImageFolder and timm read them"
TABLE = RECORDS_IN = folder.TABLE
OWN_COLUMNS = folder.OWN_COLUMNS
LOADING = """\
from torchvision.datasets import ImageFolder

train = ImageFolder("FOLDER/train")  # timm: create_dataset("", root="FOLDER", split="train")"""
columns = folder.columns


def class_folders(scenario: Description) -> list[str]:
    """Return the names of the classes' folders, in label order, which is that of the alphabet."""
    names = world_of(scenario).class_names
    digits = len(str(len(names) - 1))
    return [f"{label:0{digits}d}-{re.sub(r'[^a-z0-9]+', '-', name)}" for label, name in enumerate(names)]


def _names(scenario: Description, part: str, start: int, labels: Int64) -> list[str]:
    folders = class_folders(scenario)
    return [images.image_name(f"{part}/{folders[label]}", start + k) for k, label in enumerate(labels.tolist())]


def files(plan: Plan, shard: Shard) -> Iterator[str]:
    """Name a shard's images."""
    m, rows = max(plan.scenario.rungs, default=0), range(shard.start, shard.stop)
    made = world_of(plan.scenario).rows(shard.part, m, rows, NOTHING)
    yield from _names(plan.scenario, shard.part, shard.start, made.labels)


def write(plan: Plan, shard: Shard, chunks: Iterable[Chunk], folder: Path) -> None:
    """Write a shard's images, and make the folders of all classes."""
    for name in class_folders(plan.scenario):
        (folder / shard.part / name).mkdir(parents=True, exist_ok=True)
    for chunk in chunks:
        images.write_images(chunk, folder, _names(plan.scenario, chunk.part, chunk.start, chunk.samples.labels))


def tables(plan: Plan) -> dict[str, Iterable[Line]]:
    """Return the lines of metadata.csv."""
    return {TABLE: images.table(plan, _lines, plan.parts)}


def _lines(plan: Plan, chunk: Chunk) -> Iterator[Line]:
    names = _names(plan.scenario, chunk.part, chunk.start, chunk.samples.labels)
    return ((name, *row) for name, row in zip(names, rows_of(plan.scenario, chunk), strict=True))


def card(plan: Plan) -> dict[str, str]:
    """Return the files of every part."""
    return {part: f"{part}/*/*" for part in plan.parts}


def patterns(plan: Plan) -> dict[str, str]:
    """Return the images of every part."""
    return {part: f"{part}/*/*.png" for part in plan.parts}
