import re

import pytest

from spurgen.harness.experiments.report import conclusions, difference_table, results_table, to_markdown
from spurgen.harness.statistics.estimate import Estimate

CHANCE = "not significantly better than chance in test accuracy"


def test_the_table_has_the_boards_columns_and_the_ideal_observer(make_experiment, read_table):
    summary = make_experiment({"erm": {}, "good": {"quality": 0.97, "access": "envs"}})
    *lines, ideal = read_table(results_table(summary))
    assert [(line["Submission"], line["Access"]) for line in lines] == [("erm", "none"), ("good", "envs")]
    assert list(lines[0])[:5] == ["Submission", "Access", "Accuracy if misled", "Agreeing", "Follows"]
    robust = summary.methods[1].estimates["robust_accuracy"]
    assert lines[1]["Accuracy if misled"] == robust.text()
    assert robust.low < robust.value < robust.high
    assert lines[1]["To ERM"].endswith(" better")
    assert ideal["Submission"] == "ideal observer"
    assert ideal["Accuracy if misled"] == f"{summary.ideal['robust_accuracy']:.3f}"


def test_the_report_describes_the_run_and_how_to_repeat_it(make_experiment):
    text = to_markdown(make_experiment({"erm": {}}), ["a.png"])
    assert "3 classes; 60 train, 30 val, 240 test samples, of which 120 have twins" in text
    assert "## The world, as drawn\n\n| Shortcut   | Values   | train, 60   | one, " in text
    assert "5 seeds, 0 to 4, on cpu" in text
    assert "```\nspurgen run --x\n```" in text
    assert "[a.png](a.png)" in text


def test_the_report_names_the_rule_that_selected_each_epoch(make_experiment):
    methods = {"erm": {"selection": "val_accuracy"}, "irm": {"selection": "val_accuracy"}, "dro": {"selection": "last"}}
    text = to_markdown(make_experiment(methods | {"silent": {}}))
    assert "The epoch was selected by: val_accuracy (erm, irm); last (dro)." in text
    assert "selected by" not in to_markdown(make_experiment({"silent": {}}))


def test_every_test_has_a_line(make_experiment, read_table):
    summary = make_experiment({"erm": {}, "good": {"quality": 0.97}, "same": {}}, (0,))
    lines = read_table(difference_table(summary))
    assert [line["Metric"] for line in lines] == 2 * ["Accuracy if misled", "WGA", "Accuracy", "SSS"]
    assert [line["Method"] for line in lines] == 4 * ["good"] + 4 * ["same"]
    accuracy = summary.differences["good"]["accuracy"]
    assert lines[2]["Difference"] == Estimate(accuracy.difference, *accuracy.interval).text("+.3f")
    assert (lines[2]["p (Holm)"], lines[2]["Significant"]) == ("< 1e-4", "yes")
    assert "Holm-corrected over all 8" in to_markdown(summary)


@pytest.mark.parametrize(
    ("methods", "better"),
    [
        ({"good": {"quality": 0.97}}, "good in Accuracy if misled, WGA and Accuracy"),
        ({"good": {"sss": 0.1}}, "good in SSS"),
        ({"bad": {"quality": 0.5, "sss": 0.4}}, "none"),
    ],
)
def test_who_is_better_than_erm_is_said_in_one_line(make_experiment, methods, better):
    lines = conclusions(make_experiment({"erm": {}} | methods, (0,)))
    assert lines[0] == f"Significantly better than erm: {better}."
    assert sum("erm" in line for line in lines) == 1


def splits(twins):
    return {"splits": {"train": 60, "val": 30, "test_per_group": 20, "twins": twins}}


@pytest.mark.parametrize(
    ("methods", "changes", "line"),
    [
        ({"irm": {"error": "irm: `boom`\n..."}}, {}, "Not ranked: irm: failed with seed 0: irm: .*boom"),
        (
            {"irm": {"checks": {"it acts": False}}},
            {},
            r"Not ranked: irm: failed the sanity check “it acts” \(seed 0\)\.",
        ),
        ({"dice": {"quality": 0.33}}, {}, f"Not ranked: dice: {CHANCE}."),
        ({"irm": {"access": "envs"}}, {}, r"different annotations \(envs and none; docs/methods\.md\)"),
        ({}, {"seeds": (7,)}, "One training seed: intervals .* use --seeds 0-4."),
        ({}, {"seeds": (0, 1)}, "2 seeds show little of the variance over seeds; use --seeds 0-4."),
        ({}, splits(1), "rest on only 1 base sample, so SSS is not tested."),
        ({}, splits(24), "rest on only 24 base samples, so SSS is not tested."),
        ({}, splits(60), "rest on only 60 base samples."),
    ],
)
def test_what_limits_the_conclusions_is_said(make_experiment, methods, changes, line):
    said = "\n".join(conclusions(make_experiment({"erm": {}} | methods, **changes)))
    assert re.search(line, said)


def test_a_method_that_failed_has_no_line(make_experiment, read_table):
    summary = make_experiment({"erm": {}, "irm": {"error": "boom"}})
    assert not summary.differences
    assert [line["Submission"] for line in read_table(results_table(summary))] == ["erm", "ideal observer"]
    assert "Every method failed." in to_markdown(make_experiment({"irm": {"error": "boom"}}))


def test_names_in_a_submissions_report_are_text_in_markdown(make_experiment):
    methods = {"erm": {}, "model": {"checks": {"[a](http://b) | <i>": False}, "selection": "**last**"}}
    text = to_markdown(make_experiment(methods))
    assert r"model: failed the sanity check “\[a\](http://b) \| &lt;i&gt;” (seed 0)." in text
    assert r"selected by: \*\*last\*\* (model)" in text


@pytest.mark.parametrize("methods", [{"a": {}, "b": {}}, {"erm": {"quality": 0.33}, "good": {"quality": 0.97}}])
def test_nothing_is_tested_without_an_erm_that_is_ranked(make_experiment, methods):
    summary = make_experiment(methods)
    assert summary.differences == {}
    assert "Nothing was tested against erm, which did not run or is not ranked." in conclusions(summary)
    assert "Differences to" not in to_markdown(summary)


def test_a_method_at_chance_is_shown_last_and_not_compared(make_experiment, read_table):
    constant = {"quality": 0.34, "sss": 0.001}
    summary = make_experiment({"dice": constant, "erm": {"quality": 0.5}, "good": {"quality": 0.97, "access": "envs"}})
    assert summary.differences.keys() == {"good"}
    names = [line["Submission"] for line in read_table(results_table(summary))]
    assert names == ["erm", "good", "dice (not ranked)", "ideal observer"]
