"""The pages in docs/ and README.md: their examples run, their tables are complete, their links lead somewhere."""

import json
import math
import re
import tomllib
from pathlib import Path

import pytest
import tomli_w
from pydantic_core import PydanticUndefined

from spurgen.benchmark import load_scenario, load_suite
from spurgen.benchmark.plugins import discover
from spurgen.benchmark.worlds.pictograms import Channel, Environment, Scenario, SplitSizes
from spurgen.generators import check, class_names
from spurgen.harness.cli import main
from spurgen.harness.options.jobs import LIMITS

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SCENARIOS, SANDBOX, SUITES = (
    (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8") for page in ("scenarios", "sandbox", "suites")
)
BLOCK = re.compile(r"(?:^(<!-- not run -->)\n+)?^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)")
MINIMAL = {
    "suite": "docs",
    "name": "minimal",
    "seed": 0,
    "num_classes": 4,
    "channels": {"color": {}, "background": {}, "shape": {}},
    "splits": {"train": 100, "val": 50, "test_per_group": 5},
}


def blocks(text, language):
    """List a page's code blocks in a language, without those marked as not to be run."""
    return [code for marked, listed, code in BLOCK.findall(text) if listed == language and not marked]


def name(path):
    return str(path.relative_to(ROOT))


def rows(section):
    """Map the keys in a section's table to what the default column says."""
    table = SCENARIOS.split(f"## {section}\n")[1].split("| key |")[1].split("\n\n")[0]
    return dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \|", table, re.MULTILINE))


def documented(field):
    """Write a field's default as the page does, or returns None where the page uses words."""
    if field.default is PydanticUndefined:
        return "required"
    plain = isinstance(field.default, int | float | str | tuple | dict) and field.default != ""
    return f"`{json.dumps(field.default)}`" if plain else None


@pytest.mark.parametrize(
    ("section", "model"),
    [
        ("Keys of the scenario", Scenario),
        ("Keys of a channel", Channel),
        ("Keys of an environment", Environment),
        ("Keys of the split sizes", SplitSizes),
    ],
)
def test_every_key_is_documented_with_its_default(section, model):
    listed = rows(section)
    assert listed.keys() == model.model_fields.keys()
    for key, field in model.model_fields.items():
        wanted = documented(field)
        assert wanted is None or listed[key] == wanted, key


@pytest.mark.parametrize("code", blocks(SCENARIOS, "toml"))
def test_every_scenario_example_can_be_drawn(code, tmp_path):
    path = tmp_path / "example.toml"
    path.write_text(tomli_w.dumps(MINIMAL | tomllib.loads(code)), encoding="utf-8")
    check(load_scenario(path).in_world(0))


def test_every_kind_of_channel_is_documented():
    listed = re.findall(r"^\| `(\w+)` \| ([a-z, ]+) \| (\d+) \|", SCENARIOS, re.MULTILINE)
    kinds = discover("spurgen.generators.channels")
    wanted = {kind: ({*module.CARRIERS}, len(module.VALUES)) for kind, module in kinds.items()}
    assert {kind: ({*carriers.split(", ")}, int(values)) for kind, carriers, values in listed} == wanted


def test_the_classes_are_listed_in_order(tmp_path):
    path = tmp_path / "all.toml"
    path.write_text(tomli_w.dumps(MINIMAL | {"num_classes": 20}), encoding="utf-8")
    listed = re.search(r"In order: ([^.]+)\.", SCENARIOS)[1]
    assert listed.split() == ", ".join(class_names(load_scenario(path))).split()


def test_every_key_has_an_example():
    examples = "".join(blocks(SCENARIOS, "toml"))
    for model in (Scenario, Channel, Environment, SplitSizes):
        for key in model.model_fields:
            assert re.search(rf"\b{key}\b", examples), key


def test_the_table_of_limits_has_every_flag_with_its_default_and_range(capsys):
    with pytest.raises(SystemExit):
        main(["score", "--help"])
    limits = " ".join(capsys.readouterr().out.split()).partition("limits of a submission")[2]
    flags = dict(re.findall(r"(--[a-z-]+) [A-Z_]+ .*?default: ([\d.]+)", limits))
    table = re.findall(r"^\| `(--[a-z-]+)` \| .* \| ([\d.]+) \| (.*) \|$", SANDBOX, re.MULTILINE)
    assert {flag: default for flag, default, _ in table} == flags
    ranges = {flag: f"{least:g} to 10^{math.log10(most):.0f}" for flag, _, (least, most), _ in LIMITS}
    assert {flag: limits for flag, _, limits in table} == ranges


def test_the_example_suite_loads(tmp_path):
    tasks, plates = blocks(SUITES, "toml")
    (tmp_path / "fruit").mkdir()
    (tmp_path / "fruit.toml").write_text(tasks, encoding="utf-8")
    (tmp_path / "fruit" / "plates.toml").write_text(plates, encoding="utf-8")
    suite = load_suite(str(tmp_path / "fruit.toml"))
    assert suite.overall == {"fruit": tuple(suite.tasks)}
    check(suite.scenario("plates"))


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread", "baselines_here")
@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page.read_text("utf-8"), "python")], ids=name)
def test_every_python_example_runs(page, tmp_path, monkeypatch):
    """The blocks of a page run in order and share their names, as a reader would run them."""
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "docs"}
    for number, code in enumerate(blocks(page.read_text(encoding="utf-8"), "python"), 1):
        exec(compile(code, f"{name(page)}, Python block {number}", "exec"), names)


@pytest.mark.slow
def test_the_summary_of_predictions_is_what_the_example_prints(tmp_path, monkeypatch, capsys):
    page = (ROOT / "docs" / "evaluate.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    exec(compile(blocks(page, "python")[0], "birds.py", "exec"), {})
    assert main(["evaluate", "mine.csv", "--metadata", "metadata.csv"]) == 0
    summary = next(text for text in blocks(page, "text") if text.startswith("mine: "))
    assert " ".join(capsys.readouterr().out.split()).startswith(" ".join(summary.split()))


def anchors(page):
    """List the anchors that GitHub gives a page's headings."""
    text = BLOCK.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ +(.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_relative_link_leads_somewhere(page):
    for target, anchor in LINK.findall(BLOCK.sub("", page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), target
        if anchor and path.suffix == ".md":
            assert anchor in anchors(path), f"{target}#{anchor}"
