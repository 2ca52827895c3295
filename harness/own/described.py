"""Published data sets as ladders, for those who have their files: a suite with these beside its own ladders."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from spurgen.benchmark.contract import Carrier, Int64
from spurgen.benchmark.errors import ScenarioError, SpurgenError, checked
from spurgen.benchmark.reading import read_toml
from spurgen.benchmark.suite import Suite
from spurgen.benchmark.world import load_scenario
from spurgen.benchmark.worlds.collections import Collection
from spurgen.harness.evaluation.model import image_batches
from spurgen.harness.evaluation.reading import labelled_in
from spurgen.harness.evaluation.tables import Columns, read_header, read_table, recognise
from spurgen.harness.machine.files import write_atomically
from spurgen.harness.machine.images import below
from spurgen.harness.own.collection import write_ladder
from spurgen.harness.own.pool import Attribute, Pool, Real, Sizes, collected

FOLDER = "described"
"""Where a suite's descriptions lie, in its folder."""
MADE = "spurgen"
"""Where the suite is written, in the folder of the data sets."""
SIDE = 160  # of images, in pixels
MOST = 1500  # samples of a group from which draws are taken
ENTRY = """
[ladders.{name}]
scenario = "{name}"
modality = "{modality}"
role = "main"
half = "real"
"""
Names = Annotated[tuple[str, ...], Field(min_length=2)]


class Described(BaseModel):
    """A data set as a ladder.

    `table`: its table in the folder of data sets; label and attribute are the columns of a layout that `recognise`
    knows. Value k of `values` goes with class k of `classes`; samples of others are left out. `images`: folder below
    which the table's files lie; or `texts`: columns of the table. `get`: what has to lie where, `about`: what it is.
    """

    model_config = ConfigDict(extra="forbid")

    table: str
    classes: Names
    values: Names
    images: str = ""
    texts: tuple[str, ...] = ()
    sizes: Sizes
    get: str
    about: str


@dataclass(frozen=True)
class Files:
    """Images in files below a folder, read when they are taken."""

    folder: Path
    names: NDArray[np.str_]

    def __getitem__(self, rows: Int64) -> NDArray[np.uint8]:
        """Return images, uint8 (n, SIDE, SIDE, 3); raise `SpurgenError` if one cannot be read."""
        return np.concatenate([batch.images for batch in image_batches(self.folder, self.names[rows].tolist(), SIDE)])


def descriptions(suite: Suite) -> dict[str, Described]:
    """Return the data sets that a suite describes, by name; raise `ScenarioError` for an impossible description."""
    files = sorted((suite.folder / suite.name / FOLDER).glob("*.toml"))
    return {file.stem: _read(file) for file in files}


def _read(file: Path) -> Described:
    fields = read_toml(file, "the description")
    return checked(Described.model_validate, fields, lambda why: ScenarioError(f"{file} is no description: {why}"))


def absent(known: dict[str, Described], data: Path) -> Iterator[str]:
    """Yield a sentence for each data set whose table is not in a folder: what to put where."""
    for name, described in known.items():
        if not (data / described.table).is_file():
            yield f"{name} is skipped: there is no {data / described.table}; {described.get}"


def pool_of(described: Described, data: Path) -> tuple[Pool, Attribute, Attribute]:
    """Read a data set's table; return its samples, the label and the shortcut.

    Raises `SpurgenError` for a table of another layout, a class or value that it lacks, or a file that is not there.
    """
    path = data / described.table
    header = read_header(path)
    columns = recognise(Columns(), header, None)
    header.check(*described.texts)
    shown = described.texts or (str(columns.key),)
    table = read_table(path, lambda name: name in shown or columns.may_matter(name))
    factors = labelled_in(table, columns, Columns(), None).factors.astype(str).reset_index(drop=True)
    label, shortcut = str(columns.label), columns.attributes[0]
    for name, wanted in ((label, described.classes), (shortcut, described.values)):
        for value in wanted:
            if value not in set(factors[name]):
                raise SpurgenError(f"{path}, column {name}: no sample is {value}; {described.get}")
    some = factors.sample(frac=1, random_state=0).groupby([label, shortcut]).head(MOST).index.sort_values().to_numpy()
    attributes = {name: factors[name].to_numpy(str)[some] for name in (label, shortcut)}
    parts = [table.texts(name).to_numpy(str)[some] for name in shown]
    inputs = np.array([" ".join(words) for words in zip(*parts, strict=True)])
    taken: dict[Carrier, Any] = {"caption": inputs}
    if described.images:
        folder = below(data, described.images)
        taken = {"image": Files(folder, inputs)}
        missing = [name for name in inputs if not below(folder, name).is_file()]
        if missing:
            raise SpurgenError(f"{len(missing):,} of {len(inputs):,} images are not in {folder}, such as {missing[0]}")
    words = {name: f"Column {name} of the data set's table." for name in (label, shortcut)}
    pool = Pool(taken, inputs, attributes, words, described.about)
    return pool, Attribute(label, described.classes), Attribute(shortcut, described.values)


def with_described(suite: Suite, data: Path) -> Path:
    """Write a suite that has a suite's ladders and those described whose tables are in a folder; return its file.

    It lies in the folder itself. A data set that was made a ladder before is not read again. Raises as `pool_of` does.
    """
    file = data / MADE / f"{suite.name}.toml"
    folder = file.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    for each in (suite.folder / suite.name).iterdir():
        if each.is_file():
            shutil.copyfile(each, folder / each.name)
    entries = [(suite.folder / f"{suite.name}.toml").read_text(encoding="utf-8")]
    for name, described in descriptions(suite).items():
        if (data / described.table).is_file():
            made = folder / f"{name}.toml"
            if not made.is_file():
                pool, label, shortcut = pool_of(described, data)
                ladder = Real(name, label, shortcut, described.sizes)
                (collection,) = collected(pool, suite.name, (ladder,), folder / f"{name}.npz")
                write_ladder(collection, None, made)
            modality = "image" if described.images else "text"
            entries.append(ENTRY.format(name=name, modality=modality))
    write_atomically(file, "".join(entries))
    return file


def set_ceiling(ladder: Path, ceiling: float) -> None:
    """Write the ceiling into a ladder's file."""
    collection = load_scenario(ladder)
    assert isinstance(collection, Collection)
    write_ladder(collection, round(ceiling, 3), ladder)
