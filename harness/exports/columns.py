"""The columns that a data set has in every format: their names, types and meanings."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any, Literal

from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.world import Description
from spurgen.generators.world import world_of
from spurgen.harness.exports.plan import Chunk

Kind = Literal["text", "whole", "flag", "class"]


@dataclass(frozen=True)
class Column:
    """A column; one of kind `class` has numbers, whose names are `names`; tables of text have them in `beside`."""

    name: str
    kind: Kind
    meaning: str
    names: tuple[str, ...] = ()
    beside: str = ""


COMMON = (
    Column("split", "text", "train, val or test, or a kind of twins, such as twins/core"),
    Column("index", "whole", "index in its split; a twin has the index of its base sample in test"),
    Column("caption", "text", "the caption, English"),
    Column("label", "class", "the recorded class", beside="class_name"),
    Column("true_label", "class", "the class that is shown; label noise makes it differ from the label"),
    Column("env_id", "whole", "environment, counted from 0; -1 in balanced splits"),
    Column("group_id", "whole", "number of the group"),
)
"""The columns of every data set, before those of its channels; the names of classes are the scenario's."""


def check_names(scenario: Description, reserved: Iterable[str] = ()) -> None:
    """Raise `ScenarioError` if the name of a channel's column is taken, or matches a `reserved` pattern."""
    taken = [name for column in COMMON for name in (column.name, column.beside) if name]
    taken += reserved
    for channel in world_of(scenario).values:
        own = channel, f"{channel}_aligned", f"{channel}_name"
        twice = sorted(name for name in own if any(fnmatchcase(name, pattern) for pattern in taken))
        if twice:
            raise ScenarioError(f"channels.{channel}: the data set has another column {twice[0]}; rename the channel")
        taken += own


def columns_of(scenario: Description) -> tuple[Column, ...]:
    """Return the columns of a data set without images; raise `ScenarioError` as `check_names` does."""
    meanings = {"group_id": scenario.GROUPS}
    columns = [
        replace(
            column, names=world_of(scenario).class_names if column.kind == "class" else (),
            meaning=meanings.get(column.name, column.meaning),
        )
        for column in COMMON
    ]  # fmt: skip
    for name, values in world_of(scenario).values.items():
        columns.append(Column(name, "class", f"value of channel {name}", values, beside=f"{name}_name"))
        columns.append(Column(f"{name}_aligned", "flag", f"whether the value of {name} goes with the label"))
    check_names(scenario)
    return tuple(columns)


def values_of(scenario: Description, chunk: Chunk) -> dict[str, list[Any]]:
    """Return the entries of a chunk by column: numbers, strings and booleans of Python."""
    samples, agrees = chunk.samples, world_of(scenario).agrees(chunk.samples)
    values: dict[str, list[Any]] = {
        "split": [chunk.part] * len(samples.labels),
        "index": chunk.bases.tolist(),
        "caption": samples.captions,
        "label": samples.labels.tolist(),
        "true_label": chunk.shown.tolist(),
        "env_id": samples.env_ids.tolist(),
        "group_id": samples.group_ids.tolist(),
    }
    for name, numbers in samples.channel_values.items():
        values |= {name: numbers.tolist(), f"{name}_aligned": agrees[name].tolist()}
    return values


def columns_of_text(scenario: Description) -> list[Column]:
    """Return the columns of a table of text: the numbers of classes and channel values, and their names."""
    columns = []
    for column in columns_of(scenario):
        columns.append(column)
        if column.beside:
            columns.append(Column(column.beside, "text", f"name of {column.name}"))
    return columns


def rows_of(scenario: Description, chunk: Chunk) -> Iterator[tuple[Any, ...]]:
    """Return the lines of a table of text, their entries in the order of `columns_of_text`."""
    values = values_of(scenario, chunk)
    entries: list[Iterable[Any]] = []
    for column in columns_of(scenario):
        numbers = values[column.name]
        entries.append(numbers)
        if column.beside:
            entries.append([column.names[number] for number in numbers])
    return zip(*entries, strict=True)
