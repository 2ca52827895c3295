"""The data card of a data set, README.md: how to open it, its columns, and a datasheet (Gebru et al. 2021)."""

import json
import re
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from spurgen.benchmark.scenario import Scenario
from spurgen.harness.exports.index import Index
from spurgen.harness.exports.plan import Plan
from spurgen.harness.exports.responsible import correlated, responsible
from spurgen.harness.machine.printing import markdown_table

TWINS = {
    "channel": ("twins/channel/NAME", "the value of one channel, which is in the channel's column"),
    "placebo": ("twins/placebo` and `twins/placebo/NUISANCE", "all nuisances or one"),
    "core": ("twins/core", "the class"),
    "part": ("twins/part/first` and `twins/part/second", "one part of the core cue"),
    "ctrl": ("twins/ctrl", "all channels show the values that go with the class"),
    "unc": ("twins/unc", "all channels are redrawn"),
}
HUGGING_FACE = {"val": "validation"}
"""What Hugging Face calls a split, where it calls it otherwise."""


def data_card(plan: Plan, index: Index, form: ModuleType) -> str:
    """Return README.md."""
    scenario = plan.scenario
    facts = responsible([scenario])
    parts = [
        {"part": part, "samples": f"{record.samples:,}", "SHA-256 of its content": record.sha256}
        for part, record in index.parts.items()
    ]
    columns = [{"column": f"`{column.name}`", "what it is": column.meaning} for column in form.columns(plan)]
    return f"""\
---
{_front_matter(form.card(plan))}
---

# {scenario.name}, a world of SpurGen

{plan.total:,} drawn scenes of {scenario.image_size} x {scenario.image_size} pixels with English captions, in
{scenario.num_classes} classes. Channels that are correlated with the class in train: {_correlated(scenario)}.
SHA-256 of the content, the same in every format with the same parts: `{index.content_sha256}`.

```python
{form.loading(plan).rstrip()}
```

{markdown_table(parts)}

{markdown_table(columns)}

{_about_twins(plan)}## Datasheet

**Motivation.** On real data nobody knows every shortcut; here each is known, so reliance on it can be measured exactly.
Made by the SpurGen authors.

**Composition.** An instance is an image and a caption of the same scene. Strengths and sizes are in
`scenario.toml`. {_joined(facts["rai:dataBiases"])}
{_joined(facts["rai:dataAnnotationProtocol"])} The splits are the recommended ones, and samples are independent except
for twins and their bases. {_joined(facts["rai:personalSensitiveInformation"])} The data need no other source.

**Collection.** {facts["rai:dataCollection"]} No people took part, so no consent was asked and no ethical review
was needed.

**Preprocessing.** {_joined(facts["rai:dataPreprocessingProtocol"])} `spurgen generate scenario.toml` makes the
same data again.

**Uses.** {_joined(facts["rai:dataUseCases"])} Not for training a product.
{_joined(facts["rai:dataLimitations"])} {facts["rai:dataSocialImpact"]}

**Distribution.** Under the MIT licence, `LICENSE`. `croissant.json` describes the data for machines.

**Maintenance.** {facts["rai:dataReleaseMaintenancePlan"]}
"""


def _about_twins(plan: Plan) -> str:
    if not any(part.startswith("twins/") for part in plan.parts):
        return ""
    own = {part.split("/")[1] for part in plan.parts if part.startswith("twins/")}
    said = "; ".join(f"{what} (`{place}`)" for kind, (place, what) in TWINS.items() if kind in own)
    return f"A twin is its base sample in test with one change: {said}.\n\n"


def _joined(texts: list[str]) -> str:
    return " ".join(texts)


def _correlated(scenario: Scenario) -> str:
    names = [f"{name} ({scenario.channels[name].values} values)" for name in correlated(scenario)]
    return ", ".join(names) or "none"


def _front_matter(files: Mapping[str, str]) -> str:
    """Return the front matter that Hugging Face reads: the licence, and which files make which split (YAML)."""
    lines: list[str] = ["license: mit", "task_categories:", "- image-classification", "language:", "- en"]
    sets: dict[str, dict[str, Any]] = {"default": {}, "twins": {}}
    for part, pattern in files.items():
        config = "twins" if part.startswith("twins/") else "default"
        name = part.removeprefix("twins/")
        split = HUGGING_FACE.get(name, re.sub(r"\W", "_", name))
        while split in sets[config]:  # as of the channels c-1 and c_1
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
