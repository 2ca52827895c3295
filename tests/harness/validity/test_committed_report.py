"""The committed reports: their text and the summary in the docs follow from their JSON."""

import json
from pathlib import Path
from typing import get_type_hints

import pytest
from pydantic import TypeAdapter

from spurgen.harness.commands.validity import BEGIN, END
from spurgen.harness.validity._report import SCHEMA_VERSION, discover_tests, draw, summary, to_json, to_markdown

ROOT = Path(__file__).parents[3]
FOLDERS = {
    "v2": ROOT / "benchmark/validity",
    "v1": ROOT / "benchmark/validity-v1",
    "v1-imagenet": ROOT / "benchmark/validity-v1-imagenet",
}
SECTIONS = {name: get_type_hints(test.examine)["return"] for name, test in discover_tests().items()}


@pytest.fixture(scope="module", params=FOLDERS)
def report(request):
    """Name of a suite, the text of its validity.json, and the sections read from it."""
    text = (FOLDERS[request.param] / "validity.json").read_text()
    content = json.loads(text)
    assert content.pop("schema_version") == SCHEMA_VERSION
    sections = {name: TypeAdapter(SECTIONS[name]).validate_python(part) for name, part in content.items()}
    return request.param, text, sections


def test_the_sections_can_be_read_back_and_written_again(report):
    _, text, sections = report
    assert list(sections) == list(SECTIONS)
    assert to_json(sections) == text


def test_the_text_has_the_numbers_of_the_json_and_every_plot_is_there(report):
    suite, _, sections = report
    plots = draw(sections)
    assert (FOLDERS[suite] / "validity.md").read_text() == to_markdown(suite, sections, plots)
    assert {path.stem for path in FOLDERS[suite].glob("*.png")} == set(plots)


def test_the_docs_have_the_summary_of_v2(report):
    suite, _, sections = report
    if suite == "v2":
        section = (ROOT / "docs/validity.md").read_text().partition(f"{BEGIN}\n")[2].partition(f"\n{END}")[0]
        assert section == summary(sections)
