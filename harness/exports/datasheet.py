"""Datasheets (Gebru et al. 2021): the data card of a data set, README.md, and the datasheet of a frozen suite."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from spurgen.benchmark.ladder import Ladder
from spurgen.benchmark.suite import Suite
from spurgen.harness.exports import suite_facts
from spurgen.harness.exports.index import Index
from spurgen.harness.exports.licences import licence_sentences
from spurgen.harness.exports.plan import Plan, flat
from spurgen.harness.exports.responsible import correlated, responsible
from spurgen.harness.exports.worlds import counterexamples, shows_images, values_in
from spurgen.harness.machine.printing import markdown_table
from spurgen.harness.splits.freeze import Description

TWINS = {
    "channel": ("twins/channel/NAME", "the value of one channel, which is in the channel's column"),
    "placebo": ("twins/placebo` and `twins/placebo/NUISANCE", "all nuisances or one"),
    "core": ("twins/core", "the class"),
    "ctrl": ("twins/ctrl", "all channels show the values that go with the class"),
    "unc": ("twins/unc", "all channels are redrawn"),
}
PARTS = {
    "test/agree": "things that train and val do not show, with shortcuts that go with the class",
    "test/mislead": "the same things, with shortcuts that go with another class",
    "test/neutral": "the same things, with shortcuts that go with no class",
    "test/thing": "the first scenes of `test/agree` with a thing of another class",
    "test/free": "the first scenes of `test/agree` with shortcuts at random",
    "seen/agree": "things of train, with shortcuts that go with the class",
    "seen/mislead": "the same things, with shortcuts that go with another class",
    "seen/neutral": "the same things, with shortcuts that go with no class",
}
"""Contents of the parts of a ladder."""
HUGGING_FACE = {"val": "validation"}
"""Hugging Face's names of splits, where they differ from ours."""


def data_card(plan: Plan, index: Index) -> str:
    """Return README.md: how to open a data set, its columns, and its datasheet."""
    scenario, form = plan.scenario, plan.form
    names = [f"{name} ({len(values_in(scenario)[name])} values)" for name in correlated(scenario)]
    parts = [
        {"part": part, "samples": f"{record.samples:,}", "SHA-256 of its content": record.sha256}
        for part, record in index.parts.items()
    ]
    columns = [{"column": f"`{column.name}`", "what it is": column.meaning} for column in form.columns(plan)]
    first = next(plan.shards())
    numbers = "00000" if first.count == 1 else f"{{00000..{first.count - 1:05d}}}"
    loading = form.LOADING.format(part=flat(first.part), numbers=numbers, count=first.count, place=plan.place)
    return _render(
        [scenario], front=_front_matter(form.card(plan)), title=f"{scenario.name}, a world of SpurGen",
        opening=f"{plan.total:,} {_scenes(plan)}, in\n{scenario.num_classes} classes. Channels that are correlated "
        "with the class in train: "
        f"{', '.join(names) or 'none'}.\nSHA-256 of the content, the same in every format with the same parts: "
        f"`{index.content_sha256}`.\n\n```python\n{loading}\n```",
        tables=[markdown_table(parts), markdown_table(columns)], after_tables=_about_twins(plan),
        composition="An instance is an image and a caption of the same scene. Strengths and sizes are in "
        "`scenario.toml`.",
        splits="The splits are the recommended ones.", croissant="croissant.json",
        again="`spurgen generate scenario.toml` makes the same data again.",
    )  # fmt: skip


def suite_datasheet(suite: Suite) -> str:
    """Return the datasheet of a suite, Markdown; raise `FrozenDataError` if there is no manifest."""
    counts, scenarios = suite_facts.worlds(suite), suite_facts.templates(suite)
    lines = [_line(scenario, [w for w in counts if w["scenario"] == scenario.name]) for scenario in scenarios]
    return _render(
        scenarios, front="", title=f"Datasheet of suite {suite.name}",
        opening="Written by `spurgen splits describe`. Questions after Gebru et al. 2021.",
        tables=[markdown_table(lines)], after_tables="",
        composition="An instance is an image, a caption of the same scene, or both. Nothing is stored but the "
        f"scenarios and the digests of\nall samples in {suite.manifest_file.name}: {suite_facts.remake(suite)}",
        splits="No image and no caption of a world's test split occurs in its train or val split; this was checked "
        "when the suite was\nfrozen.", croissant=suite.croissant_file.name,
        again=f"`spurgen splits verify --suite {suite.spoken}` makes every sample again and compares it with the "
        "manifest.",
    )  # fmt: skip


def _render(scenarios: Sequence[Description], **content: Any) -> str:  # noqa: ANN401  # what the template names
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # half of what importing this module would take

    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"), undefined=StrictUndefined, trim_blocks=True,
        keep_trailing_newline=True, autoescape=False,
    )  # fmt: skip
    licence = licence_sentences(scenarios)
    return made.get_template("datasheet.md.j2").render(facts=responsible(scenarios), licence=licence, **content)


def _line(scenario: Description, worlds: list[dict[str, Any]]) -> dict[str, object]:
    """Return a scenario's line of the table, from the counts of its worlds."""
    return {
        "scenario": f"`{scenario.name}`",
        "worlds": scenario.worlds,
        "classes": scenario.num_classes,
        "correlated channels": ", ".join(correlated(scenario)) or "none",
        "samples": f"{sum(world['samples'] for world in worlds):,}",
        "twins": f"{sum(world['twins'] for world in worlds):,}",
    }


def _scenes(plan: Plan) -> str:
    if not shows_images(plan.scenario):
        return "English captions of scenes"
    size = plan.scenario.image_size
    return f"drawn scenes of {size} x {size} pixels with English captions"


def _about_twins(plan: Plan) -> str:
    if isinstance(plan.scenario, Ladder):
        return _about_parts(plan.scenario, plan.parts)
    own = {part.split("/")[1] for part in plan.parts if part.startswith("twins/")}
    said = "; ".join(f"{what} (`{place}`)" for kind, (place, what) in TWINS.items() if kind in own)
    return f"A twin is its base sample in test with one change: {said}." if said else ""


def _about_parts(ladder: Ladder, parts: Sequence[str]) -> str:
    """Describe the parts of a ladder with one rung."""
    said = [
        f"`{part}`: the last {count:,} samples are counterexamples, whose shortcuts go with another class"
        for part in parts if (count := counterexamples(ladder, part))
    ]  # fmt: skip
    said += [f"`{part}`: as many of the first, in which {' and '.join(ladder.hidden)} alone do so"
             for part in parts if ladder.hidden and counterexamples(ladder, part)]  # fmt: skip
    said += [f"`{part}`: {what}" for part, what in PARTS.items() if part in parts]
    own = [part for part in parts if part.startswith("test/") and part not in PARTS]
    said += [f"`{part}`: twins of the first samples of `test/agree` with each value of one shortcut" for part in own]
    return "\n".join(f"- {sentence}." for sentence in said)


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
