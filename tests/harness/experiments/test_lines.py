import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.experiments.lines import lines_of_run, read_summary, run_blocks


def test_lines_are_by_access_best_first_and_differ_from_erm_where_significant(make_experiment):
    methods = {"erm": {}, "good": {"quality": 0.95, "access": "envs"}, "better": {"quality": 0.99}}
    lines = lines_of_run(make_experiment(methods))
    assert [line["submission"] for line in lines] == ["better", "erm", "good"]
    assert [line.get("to_erm_verdict") for line in lines] == ["better", None, "better"]
    assert lines[0]["robust_accuracy_low"] <= lines[0]["robust_accuracy"] <= lines[0]["robust_accuracy_high"]
    assert "sss_by_channel.color" in lines[0]


def test_a_method_at_chance_or_with_a_failed_check_or_seed_is_not_ranked(make_experiment):
    methods = {
        "erm": {}, "random": {"quality": 1 / 3}, "failing": {"checks": {"loss fell": False}, "quality": 0.99},
        "gone": {"error": "out of memory"},
    }  # fmt: skip
    lines = lines_of_run(make_experiment(methods))
    assert [(line["submission"], line["ranked"]) for line in lines] == [
        ("erm", True), ("failing", False), ("random", False),
    ]  # fmt: skip
    assert {line.get("to_erm_verdict") for line in lines} == {None, "undecided"}
    (_, ranked), (title, rest) = run_blocks(lines)
    assert [line["submission"] for line in ranked] == ["erm"]
    assert title.startswith("Not ranked: incomplete")
    assert len(rest) == 2


def test_an_experiment_in_which_all_failed_cannot_be_drawn(make_experiment):
    with pytest.raises(SpurgenError, match="exp: every method failed, so there is nothing to draw"):
        lines_of_run(make_experiment({"erm": {"error": "no"}}))


def test_a_file_that_is_no_experiment_is_named(tmp_path, make_experiment):
    path = tmp_path / "exp_results.json"
    path.write_text(make_experiment({"erm": {}}).dump())
    assert read_summary(path).name == "exp"
    path.write_text("{}")
    with pytest.raises(SpurgenError, match="is not the JSON file that this version of spurgen run writes"):
        read_summary(path)
