import json
from dataclasses import replace
from pathlib import Path

import pytest

from spurgen.benchmark.errors import ReadError
from spurgen.benchmark.suite import DEFAULT_SUITE, load_suite
from spurgen.harness.board.schema import SCHEMA_VERSION
from spurgen.harness.context import report
from spurgen.harness.results.store import IN_CONTEXT, SHIPPED
from spurgen.harness.site.material import learners


def row(needed, **fields):
    lines = {"columns": ["model", "labels", "measure", "counterexamples_text"], "rows": needed}
    return json.dumps({"schema_version": SCHEMA_VERSION, "report": "ask", "tables": {"lines": lines}} | fields)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "results" / "in-context").mkdir(parents=True)
    monkeypatch.setattr(report, "SHIPPED", tmp_path / "none")
    return tmp_path / "results"


def test_rows_of_a_suite_stand_beside_models_in_context_the_fewest_first(ladder_file, steps_material, folder):
    lines = [("m", "arbitrary", "pairs", "4 [3, 5]"), ("m", "arbitrary", "answers", ">16"),
             ("probe", None, "pairs", "2"), ("exact Bayes", None, "pairs", "<=1")]  # fmt: skip
    (folder / "in-context" / "m.json").write_text(row(lines))
    path = Path(ladder_file)
    path.write_text(path.read_text().replace("ceiling", 'role = "main", ceiling'))
    suite, board = load_suite(ladder_file), steps_material.board
    heads, cards, models = learners(replace(suite, name=DEFAULT_SUITE), board, {"erm": "Plain"}, folder)
    numbers = {line["submission"]: line["counterexamples_text"] for line in steps_material.lines["few-text"]
               if line.get("counterexamples_text")}  # fmt: skip
    assert heads.ideal == "<=4"
    assert {each.name: each.needed["text"] for each in heads.learners}["Plain"] == numbers["erm"]
    assert "minilm" in {each.name for each in cards.learners}
    assert models.ideal == "<=1"
    assert [(each.name, dict(each.needed)) for each in models.learners] == [
        ("probe", {"text": "2"}), ("m (A/B)", {"text": "4 [3, 5]"}),
    ]  # fmt: skip
    assert learners(suite, board, {"erm": "Plain"}, folder) == [heads]  # which is not of the package's suite


@pytest.mark.parametrize("text", ["[]", "{", row([], schema_version=9), "{}", "[" * 100_000, row([], tables=None)])
def test_a_row_of_models_that_is_none_is_a_sentence(folder, text):
    (folder / "in-context" / "bad.json").write_text(text)
    with pytest.raises(ReadError, match=r"bad\.json"):
        report.stored_models(folder)


@pytest.mark.parametrize(
    ("model", "labels", "needed", "why"),
    [
        ("m", "arbitrary", "many", r"expected .* such as 4, .* not 'many'"),
        ("m", "arbitrary", "4 [3, ", r"expected .* not '4 \[3, '"),
        ("m", "arbitrary", "9" * 5000, r"expected .* not '9{27}\.{3}9{28}'"),
        ("m", None, 4, r".*expected text as 'counterexamples_text' \(got 4\)"),
        ("m", "other", "4", r"there are no labels 'other'"),
        (3, "named", "4", r".*expected text as 'model' \(got 3\)"),
    ],
)
def test_a_line_of_models_that_cannot_be_drawn_is_a_sentence(folder, model, labels, needed, why):
    (folder / "in-context" / "bad.json").write_text(row([(model, labels, "pairs", needed)]))
    with pytest.raises(ReadError, match=rf"bad\.json is no report of spurgen ask: {why}"):
        report.stored_models(folder)


def test_every_row_in_context_of_the_package_can_be_read(tmp_path):
    shipped = [*(SHIPPED / IN_CONTEXT).glob("*.json")]
    assert len(report.stored_models(tmp_path)) == len(shipped) > 0


def test_names_of_models_are_harmless(folder):
    (folder / "in-context" / "odd.json").write_text(row([("a\x1b[31m\u202eb", "arbitrary", "pairs", "4")]))
    names = [name for stored in report.stored_models(folder) for name, _ in stored]
    assert [name for name in names if name.startswith("a") and name.endswith("b") and name.isprintable()]
    assert not [name for name in names if "\x1b" in name or "\u202e" in name]
