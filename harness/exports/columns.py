"""The columns that a data set has in every format: what they are called, hold and mean."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, Literal

from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.plugins import discover
from spurgen.benchmark.scenario import Scenario
from spurgen.generators import class_names
from spurgen.generators.atlas import CHANNELS
from spurgen.harness.exports.plan import Chunk

Kind = Literal["text", "whole", "flag", "class"]


@dataclass(frozen=True)
class Column:
    """A column; one of kind `class` has numbers, whose names are `names`."""

    name: str
    kind: Kind
    meaning: str
    names: tuple[str, ...] = ()


COMMON = (
    Column("split", "text", "train, val or test, or a kind of twins, such as twins/core"),
    Column("index", "whole", "index in its split; a twin has the index of its base sample in test"),
    Column("caption", "text", "the caption, English"),
    Column("label", "class", "the recorded class"),
    Column("true_label", "class", "the class that is shown; label noise makes it differ from the label"),
    Column("env_id", "whole", "environment, counted from 0; -1 in balanced splits"),
    Column("group_id", "whole", "label x 2^channels + pattern, whose bit k is 1 where channel k conflicts"),
)
"""What every data set has, before the columns of its channels; the names of classes are the scenario's."""
NAMED = {"label": "class_name"}
"""What tables call the column with the names of a `class` column, if not NAME_name."""


def check_names(scenario: Scenario, reserved: Iterable[str] = ()) -> None:
    """Raise `ScenarioError` if a column of a channel is called as another one, or matches a `reserved` pattern."""
    taken = [column.name for column in COMMON]
    taken += [*map(name_column, filter(has_names, COMMON)), *reserved]
    for channel in scenario.channels:
        own = channel, f"{channel}_aligned", f"{channel}_name"
        twice = sorted(name for name in own if any(fnmatchcase(name, pattern) for pattern in taken))
        if twice:
            raise ScenarioError(f"channels.{channel}: the data set has another column {twice[0]}; rename the channel")
        taken += own


def columns_of(scenario: Scenario) -> list[Column]:
    """Return the columns of a data set without images; raise `ScenarioError` as `check_names` does."""
    return list(_columns(scenario.model_dump_json()))


@cache
def _columns(described: str) -> tuple[Column, ...]:
    scenario = Scenario.model_validate_json(described)
    kinds, classes = discover(CHANNELS), class_names(scenario)
    columns = [replace(column, names=classes if column.kind == "class" else ()) for column in COMMON]
    for name, channel in scenario.channels.items():
        values = tuple(map(str, kinds[channel.kind].VALUES[: channel.values]))
        columns.append(Column(name, "class", f"value of channel {name}", values))
        columns.append(Column(f"{name}_aligned", "flag", f"whether the value of {name} goes with the label"))
    check_names(scenario)
    return tuple(columns)


def values_of(scenario: Scenario, chunk: Chunk) -> dict[str, list[Any]]:
    """Return the entries of a chunk by column: numbers, strings and booleans of Python."""
    samples, aligned = chunk.samples, chunk.aligned(scenario)
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
        values |= {name: numbers.tolist(), f"{name}_aligned": aligned[name].tolist()}
    return values


def columns_of_text(scenario: Scenario) -> list[Column]:
    """Return the columns of a table of text: beside numbers of classes and channel values, their names."""
    columns = []
    for column in columns_of(scenario):
        columns.append(column)
        if has_names(column):
            columns.append(Column(name_column(column), "text", f"name of {column.name}"))
    return columns


def header(scenario: Scenario) -> list[str]:
    """Name the columns of a table of text."""
    return [column.name for column in columns_of_text(scenario)]


def rows_of(scenario: Scenario, chunk: Chunk) -> Iterator[tuple[Any, ...]]:
    """Return the lines of a table of text, their entries in the order of `header`."""
    values = values_of(scenario, chunk)
    entries: list[Iterable[Any]] = []
    for column in columns_of(scenario):
        numbers = values[column.name]
        entries.append(numbers)
        if has_names(column):
            entries.append([column.names[number] for number in numbers])
    return zip(*entries, strict=True)


def has_names(column: Column) -> bool:
    """Return whether a table of text has the names of a column's numbers beside it."""
    return column.kind == "class" and column.name != "true_label"


def name_column(column: Column) -> str:
    """Return what the column with the names of a column's numbers is called."""
    return NAMED.get(column.name, f"{column.name}_name")
