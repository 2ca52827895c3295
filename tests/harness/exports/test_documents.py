import hashlib
import json
import re
import sys
import warnings
from pathlib import Path

import pytest

from spurgen.benchmark.suite import SUITES, load_suite
from spurgen.benchmark.worlds.things import CREDIT
from spurgen.harness.cli import main
from spurgen.harness.exports.croissant import of_suite
from spurgen.harness.exports.documents import suite_datasheet
from spurgen.harness.exports.facts import (
    MIT_PAGE,
    licence_pages,
    licence_sentences,
    licence_text,
    responsible,
    templates,
)

NAMES = sorted(path.name.split(".")[0] for path in SUITES.glob("*.manifest.json"))


@pytest.mark.parametrize("name", NAMES)
def test_a_suite_is_described_as_its_files_are_today(name):
    import mlcroissant  # slow to import

    suite = load_suite(name)
    stored = json.loads(suite.croissant_file.read_text())
    made = json.loads(of_suite(suite, stored["datePublished"]))
    assert made | {"@context": None} == stored | {"@context": None}  # which is mlcroissant's
    assert suite.datasheet_file.read_text() == suite_datasheet(suite)
    with warnings.catch_warnings(action="ignore"):
        read = mlcroissant.Dataset(str(suite.croissant_file))
    assert (set(read.metadata.ctx.issues.errors), set(read.metadata.ctx.issues.warnings)) == (set(), set())
    numbers = {str(record["tasks/task"]): record["tasks/counterexamples"] for record in read.records("tasks")}
    assert numbers == {name: task.counterexamples for name, task in suite.tasks.items()}
    worlds = {str(record["worlds/world"]): record for record in read.records("worlds")}
    assert list(worlds) == list(suite.scenarios)
    for world, record in worlds.items():
        assert str(record["worlds/sha256"]) == suite.frozen(world).digest
        sizes = suite.scenario(world).parts
        of_test = sum(size for part, size in sizes.items() if part.startswith(("test/", "seen/")))
        twins = of_test - sizes["test/agree"] - sizes["seen/agree"] if "seen/agree" in sizes else 0  # of real ones
        assert record["worlds/twins"] == twins
        assert record["worlds/samples"] + record["worlds/twins"] == sum(sizes.values())
    files = {file.content_url: file.sha256 for file in read.metadata.distribution}
    assert len(files) == 2 + len(templates(suite))
    for path, digest in files.items():
        assert hashlib.sha256((suite.folder / path).read_bytes()).hexdigest() == digest


def test_describe_keeps_the_date_of_the_first_description(suite_file, monkeypatch):
    suite = load_suite(suite_file)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    assert main(["splits", "describe", "--suite", suite_file]) == 0
    first = suite.croissant_file.read_text()
    assert '"datePublished": "1970-01-01"' in first
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    assert main(["splits", "describe", "--suite", suite_file]) == 0
    assert suite.croissant_file.read_text() == first
    sheet = suite.datasheet_file.read_text()
    assert f"`spurgen splits verify --suite {suite.spoken}`" in sheet
    assert re.search(r"\| 195 +\| 240 +\|", sheet)  # samples and twins


def test_a_description_without_a_date_is_named(suite_file, stderr):
    croissant_file = load_suite(suite_file).croissant_file
    croissant_file.write_text("{}")
    assert main(["splits", "describe", "--suite", suite_file]) == 2
    assert f"{croissant_file} has no datePublished; restore it" in stderr()


def test_channels_without_a_correlation_are_not_called_correlated(suite_file):
    small = load_suite(suite_file).scenario("small")
    assert [*small.facts().correlated] == ["color", "background"]
    without = small.model_copy(update={"environments": ()}).uncorrelated()
    assert [*without.facts().correlated] == []
    in_one = without.model_copy(update={"environments": small.environments})
    assert [*in_one.facts().correlated] == ["color"]
    biases, test = responsible([without])["data_biases"]
    assert biases.endswith("no channel tells the label.")
    assert test.startswith("In test every class")


def test_a_hidden_shortcut_has_counterexamples_of_its_own(ladder_suite):
    ladder = ladder_suite.scenario("few")
    shortcuts, told, _ = responsible([ladder.model_copy(update={"hidden": ("wall",)})])["data_biases"]
    assert shortcuts.endswith("on purpose: hue, wall.")
    assert told.startswith("In counterexamples hue go with one other class")
    assert told.endswith("of which training is not told, are counterexamples of wall.")
    assert "all of them go with" in responsible([ladder])["data_biases"][1]


def test_a_fact_that_does_not_hold_for_all_scenarios_names_its_own(suite, ladder_suite):
    biases = responsible([suite.scenario("small"), ladder_suite.scenario("few")])["data_biases"]
    assert [each.partition(": In")[0] for each in biases if "In counterexamples" in each] == ["few"]


def test_a_suite_that_is_not_frozen_is_not_described(suite_file, stderr):
    suite = load_suite(suite_file)
    suite.manifest_file.unlink()
    assert main(["splits", "describe", "--suite", suite_file]) == 2
    assert "tiny.manifest.json" in stderr()
    assert not suite.datasheet_file.exists()


def test_a_suite_is_frozen_and_described_without_mlcroissant(suite_file, monkeypatch, stderr):
    suite = load_suite(suite_file)
    monkeypatch.setitem(sys.modules, "mlcroissant", None)
    assert main(["splits", "describe", "--suite", suite_file]) == 0
    assert f"{suite.croissant_file} was left out: it needs mlcroissant; run pip install" in stderr()
    assert not suite.croissant_file.exists()


def test_without_mlcroissant_a_data_set_is_complete_but_for_its_description(small, monkeypatch, stderr):
    monkeypatch.setitem(sys.modules, "mlcroissant", None)
    for _ in range(2):  # the second keeps it
        assert main(["generate", "small.toml", "--out", "set"]) == 0
        assert "set/croissant.json was left out: it needs mlcroissant; run pip install" in stderr()
    assert not (small / "set" / "croissant.json").exists()
    assert (small / "set" / "README.md").exists()


def test_a_suite_of_ladders_is_described_with_the_licence_and_credit_of_its_pictures(ladder_file, ladder_suite):
    assert main(["splits", "describe", "--suite", ladder_file]) == 0
    sheet, description = ladder_suite.datasheet_file.read_text(), json.loads(ladder_suite.croissant_file.read_text())
    for text in (sheet, description["description"], description["rai:dataCollection"]):
        assert CREDIT in text
    assert description["license"] == [MIT_PAGE, "https://www.apache.org/licenses/LICENSE-2.0"]
    assert "these shortcuts go with the label on purpose: hue, wall." in sheet
    assert "4 in train and 16 in val" in sheet


def test_only_data_that_show_things_have_a_second_licence(suite, ladder_suite):
    signs, ladder = templates(suite), templates(ladder_suite)
    assert licence_pages(signs) == [MIT_PAGE]
    mit = (Path(__file__).parents[3] / "LICENSE").read_text()
    assert licence_text(signs).split() == mit.split()
    assert licence_sentences(signs) == "Under the MIT licence."
    both = licence_text(ladder)
    assert both.startswith(f"{licence_text(signs)}\n{CREDIT}")
    assert "TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION" in both
    assert CREDIT not in str(responsible(signs))
