"""The documents of a data set or suite: scenario, licence, data card or datasheet (Gebru et al. 2021)."""

import json
import os
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import tomli_w

from spurgen.benchmark.errors import MissingError, ReadError
from spurgen.benchmark.reading import read_json
from spurgen.benchmark.shell import pip_install
from spurgen.benchmark.suite import Suite
from spurgen.benchmark.world import Description
from spurgen.generators.world import world_of
from spurgen.harness.exports import facts
from spurgen.harness.exports.plan import Index, Plan, flat
from spurgen.harness.machine.files import write_atomically
from spurgen.harness.machine.printing import markdown_table

SCENARIO, CARD, CROISSANT, LICENSE = "scenario.toml", "README.md", "croissant.json", "LICENSE"
NAMES = (SCENARIO, LICENSE, CARD)
HUGGING_FACE = {"val": "validation"}
"""Hugging Face's names of splits, where they differ from ours."""


def data_card(plan: Plan, index: Index) -> str:
    """Return README.md: how to open a data set, its columns, and its datasheet."""
    scenario, form = plan.scenario, plan.form
    parts = [
        {"part": part, "samples": f"{record.samples:,}", "SHA-256 of its content": record.sha256}
        for part, record in index.parts.items()
    ]
    columns = [{"column": f"`{column.name}`", "what it is": column.meaning} for column in form.columns(plan)]
    first = next(plan.shards())
    numbers = "00000" if first.count == 1 else f"{{00000..{first.count - 1:05d}}}"
    return _render(
        [scenario], suite=None, croissant=CROISSANT, front=_front_matter(form.card(plan)), scenario=scenario,
        total=plan.total, size=scenario.image_size if "image" in scenario.carriers else None,
        channels=[f"{name} ({len(world_of(scenario).values[name])} values)" for name in scenario.facts().correlated],
        digest=index.content_sha256, tables=[markdown_table(parts), markdown_table(columns)],
        twins=scenario.about_parts(plan.parts),
        loading=form.LOADING.format(part=flat(first.part), numbers=numbers, count=first.count, place=plan.place),
    )  # fmt: skip


def suite_datasheet(suite: Suite) -> str:
    """Return the datasheet of a suite, Markdown; raise `FrozenDataError` if there is no manifest."""
    counts, scenarios = facts.worlds(suite), facts.templates(suite)
    lines = [_line(scenario, [w for w in counts if w["scenario"] == scenario.name]) for scenario in scenarios]
    return _render(
        scenarios, suite=suite, croissant=suite.croissant_file.name, remake=facts.remake(suite),
        tables=[markdown_table(lines)],
    )  # fmt: skip


def _render(scenarios: Sequence[Description], **content: Any) -> str:  # noqa: ANN401  # what the template names
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # half of what importing this module would take

    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"), undefined=StrictUndefined, trim_blocks=True,
        keep_trailing_newline=True, autoescape=False,
    )  # fmt: skip
    licence = facts.licence_sentences(scenarios)
    return made.get_template("datasheet.md.j2").render(
        facts=facts.responsible(scenarios), licence=licence, elsewhere=facts.not_drawn(scenarios), **content
    )


def _line(scenario: Description, worlds: list[dict[str, Any]]) -> dict[str, object]:
    """Return a scenario's line of the table, from the counts of its worlds."""
    return {
        "scenario": f"`{scenario.name}`",
        "worlds": scenario.worlds,
        "classes": scenario.num_classes,
        "correlated channels": ", ".join(scenario.facts().correlated) or "none",
        "samples": f"{sum(world['samples'] for world in worlds):,}",
        "twins": f"{sum(world['twins'] for world in worlds):,}",
    }


def _front_matter(files: Mapping[str, str]) -> str:
    """Return the front matter that Hugging Face reads: the licence, and which files make which split (YAML)."""
    lines: list[str] = ["license: mit", "task_categories:", "- image-classification", "language:", "- en"]
    sets: dict[str, dict[str, Any]] = {"default": {}, "twins": {}}
    for part, pattern in files.items():
        config = "twins" if part.startswith("twins/") else "default"
        name = part.removeprefix("twins/")
        split = HUGGING_FACE.get(name, re.sub(r"\W", "_", name))
        while split in sets[config]:  # as for the channels c-1 and c_1
            split += "_"
        sets[config][split] = pattern
    if any(sets.values()):
        lines.append("configs:")
    for config, splits in sets.items():
        if splits:
            lines += [f"- config_name: {config}", "  data_files:"]
        for split, pattern in splits.items():
            lines += [f"  - split: {split}", f"    path: {json.dumps(pattern)}"]
    return "\n".join(lines)


def write_scenario(scenario: Description, path: Path) -> None:
    """Write the scenario of which a data set is a function."""
    description = tomli_w.dumps(scenario.model_dump(mode="json", exclude_none=True))
    text = f"# Written by spurgen; the data are a function of it.\n{description}"
    path.write_text(text, encoding="utf-8")


def write(plan: Plan, folder: Path, index: Index) -> None:
    """Write all documents of a data set, the Croissant description only where mlcroissant is installed."""
    write_scenario(plan.scenario, folder / SCENARIO)
    (folder / LICENSE).write_text(facts.licence_text([plan.scenario]), encoding="utf-8")
    (folder / CARD).write_text(data_card(plan, index), encoding="utf-8")
    if can_describe():
        from spurgen.harness.exports.croissant import of_data_set  # mlcroissant takes a second to import

        (folder / CROISSANT).write_text(of_data_set(plan, folder, index, today()), encoding="utf-8")


def write_suite(suite: Suite) -> list[Path]:
    """Write the datasheet of a frozen suite and its Croissant description, which keeps the date of the first one.

    Return the files: the datasheet alone without mlcroissant. Raise `FrozenDataError` if there is no manifest.
    """
    written = {suite.datasheet_file: suite_datasheet(suite)}
    if can_describe():
        from spurgen.harness.exports.croissant import of_suite

        written[suite.croissant_file] = of_suite(suite, _first_date(suite.croissant_file))
    for path, text in written.items():
        write_atomically(path, text)
    return list(written)


def can_describe() -> bool:
    """Return whether mlcroissant, of the extra `data`, is installed."""
    return find_spec("mlcroissant") is not None


def left_out(file: Path) -> str:
    """Return a line about a Croissant description that could not be written."""
    return f"{file} was left out: it needs mlcroissant; run {pip_install('data')} and write it again"


def _first_date(path: Path) -> str:
    """Return the date of publication in a Croissant description, or today's if there is none yet."""
    try:
        return str(read_json(path, "the Croissant description")["datePublished"])
    except MissingError:
        return today()
    except (KeyError, TypeError):
        raise ReadError(f"{path} has no datePublished; restore it from version control, or delete it") from None


def today() -> str:
    """Return the date, or that of SOURCE_DATE_EPOCH (reproducible-builds.org), seconds since 1970."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    now = datetime.fromtimestamp(int(epoch), UTC) if epoch.isdecimal() else datetime.now(UTC)
    return now.date().isoformat()
