"""What comes with a frozen suite: a datasheet (Gebru et al. 2021), and a Croissant description of its files."""

from pathlib import Path
from typing import Any

from spurgen.benchmark.errors import MissingError, ReadError
from spurgen.benchmark.reading import read_json
from spurgen.benchmark.scenario import Scenario
from spurgen.benchmark.suite import Suite
from spurgen.harness.exports.documents import described, today
from spurgen.harness.exports.responsible import correlated, responsible
from spurgen.harness.machine.citation import bibtex
from spurgen.harness.machine.files import file_sha256
from spurgen.harness.machine.printing import markdown_table

VERSION = "1.0.0"
"""Version of every frozen suite's data, which never change: other data are another suite."""
TASKS = {
    "task": "name", "scenario": "name of the scenario's file",
    "modality": "what a model sees: image, text, or multimodal, which is both",
    "role": "main: decides the validity tests; dose: a point of a series; extra: any other",
}  # fmt: skip
WORLDS = {
    "world": "name", "scenario": "name of the scenario's file", "samples": "samples in all splits",
    "twins": "counterfactual twins of test samples", "sha256": "SHA-256 over all digests that the manifest has of it",
}  # fmt: skip
KINDS = {"samples": "sc:Integer", "twins": "sc:Integer"}


def templates(suite: Suite) -> list[Scenario]:
    """Return the scenarios of a suite, each once, without its worlds."""
    return list({task.scenario.name: task.scenario for task in suite.tasks.values()}.values())


def croissant(suite: Suite, date: str) -> dict[str, Any]:
    """Return the Croissant description of a suite: its files with their digests, its tasks and its worlds.

    `date` is the day of its publication, YYYY-MM-DD. Raises `FrozenDataError` if there is no manifest.
    """
    tasks = [
        {"task": name, "modality": task.modality, "scenario": task.scenario.name, "role": task.role}
        for name, task in suite.tasks.items()
    ]
    worlds, digest = _worlds(suite), file_sha256(suite.manifest_file)
    return described(
        f"spurgen-{suite.name}",
        f"{len(suite.tasks)} tasks over {len(suite.scenarios)} worlds of drawn scenes with captions, in which every "
        "spurious correlation is known. The samples are a function of the scenario files, and the manifest has the "
        f"SHA-256 of each part of them. {_make(suite)}",
        bibtex(f"suite {suite.name}, manifest SHA-256 {digest[:16]}", versioned=False),
        {
            "url": f"urn:sha256:{digest}",
            "version": VERSION,
            "datePublished": date,
            "distribution": [_file(suite, path) for path in _files(suite)],
            "recordSet": [
                _records("tasks", "task", "what is trained and scored", TASKS, tasks),
                _records("worlds", "world", "independent draws of the scenarios", WORLDS, worlds),
            ],
            **responsible(templates(suite)),
        },
    )


def datasheet(suite: Suite) -> str:
    """Return the datasheet of a suite, Markdown; raise `FrozenDataError` if there is no manifest."""
    facts = responsible(templates(suite))
    counts = _worlds(suite)
    lines = [_line(scenario, [w for w in counts if w["scenario"] == scenario.name]) for scenario in templates(suite)]
    return f"""\
# Datasheet of suite {suite.name}

Written by `spurgen splits describe`. Questions after Gebru et al. 2021.

## Motivation

On real data nobody knows every shortcut; here each is known, so reliance on it can be measured exactly. Made by the
SpurGen authors.

## Composition

An instance is an image, a caption of the same scene, or both. Nothing is stored but the scenarios and the digests of
all samples in {suite.manifest_file.name}: {_make(suite)}

{markdown_table(lines)}

{_list(facts["rai:dataBiases"])}
{_list(facts["rai:dataAnnotationProtocol"])}

No image and no caption of a world's test split occurs in its train or val split; this was checked when the suite was
frozen. Samples are independent, except for twins and their bases. {" ".join(facts["rai:personalSensitiveInformation"])}

## Collection

{facts["rai:dataCollection"]} No people took part, so no consent was asked and no ethical review was needed.

## Preprocessing

{" ".join(facts["rai:dataPreprocessingProtocol"])}

## Uses

{" ".join(facts["rai:dataUseCases"])} Not for training a product. {" ".join(facts["rai:dataLimitations"])}
{facts["rai:dataSocialImpact"]}

## Distribution

Under the MIT licence. {suite.croissant_file.name} describes the suite for machines.

## Maintenance

{facts["rai:dataReleaseMaintenancePlan"]} `spurgen splits verify --suite {suite.spoken}` makes every sample again and
compares it with the manifest.
"""


def _line(scenario: Scenario, worlds: list[dict[str, Any]]) -> dict[str, object]:
    """Return a scenario's line of the table, from the counts of its worlds."""
    return {
        "scenario": f"`{scenario.name}`",
        "worlds": scenario.worlds,
        "classes": scenario.num_classes,
        "correlated channels": ", ".join(correlated(scenario)) or "none",
        "samples": f"{sum(world['samples'] for world in worlds):,}",
        "twins": f"{sum(world['twins'] for world in worlds):,}",
    }


def first_date(path: Path) -> str:
    """Return the date of publication in a Croissant description, or today's if there is none yet."""
    try:
        return str(read_json(path, "the Croissant description")["datePublished"])
    except MissingError:
        return today()
    except (KeyError, TypeError):
        raise ReadError(f"{path} has no datePublished; restore it from version control, or delete it") from None


def _list(sentences: list[str]) -> str:
    return "\n".join(f"- {sentence}" for sentence in sentences)


def _make(suite: Suite) -> str:
    return f"`spurgen splits regenerate --suite {suite.spoken}` makes the same samples on any machine."


def _files(suite: Suite) -> list[Path]:
    """List the suite's file, its manifest and its scenarios."""
    scenarios = [suite.scenario_file(scenario.name) for scenario in templates(suite)]
    return [suite.folder / f"{suite.name}.toml", suite.manifest_file, *scenarios]


def _file(suite: Suite, path: Path) -> dict[str, Any]:
    name = path.relative_to(suite.folder).as_posix()
    kind = "application/json" if path.suffix == ".json" else "application/toml"
    return {
        "@type": "cr:FileObject", "@id": name, "name": name, "contentUrl": name, "encodingFormat": kind,
        "sha256": file_sha256(path),
    }  # fmt: skip


def _worlds(suite: Suite) -> list[dict[str, Any]]:
    worlds = {world.name: task.scenario.name for task in suite.tasks.values() for world in task.worlds}
    return [
        {
            "world": name,
            "scenario": scenario,
            "samples": sum(p.samples for part, p in suite.frozen(name).parts.items() if not part.startswith("twins/")),
            "twins": sum(p.samples for part, p in suite.frozen(name).parts.items() if part.startswith("twins/")),
            "sha256": suite.frozen(name).digest,
        }
        for name, scenario in worlds.items()
    ]


def _records(name: str, key: str, meaning: str, fields: dict[str, str], data: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet", "@id": name, "name": name, "description": meaning, "key": {"@id": f"{name}/{key}"},
        "field": [
            {
                "@type": "cr:Field", "@id": f"{name}/{field}", "name": field, "description": text,
                "dataType": KINDS.get(field, "sc:Text"),
            }
            for field, text in fields.items()
        ],
        "data": [{f"{name}/{field}": value for field, value in record.items()} for record in data],
    }  # fmt: skip
