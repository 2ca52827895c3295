"""The layout of Waterbirds: PNG files, and metadata.csv with a class, a split and a `place` for each.

It is read by group_DRO (Sagawa et al. 2020), WILDS (Koh et al. 2021) and SubpopBench (Yang et al. 2023); the last has
other names for two columns, so the table has these under both names.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import takewhile

from spurgen.harness.exports import images
from spurgen.harness.exports.formats import folder
from spurgen.harness.exports.images import Line
from spurgen.harness.exports.plan import Chunk, Column, Plan, columns_of_text, rows_of

SUMMARY = "the layout of Waterbirds, as WILDS, group_DRO and SubpopBench read it; --place names the attribute"
TABLE, RELEASE = "metadata.csv", "RELEASE_v1.0.txt"
RECORDS_IN = TABLE
SPLITS = {"train": 0, "val": 1, "test": 2, "test/agree": 2, "test/mislead": 2}
TWINS = 3  # a split that no reader asks for
OURS = (
    Column("img_filename", "text", "path of the image"),
    Column("y", "whole", "the recorded class"),
    Column("split", "whole", "0 train, 1 val, 2 test, 3 twins and others"),
    Column("place", "whole", "the attribute: the value of a channel"),
    Column("filename", "text", "img_filename, as SubpopBench calls it"),
    Column("a", "whole", "place, as SubpopBench calls it"),
)
OWN_COLUMNS = ("img_id", *(column.name for column in OURS), "part")
LOADING = """\
import pandas as pd

table = pd.read_csv("FOLDER/metadata.csv")  # img_filename, y, split, place: the value of {place}
train = table[table["split"] == 0]  # 1: val, 2: test"""
files, write = images.files, images.write
patterns = folder.patterns


def columns(plan: Plan) -> list[Column]:
    """Return the columns of metadata.csv; our own `split` is called `part`."""
    rest = (replace(c, name="part") if c.name == "split" else c for c in columns_of_text(plan.scenario))
    return [Column("img_id", "whole", "number of the image, counted from 1"), *OURS, *rest]


def tables(plan: Plan) -> dict[str, Iterable[Line]]:
    """Return the lines of metadata.csv, and the empty file without which WILDS considers a data set incomplete."""
    return {TABLE: images.table(plan, _lines, plan.parts), RELEASE: ()}


def _lines(plan: Plan, chunk: Chunk) -> Iterator[Line]:
    before = sum(size for _, size in takewhile(lambda part: part[0] != chunk.part, plan.sizes.items()))
    split, rows = SPLITS.get(chunk.part, TWINS), rows_of(plan.scenario, chunk)
    labels, places = chunk.samples.labels.tolist(), chunk.samples.channel_values[plan.place].tolist()
    lines = zip(images.names_of(chunk), labels, places, rows, strict=True)
    for k, (name, label, place, row) in enumerate(lines, before + chunk.start + 1):
        yield k, name, label, split, place, name, place, *row


def card(plan: Plan) -> dict[str, str]:
    """Return the table as the only split: without it, Hugging Face takes the folders' names for labels."""
    del plan
    return {"table": TABLE}
