"""Croissant descriptions (MLCommons, 1.0 with the vocabulary for responsible AI), written through mlcroissant."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import mlcroissant as mlc

from spurgen.benchmark.suite import Suite
from spurgen.harness.exports import suite_facts
from spurgen.harness.exports.columns import Column
from spurgen.harness.exports.index import Index
from spurgen.harness.exports.licences import licence_pages, licence_sentences, shows_things
from spurgen.harness.exports.plan import Plan, flat
from spurgen.harness.exports.responsible import responsible
from spurgen.harness.exports.worlds import classes_of
from spurgen.harness.machine.citation import AUTHORS, bibtex
from spurgen.harness.machine.files import file_sha256
from spurgen.harness.splits.freeze import Description

TYPES = {"text": "TEXT", "whole": "INTEGER", "flag": "BOOL", "class": "INTEGER"}


def of_data_set(plan: Plan, folder: Path, index: Index, date: str) -> str:
    """Return the description of a data set as JSON; `date` is today, YYYY-MM-DD."""
    form = plan.form
    title, digest = f"spurgen-{plan.scenario.suite}-{plan.scenario.name}", index.content_sha256
    files: list[mlc.FileObject | mlc.FileSet] = [
        mlc.FileSet(
            id=flat(part), name=flat(part), description=f"files of {part}", encoding_formats=[form.ENCODING],
            includes=[pattern],
        )
        for part, pattern in form.patterns(plan).items()
    ]  # fmt: skip
    named = [{"label": k, "name": name} for k, name in enumerate(classes_of(plan.scenario))]
    fields = (Column("label", "whole", "number"), Column("name", "text", "what its samples show"))
    records = [_records("classes", "the classes", fields, named)]
    if table := form.RECORDS_IN:
        files.append(_file(table, folder / table, "text/csv"))
        records.append(_records("records", "all samples", form.columns(plan), file_object=table))
    elif form.ENCODING == "application/x-parquet":
        for part in plan.parts:
            made = _records(f"{flat(part)}-records", f"samples of {part}", form.columns(plan), file_set=flat(part))
            made.fields.insert(0, _image(flat(part)))
            records.append(made)
    return _described(
        [plan.scenario], name=title, url=f"urn:sha256:{digest}", version=version("spurgen"),
        date_published=datetime.fromisoformat(date), cite_as=bibtex(f"{title}, content SHA-256 {digest[:16]}"),
        description="Drawn scenes with captions, in which every spurious correlation is known "
        f"({plan.scenario.name}, {plan.total:,} samples). SHA-256 of the content: {digest}.",
        distribution=files, record_sets=records,
    )  # fmt: skip


def of_suite(suite: Suite, date: str) -> str:
    """Return the description of a suite as JSON: its files with their digests, its tasks and its worlds.

    `date` is the day of its publication, YYYY-MM-DD. Raise `FrozenDataError` if there is no manifest.
    """
    digest, scenarios = file_sha256(suite.manifest_file), suite_facts.templates(suite)
    licence = f" {licence_sentences(scenarios)}" if shows_things(scenarios) else ""
    kinds = {".json": "application/json", ".toml": "application/toml"}
    return _described(
        scenarios, name=f"spurgen-{suite.name}", url=f"urn:sha256:{digest}",
        version=suite_facts.VERSION, date_published=datetime.fromisoformat(date),
        cite_as=bibtex(f"suite {suite.name}, manifest SHA-256 {digest[:16]}", versioned=False),
        description=f"{len(suite.tasks)} tasks over {len(suite.scenarios)} worlds of drawn scenes with captions, in "
        "which every spurious correlation is known. The samples are a function of the scenario files, and the manifest "
        f"has the SHA-256 of each part of them. {suite_facts.remake(suite)}{licence}",
        distribution=[_file(name, path, kinds[path.suffix]) for name, path in suite_facts.files(suite).items()],
        record_sets=[
            _records("tasks", "what is trained and scored", suite_facts.task_columns(suite), suite_facts.tasks(suite)),
            _records("worlds", "independent draws of the scenarios", suite_facts.WORLDS, suite_facts.worlds(suite)),
        ],
    )  # fmt: skip


def _described(scenarios: Sequence[Description], **fields: Any) -> str:  # noqa: ANN401  # those of mlc.Metadata
    described = mlc.Metadata(
        conforms_to=[f"http://mlcommons.org/croissant/{part}1.0" for part in ("", "RAI/")],
        license=licence_pages(scenarios), creators=[mlc.Organization(name=AUTHORS)],
        **responsible(scenarios), **fields,
    )  # fmt: skip
    return json.dumps(described.to_json(), indent=1, ensure_ascii=False) + "\n"


def _file(name: str, path: Path, encoding: str) -> mlc.FileObject:
    return mlc.FileObject(
        id=name, name=name, content_url=name, encoding_formats=[encoding], sha256=file_sha256(path)
    )  # fmt: skip


def _records(
    name: str, meaning: str, columns: Iterable[Column], data: Sequence[Mapping[str, Any]] = (), **source: str
) -> mlc.RecordSet:
    """Describe records: `data`, of which the first column is the key, or what lies in a file or set of files."""
    fields = [
        mlc.Field(
            id=f"{name}/{column.name}", name=column.name, data_types=[getattr(mlc.DataType, TYPES[column.kind])],
            description=column.meaning + _names(column),
            **({"source": mlc.Source(extract=mlc.Extract(column=column.name), **source)} if source else {}),
        )
        for column in columns
    ]  # fmt: skip
    inline: dict[str, Any] = {
        "key": [fields[0].id], "data": [{f"{name}/{field}": value for field, value in row.items()} for row in data],
    }  # fmt: skip
    return mlc.RecordSet(id=name, name=name, description=meaning, fields=fields, **(inline if data else {}))


def _names(column: Column) -> str:
    return f": {', '.join(f'{k} {name}' for k, name in enumerate(column.names))}" if column.names else ""


def _image(part: str) -> mlc.Field:
    source = mlc.Source(
        file_set=part, extract=mlc.Extract(column="image"), transforms=[mlc.Transform(json_path="bytes")]
    )
    return mlc.Field(
        id=f"{part}-records/image", name="image", description="the image, PNG",
        data_types=[mlc.DataType.IMAGE_OBJECT], source=source,
    )  # fmt: skip
