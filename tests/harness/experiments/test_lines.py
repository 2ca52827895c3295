import json

import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.experiments.lines import lines_of_run, read_summary, run_blocks


def test_methods_are_lines_of_a_board(make_experiment):
    methods = {"dice": {"quality": 0.33}, "erm": {}, "good": {"quality": 0.97, "access": "envs"}}
    summary = make_experiment(methods)
    lines = lines_of_run(summary)
    assert [(line["submission"], line["ranked"]) for line in lines] == [("erm", True), ("good", True), ("dice", False)]
    assert (lines[1]["to_erm_verdict"], "to_erm" in lines[0], "to_erm" in lines[2]) == ("better", False, False)
    assert lines[0]["sss_by_channel.color"] == summary.methods[1].channels["color"]["sss"].value
    blocks = {title: [line["submission"] for line in own] for title, own in run_blocks(lines)}
    assert blocks == {"Access: none": ["erm"], "Access: envs": ["good"], "Not ranked": ["dice"]}


def test_a_summary_is_read_again(make_experiment, tmp_path):
    summary = make_experiment({"erm": {}, "good": {"quality": 0.97}})
    (tmp_path / "exp_results.json").write_text(summary.dump())
    assert read_summary(tmp_path / "exp_results.json") == summary
    older = json.loads(summary.dump())
    older["methods"][0]["results"][0]["rules"] = {"last": {"accuracy": 0.9, "checkpoint": 1.0}}
    (tmp_path / "older.json").write_text(json.dumps(older))
    assert read_summary(tmp_path / "older.json") == summary
    (tmp_path / "other.json").write_text('{"schema_version": 4}')
    with pytest.raises(SpurgenError, match=r"other\.json is not the JSON file that this version of spurgen run writes"):
        read_summary(tmp_path / "other.json")


def test_without_a_result_there_are_no_lines(make_experiment):
    with pytest.raises(SpurgenError, match="exp: every method failed, so there is nothing to draw"):
        lines_of_run(make_experiment({"erm": {"error": "boom"}}))
