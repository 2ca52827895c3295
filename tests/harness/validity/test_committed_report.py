"""The committed report: its text and the summary in the docs follow from its JSON."""

import json
from pathlib import Path
from typing import get_type_hints

import pytest
from pydantic import TypeAdapter

from spurgen.harness.commands.validity import BEGIN, END
from spurgen.harness.validity._report import SCHEMA_VERSION, discover_tests, draw, summary, to_json, to_markdown

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "benchmark/validity"
SECTIONS = {name: get_type_hints(test.examine)["return"] for name, test in discover_tests().items()}


@pytest.fixture(scope="module")
def report():
    """The text of validity.json, and the sections read from it."""
    text = (FOLDER / "validity.json").read_text()
    content = json.loads(text)
    assert content.pop("schema_version") == SCHEMA_VERSION
    sections = {name: TypeAdapter(SECTIONS[name]).validate_python(part) for name, part in content.items()}
    return text, sections


def test_the_sections_can_be_read_back_and_written_again(report):
    text, sections = report
    assert list(sections) == list(SECTIONS)
    assert to_json(sections) == text


def test_the_text_has_the_numbers_of_the_json_and_every_plot_is_there(report):
    _, sections = report
    plots = draw(sections)
    assert (FOLDER / "validity.md").read_text() == to_markdown("v2", sections, plots)
    assert {path.stem for path in FOLDER.glob("*.png")} == set(plots)


def test_the_docs_have_the_summary_of_v2(report):
    _, sections = report
    section = (ROOT / "docs/validity.md").read_text().partition(f"{BEGIN}\n")[2].partition(f"\n{END}")[0]
    assert section == summary(sections)
