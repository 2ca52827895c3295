"""Croissant descriptions (MLCommons, 1.0 with the vocabulary for responsible AI), written through mlcroissant."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import mlcroissant as mlc

from spurgen.benchmark.suite import Suite
from spurgen.benchmark.world import Description
from spurgen.generators.world import world_of
from spurgen.harness.exports import facts
from spurgen.harness.exports.plan import Column, Index, Plan, flat
from spurgen.harness.machine.files import file_sha256
from spurgen.harness.machine.provenance import AUTHORS, bibtex

VERSION = "1.0.0"
"""Version of every frozen suite's data, which never change: other data are another suite."""
TASKS = (
    Column("task", "text", "name"),
    Column("scenario", "text", "name of the scenario's file"),
    Column("modality", "text", "what a model sees: image, text, or multimodal, which is both"),
    Column("role", "text", "main: decides the validity tests; extra: any other"),
)
RUNG = Column("counterexamples", "whole", "training samples in which the shortcuts go with another class")
"""The column of a rung of a ladder."""
WORLDS = (
    Column("world", "text", "name"),
    Column("scenario", "text", "name of the scenario's file"),
    Column("samples", "whole", "samples in all splits"),
    Column("twins", "whole", "counterfactual twins of test samples"),
    Column("sha256", "text", "SHA-256 over all digests that the manifest has of it"),
)
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
    named = [{"label": k, "name": name} for k, name in enumerate(world_of(plan.scenario).class_names)]
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
    digest, scenarios = file_sha256(suite.manifest_file), facts.templates(suite)
    licence = f" {facts.licence_sentences(scenarios)}" if facts.licences(scenarios) else ""
    kinds = {".json": "application/json", ".toml": "application/toml"}
    return _described(
        scenarios, name=f"spurgen-{suite.name}", url=f"urn:sha256:{digest}",
        version=VERSION, date_published=datetime.fromisoformat(date),
        cite_as=bibtex(f"suite {suite.name}, manifest SHA-256 {digest[:16]}", versioned=False),
        description=f"{len(suite.tasks)} tasks over {len(suite.scenarios)} worlds of drawn scenes with captions, in "
        "which every spurious correlation is known. The samples are a function of the scenario files, and the manifest "
        f"has the SHA-256 of each part of them. {facts.remake(suite)}{licence}",
        distribution=[_file(name, path, kinds[path.suffix]) for name, path in _files(suite).items()],
        record_sets=[
            _records("tasks", "what is trained and scored", *_tasks(suite)),
            _records("worlds", "independent draws of the scenarios", WORLDS, facts.worlds(suite)),
        ],
    )  # fmt: skip


def _files(suite: Suite) -> dict[str, Path]:
    """Return the suite's file, its manifest and its scenarios, by their place in the suite's folder."""
    scenarios = [suite.scenario_file(scenario.name) for scenario in facts.templates(suite)]
    every = [suite.folder / f"{suite.name}.toml", suite.manifest_file, *scenarios]
    return {path.relative_to(suite.folder).as_posix(): path for path in every}


def _tasks(suite: Suite) -> tuple[list[Column], list[dict[str, Any]]]:
    """Return the columns of tasks, and a line per task."""
    lines = [
        {"task": name, "modality": task.modality, "scenario": task.scenario.name, "role": task.role}
        | ({RUNG.name: task.counterexamples} if task.of else {})
        for name, task in suite.tasks.items()
    ]
    return [*TASKS, *[RUNG] * any(RUNG.name in line for line in lines)], lines


def _described(scenarios: Sequence[Description], **fields: Any) -> str:  # noqa: ANN401  # those of mlc.Metadata
    described = mlc.Metadata(
        conforms_to=[f"http://mlcommons.org/croissant/{part}1.0" for part in ("", "RAI/")],
        license=facts.licence_pages(scenarios), creators=[mlc.Organization(name=AUTHORS)],
        **facts.responsible(scenarios), **fields,
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
