import json

import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.figures.captions import estimates_caption, reliance_caption
from spurgen.harness.figures.from_run import read_summary, run_sheet
from spurgen.harness.figures.kit import figure_kit
from spurgen.harness.figures.tables import task_table
from spurgen.harness.statistics.estimate import Estimate

METHODS = {"group_dro": {"quality": 0.95, "access": "train_groups"}, "erm": {"quality": 0.5}, "mine": {"quality": 0.5}}


@pytest.fixture(scope="module")
def summary(make_experiment):
    return make_experiment(METHODS)


def test_the_file_that_run_writes_is_read_again(summary, tmp_path):
    file = tmp_path / "exp_results.json"
    file.write_text(summary.dump())
    assert read_summary(file) == summary


@pytest.mark.parametrize(
    ("content", "problem"),
    [("{", "cannot read the results of spurgen run"), ("{}", "is not the JSON file that this version of spurgen run")],
)
def test_another_file_is_refused_by_name(content, problem, tmp_path):
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(SpurgenError, match=problem) as raised:
        read_summary(tmp_path / "a.json")
    assert str(tmp_path / "a.json") in str(raised.value)


@pytest.mark.parametrize("name", ["../elsewhere", r"x}\input{y", "a b", "", "x\n"])
def test_a_name_that_would_lead_elsewhere_is_refused(summary, tmp_path, name):
    (tmp_path / "a.json").write_text(json.dumps(json.loads(summary.dump()) | {"name": name}))
    with pytest.raises(SpurgenError, match="is not the JSON file"):
        read_summary(tmp_path / "a.json")


def test_estimates_and_tests_are_those_of_the_experiment(summary):
    sheet = run_sheet(summary)
    assert [entry.label for entry in sheet.entries] == ["erm", "mine", "group_dro"]
    for method in summary.finished:
        entry = sheet.by_label[method.name]
        assert entry.estimates == method.estimates
        assert entry.channels["sss"]["color"] == method.channels["color"]["sss"]
    assert {label: entry.best for label, entry in sheet.by_label.items()} == {
        "erm": False, "mine": False, "group_dro": True,
    }  # fmt: skip
    assert sheet.samples == "n = 5 training seeds"
    assert sheet.intervals == "95 % intervals over training seeds and test samples"
    assert "significantly better than erm" in sheet.rule
    assert all(entry.own for entry in sheet.entries)  # made-up methods come from files


def test_reliance_has_an_interval_over_three_seeds_or_more(make_experiment):
    def with_reliance(seeds):
        made = make_experiment({"erm": {}}, seeds=seeds)
        method = made.methods[0]
        results = [
            result.model_copy(
                update={"channels": {name: row | {"reliance": 0.1 * seed} for name, row in result.channels.items()}}
            )
            for seed, result in enumerate(method.results)
        ]
        channels = {name: row | {"reliance": Estimate(0.1)} for name, row in method.channels.items()}
        changed = method.model_copy(update={"results": tuple(results), "channels": channels})
        sheet = run_sheet(made.model_copy(update={"methods": (changed,)}))
        return sheet.entries[0].channels["reliance"]["color"]

    low, high = with_reliance((0, 1, 2)).ends
    assert low < 0.1 < high
    assert with_reliance((0,)).low is None


def test_one_seed_is_called_one_seed_and_a_failed_experiment_draws_nothing(make_experiment):
    single = run_sheet(make_experiment({"erm": {}}, seeds=(0,)))
    assert (single.samples, single.intervals) == ("n = 1 training seed", "95 % intervals over test samples")
    assert single.rule == ""
    assert "Student" not in reliance_caption(single)
    assert (
        reliance_caption(run_sheet(make_experiment({"erm": {}}))).count("Student's t intervals over training seeds")
        == 1
    )
    with pytest.raises(SpurgenError, match="exp: every method failed"):
        run_sheet(make_experiment({"erm": {"error": "boom"}}))


def test_unknown_fields_are_named(summary, tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(json.loads(summary.dump()) | {"strange": 1}))
    with pytest.raises(SpurgenError, match="strange"):
        read_summary(tmp_path / "a.json")


def test_a_method_at_chance_is_never_bold_starred_or_compared(make_experiment):
    """Its robust accuracy, .34, is significantly above that of ERM."""
    constant = {"quality": 0.34, "sss": 0.001, "placebo": 0.0, "core": 0.3}
    methods = {"erm": {"quality": 0.45}, "dice": constant, "good": {"quality": 0.97}, "gone": {"error": "boom"}}
    sheet = run_sheet(make_experiment(methods))
    chance = "not significantly better than chance in test accuracy"
    entry = sheet.by_label["dice"]
    assert (entry.unranked, entry.best, entry.difference) == (chance, False, None)
    assert [row.label for row in sheet.entries] == ["good", "erm", "dice"]
    text = task_table(sheet).text
    (line,) = (line for line in text.splitlines() if line.startswith(r"\textgreater{} dice"))
    assert line.startswith(r"\textgreater{} dice$^{\dagger}$ & ")
    assert "textbf" not in line
    assert "^{*}" not in line
    assert f"†: {chance}, not compared." in text.replace(r"\textdagger{}", "†")
    assert f"Open: {chance}, not compared." in estimates_caption([sheet])
    assert "exp: without gone: failed with seed 0: boom" in figure_kit([sheet]).left_out
