"""What comes with a data set: the scenario, a licence, a data card with the datasheet, and a Croissant description."""

import json
import os
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

import tomli_w

from spurgen.benchmark.scenario import Scenario
from spurgen.harness.exports.datasheet import data_card
from spurgen.harness.exports.index import Index
from spurgen.harness.exports.plan import Plan
from spurgen.harness.exports.responsible import responsible
from spurgen.harness.machine.citation import AUTHORS, bibtex

SCENARIO, CARD, CROISSANT, LICENSE = "scenario.toml", "README.md", "croissant.json", "LICENSE"
NAMES = (SCENARIO, LICENSE, CARD, CROISSANT)
TERMS = "https://opensource.org/license/mit"
MIT = f"""\
MIT License

Copyright (c) 2026 {AUTHORS}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""
CONTEXT = {
    "@language": "en", "@vocab": "https://schema.org/", "citeAs": "cr:citeAs", "column": "cr:column",
    "conformsTo": "dct:conformsTo", "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"}, "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/", "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"}, "extract": "cr:extract",
    "field": "cr:field", "fileObject": "cr:fileObject", "fileProperty": "cr:fileProperty", "fileSet": "cr:fileSet",
    "format": "cr:format", "includes": "cr:includes", "isLiveDataset": "cr:isLiveDataset", "jsonPath": "cr:jsonPath",
    "key": "cr:key", "md5": "cr:md5", "parentField": "cr:parentField", "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/", "recordSet": "cr:recordSet", "references": "cr:references",
    "regex": "cr:regex", "repeated": "cr:repeated", "replace": "cr:replace",
    "samplingRate": "cr:samplingRate", "sc": "https://schema.org/",
    "separator": "cr:separator", "source": "cr:source", "subField": "cr:subField", "transform": "cr:transform",
}  # fmt: skip


def write_scenario(scenario: Scenario, folder: Path) -> None:
    """Write the scenario of which a data set is a function."""
    description = tomli_w.dumps(scenario.model_dump(mode="json", exclude_none=True))
    text = f"# Written by spurgen; the data are a function of it.\n{description}"
    (folder / SCENARIO).write_text(text, encoding="utf-8")


def write(plan: Plan, folder: Path, index: Index, form: ModuleType) -> None:
    """Write all documents of a data set."""
    write_scenario(plan.scenario, folder)
    (folder / LICENSE).write_text(MIT, encoding="utf-8")
    (folder / CARD).write_text(data_card(plan, index, form), encoding="utf-8")
    (folder / CROISSANT).write_text(dump_croissant(croissant(plan, folder, index, form)), encoding="utf-8")


def croissant(plan: Plan, folder: Path, index: Index, form: ModuleType) -> dict[str, Any]:
    """Return the Croissant description of a data set, with the vocabulary for responsible AI."""
    scenario = plan.scenario
    title = f"spurgen-{scenario.suite}-{scenario.name}"
    text = f"Drawn scenes with captions, in which every spurious correlation is known ({scenario.name}, "
    content = {**form.distribution(plan, folder), **responsible([scenario])}
    return described(
        title,
        f"{text}{plan.total:,} samples). SHA-256 of the content: {index.content_sha256}.",
        bibtex(f"{title}, content SHA-256 {index.content_sha256[:16]}"),
        {"url": f"urn:sha256:{index.content_sha256}", "version": version("spurgen"), "datePublished": today()}
        | content,
    )


def described(title: str, text: str, citation: str, content: dict[str, Any]) -> dict[str, Any]:
    """Return a Croissant description: what every one has, and the content."""
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "name": title,
        "description": text,
        "conformsTo": ["http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/RAI/1.0"],
        "license": TERMS,
        "creator": {"@type": "sc:Organization", "name": AUTHORS},
        "citeAs": citation,
        "isLiveDataset": False,
        **content,
    }


def dump_croissant(description: dict[str, Any]) -> str:
    """Return a Croissant description as JSON text."""
    return json.dumps(description, indent=1, ensure_ascii=False) + "\n"


def today() -> str:
    """Return the date, or that of SOURCE_DATE_EPOCH (reproducible-builds.org), seconds since 1970."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    now = datetime.fromtimestamp(int(epoch), UTC) if epoch.isdecimal() else datetime.now(UTC)
    return now.date().isoformat()
