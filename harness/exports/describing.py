"""The files and record sets of a data set, in the vocabulary of Croissant (MLCommons, version 1.0)."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from spurgen.harness.exports.columns import Column, columns_of, has_names, name_column
from spurgen.harness.exports.plan import Plan, Shard, flat
from spurgen.harness.machine.files import file_sha256

TYPES = {"text": "sc:Text", "whole": "sc:Integer", "flag": "sc:Boolean", "class": "sc:Integer"}
FileName = Callable[[Shard], str]


def pattern(plan: Plan, part: str, file_name: FileName) -> str:
    """Return the pattern of the names of a part's shards."""
    first = next(shard for shard in plan.shards() if shard.part == part)
    return file_name(first).replace(f"-{0:05d}-of-", "-?????-of-")


def shards(plan: Plan, file_name: FileName, encoding: str) -> dict[str, Any]:
    """Describe the files of every part as a file set."""
    sets = [_file_set(flat(part), pattern(plan, part, file_name), encoding, f"shards of {part}") for part in plan.parts]
    return {"distribution": sets, "recordSet": [classes(plan)]}


def shards_with_columns(plan: Plan, file_name: FileName, encoding: str, columns: Iterable[Column]) -> dict[str, Any]:
    """Describe the files of every part, and what their columns hold."""
    described = shards(plan, file_name, encoding)
    for part in plan.parts:
        source = {"fileSet": {"@id": flat(part)}}
        fields = [_field(f"{flat(part)}-records", column, source) for column in columns]
        image = {
            "@type": "cr:Field", "@id": f"{flat(part)}-records/image", "name": "image", "description": "the image, PNG",
            "dataType": "sc:ImageObject",
            "source": {**source, "extract": {"column": "image"}, "transform": {"jsonPath": "bytes"}},
        }  # fmt: skip
        described["recordSet"].append(_record_set(f"{flat(part)}-records", f"samples of {part}", [image, *fields]))
    return described


def table_and_images(
    plan: Plan, folder: Path, table: str, columns: Iterable[Column], images: str = "*.png"
) -> dict[str, Any]:
    """Describe a table of all samples, with these columns, and the images that it names by the pattern `images`."""
    source = {"fileObject": {"@id": table}}
    fields = [_field("records", column, source) for column in columns]
    file = {
        "@type": "cr:FileObject", "@id": table, "name": table, "contentUrl": table, "encodingFormat": "text/csv",
        "sha256": file_sha256(folder / table), "description": "a line per sample",
    }  # fmt: skip
    sets = [_file_set(flat(part), f"{part}/{images}", "image/png", f"images of {part}") for part in plan.parts]
    return {
        "distribution": [file, *sets],
        "recordSet": [classes(plan), _record_set("records", "all samples", fields)],
    }


def columns_of_text(plan: Plan) -> list[Column]:
    """Return the columns of a table of text, in the order of its `header`."""
    columns = []
    for column in columns_of(plan.scenario):
        columns.append(column)
        if has_names(column):
            columns.append(Column(name_column(column), "text", f"name of {column.name}"))
    return columns


def classes(plan: Plan) -> dict[str, Any]:
    """Describe which class a label stands for."""
    names = next(column.names for column in columns_of(plan.scenario) if column.name == "label")
    fields = [
        {"@type": "cr:Field", "@id": f"classes/{name}", "name": name, "description": meaning, "dataType": kind}
        for name, meaning, kind in (("label", "number", "sc:Integer"), ("name", "pictogram", "sc:Text"))
    ]
    data = [{"classes/label": k, "classes/name": name} for k, name in enumerate(names)]
    return _record_set("classes", "the classes", fields) | {"key": {"@id": "classes/label"}, "data": data}


def _file_set(name: str, includes: str, encoding: str, meaning: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet", "@id": name, "name": name, "description": meaning, "encodingFormat": encoding,
        "includes": includes,
    }  # fmt: skip


def _record_set(name: str, meaning: str, fields: list[dict[str, Any]]) -> dict[str, Any]:
    return {"@type": "cr:RecordSet", "@id": name, "name": name, "description": meaning, "field": fields}


def _field(records: str, column: Column, source: dict[str, Any]) -> dict[str, Any]:
    names = f": {', '.join(f'{k} {name}' for k, name in enumerate(column.names))}" if column.names else ""
    return {
        "@type": "cr:Field", "@id": f"{records}/{column.name}", "name": column.name,
        "description": column.meaning + names, "dataType": TYPES[column.kind],
        "source": {**source, "extract": {"column": column.name}},
    }  # fmt: skip
