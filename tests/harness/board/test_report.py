"""Reports on learners in every form."""

import json

import pytest

from spurgen.benchmark.errors import ReadError
from spurgen.harness.board.report import Report, Table, read_report
from spurgen.harness.board.schema import SCHEMA_VERSION

LINES = [
    {"model": "a|b", "samples": 1200, "accuracy": 0.5, "accuracy_low": 0.4, "accuracy_high": 0.6, "auroc": None},
    {"model": "c", "samples": 30, "accuracy": 0.75, "significant": False},
]


@pytest.fixture
def report():
    parts = [
        "What was measured, in words that are wrapped.",
        Table("models", LINES, ("model", "samples", "accuracy", "auroc"), "Models", "Said below."),
        Table("models", [{"model": "d", "wga": 0.25}], ()),
        Table("", LINES, ("samples", "accuracy"), "Turned", by="model", intervals=True),
    ]
    return Report("run", "Title", "Verdict.", parts, ["One limit."], {"seeds": (0, 1)}, "spurgen run\n```")


def test_columns_are_those_that_a_line_fills_and_a_table_can_be_turned(report):
    _, models, _, turned = report.parts
    assert models.cells() == [
        {"Model": "a|b", "Samples": "1,200", "Accuracy": "0.500"}, {"Model": "c", "Samples": "30", "Accuracy": "0.750"},
    ]  # fmt: skip
    assert turned.cells() == [
        {"": "Samples", "a|b": "1,200", "c": "30"}, {"": "Accuracy", "a|b": "0.500 [0.400, 0.600]", "c": "0.750"},
    ]  # fmt: skip


def test_text_is_wrapped_and_has_the_verdict_last_or_tables_of_a_name_alone(report):
    text = report.to_text(20)
    assert text.startswith("What was measured,\nin words that are\nwrapped.\n\nModels\n\nModel ")
    assert [word in text for word in ("Said below.", "Turned", "0.250")] == [True, True, False]
    assert text.endswith("\n\nVerdict.")
    alone = report.to_text(80, "models")
    assert alone.startswith("Model ")
    assert [word in alone for word in ("Said below.", "Turned", "measured", "Verdict.")] == [False, False, False, True]


def test_markdown_has_all_that_is_shown_limits_the_command_and_pictures(report):
    text = report.to_markdown(["a.png"])
    assert text.startswith("# Title\n\nVerdict.\n\nWhat was measured")
    assert "## Models\n\n| Model   |" in text
    assert "| a\\|b    |" in text
    assert "0.250" not in text
    assert text.endswith(
        "## What limits this\n\n- One limit.\n\n## How to repeat it\n\n```\nspurgen run ```\n```\n\n"
        "## Plots\n\n- [a.png](a.png)\n"
    )
    assert "##" not in Report("run", "Title", "Verdict.", []).to_markdown()


def test_what_is_written_is_read_again_with_the_tables_of_one_name_joined(report, tmp_path):
    file = tmp_path / "report.json"
    file.write_text(report.to_json())
    found = read_report(file, "run")
    lines = [{key: value for key, value in line.items() if value is not None} for line in LINES]
    assert found.lines("models") == [*lines, {"model": "d", "wga": 0.25}]
    assert (found.lines("none"), found.about["seeds"], [*found.tables]) == ([], [0, 1], ["models"])
    nan = Report("run", "", "", [Table("models", [{"accuracy": float("nan")}], ("accuracy",))])
    with pytest.raises(ValueError, match="not JSON compliant"):
        nan.to_json()


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"schema_version": 1}, f"it has schema_version 1, not {SCHEMA_VERSION}; make it again by spurgen run"),
        ({"report": "ask"}, "it is one of spurgen 'ask'"),
        ({"tables": {"models": {"columns": ["model"], "rows": [["a", 1]]}}}, "a row has 2 values for 1 columns"),
        ({"tables": {"models": {"columns": ["model"], "rows": [[1]]}}}, r"expected text as 'model' \(got 1\)"),
        ({"tables": {"models": {"columns": ["wga"], "rows": [["x"]]}}}, r"expected a number as 'wga' \(got 'x'\)"),
        ({"tables": {"models": {"columns": ["ranked"], "rows": [[1]]}}}, r"expected true or false as 'ranked'"),
        ({"tables": {"models": {"columns": ["spec"], "rows": [[1]]}}}, "expected text as 'spec'"),
    ],
)
def test_a_file_of_another_form_is_refused_with_the_reason(report, tmp_path, change, problem):
    file = tmp_path / "report.json"
    file.write_text(json.dumps(json.loads(report.to_json()) | change))
    with pytest.raises(ReadError, match=rf"report\.json is no report of spurgen run: .*{problem}"):
        read_report(file, "run")
