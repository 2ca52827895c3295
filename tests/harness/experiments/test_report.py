import json
import re

import numpy as np
import pandas as pd
import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.task import Task
from spurgen.benchmark.worlds.pictograms import make_scenario
from spurgen.generators import aligned_values, sample
from spurgen.harness.board.columns import estimate_of
from spurgen.harness.board.report import read_report
from spurgen.harness.experiments.report import (
    draw_train,
    facts,
    label_text,
    rates_table,
    read_run,
    report_of,
    run_blocks,
    sample_sheet,
)
from spurgen.harness.statistics.estimate import Estimate

CHANCE = "not significantly better than chance in test accuracy"


def shown(summary, name="methods"):
    """The lines of a table of the report as they are shown."""
    return next(part.cells() for part in report_of(summary).parts if getattr(part, "name", "") == name)


def test_the_table_has_the_boards_columns_and_the_ideal_observer(make_experiment):
    summary = make_experiment({"erm": {}, "good": {"quality": 0.97, "access": "envs"}})
    *lines, ideal = shown(summary)
    assert [(line["Method"], line["Access"]) for line in lines] == [("erm", "none"), ("good", "envs")]
    assert list(lines[0])[:5] == ["Method", "Access", "Accuracy if misled", "Agreeing", "Follows"]
    assert not {"Rank", "Worlds", "Lowest where", "Verified"} & lines[0].keys()
    robust = estimate_of(summary.lines[1], "robust_accuracy")
    assert lines[1]["Accuracy if misled"] == robust.text()
    assert robust.low < robust.value < robust.high
    assert lines[1]["To ERM"].endswith(" better")
    assert ideal["Method"] == "ideal observer"
    assert ideal["Accuracy if misled"] == f"{summary.ideal['robust_accuracy']:.3f}"


def test_the_report_describes_the_run_and_how_to_repeat_it(make_experiment):
    text = report_of(make_experiment({"erm": {}})).to_markdown(["a.png"])
    assert "3 classes; 60 train, 30 val, 240 test samples, of which 120 have twins" in text
    assert "## The world, as drawn\n\n| Shortcut   | Values   | train, 60   | one, " in text
    assert "## Results\n\n| Method         | Access   | Accuracy if misled   | " in text
    assert "Brackets: 95 % intervals over training seeds and test samples.\n\n- Method: its name.\n- Access: " in text
    assert "5 seeds, 0 to 4, on cpu" in text
    assert "```\nspurgen run --x\n```" in text
    assert "[a.png](a.png)" in text


def test_the_report_names_the_rule_that_selected_each_epoch(make_experiment):
    methods = {"erm": {"selection": "val_accuracy"}, "irm": {"selection": "val_accuracy"}, "dro": {"selection": "last"}}
    text = report_of(make_experiment(methods | {"silent": {}})).to_markdown()
    assert "The epoch was selected by: val_accuracy (erm, irm); last (dro)." in text
    assert "selected by" not in report_of(make_experiment({"silent": {}})).to_markdown()


def test_every_test_has_a_line(make_experiment):
    summary = make_experiment({"erm": {}, "good": {"quality": 0.97}, "same": {}}, (0,))
    lines = shown(summary, "tests")
    assert [line["Metric"] for line in lines] == 2 * ["Accuracy if misled", "WGA", "Accuracy", "SSS"]
    assert [line["Method"] for line in lines] == 4 * ["good"] + 4 * ["same"]
    accuracy = summary.differences["good"]["accuracy"]
    assert lines[2]["Difference"] == Estimate(accuracy.difference, *accuracy.interval).text("+.3f")
    assert (lines[2]["p (Holm)"], lines[2]["Significant"]) == ("< 1e-4", "yes")
    assert "Holm-corrected over all 8" in report_of(summary).to_markdown()


@pytest.mark.parametrize(
    ("methods", "better"),
    [
        ({"good": {"quality": 0.97}}, "good in Accuracy if misled, WGA and Accuracy"),
        ({"good": {"sss": 0.1}}, "good in SSS"),
        ({"bad": {"quality": 0.5, "sss": 0.4}}, "none"),
    ],
)
def test_who_is_better_than_erm_is_said_in_one_line(make_experiment, methods, better):
    report = report_of(make_experiment({"erm": {}} | methods, (0,)))
    assert report.sentence == f"Significantly better than erm: {better}."
    assert report.to_text(80, "methods").endswith(f"\n\n{report.sentence}")
    assert not any("erm" in note for note in report.notes)


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
    report = report_of(make_experiment({"erm": {}} | methods, **changes))
    assert re.search(line, "\n".join(report.notes))
    assert f"- {report.notes[-1]}\n" in report.to_markdown()


def test_a_method_that_failed_has_no_line(make_experiment):
    summary = make_experiment({"erm": {}, "irm": {"error": "boom"}})
    assert not summary.differences
    assert [line["Method"] for line in shown(summary)] == ["erm", "ideal observer"]
    nothing = report_of(make_experiment({"irm": {"error": "boom"}}))
    assert nothing.sentence == "Every method failed."
    assert "## Results" not in nothing.to_markdown()


def test_names_in_a_submissions_report_are_text_in_markdown(make_experiment):
    methods = {"erm": {}, "model": {"checks": {"[a](http://b) | <i>": False}, "selection": "**last**"}}
    text = report_of(make_experiment(methods | {"a|b": {}})).to_markdown()
    assert r"model: failed the sanity check “\[a\](http://b) \| &lt;i&gt;” (seed 0)." in text
    assert r"selected by: \*\*last\*\* (model)" in text
    assert "\n| a\\|b " in text


@pytest.mark.parametrize("methods", [{"a": {}, "b": {}}, {"erm": {"quality": 0.33}, "good": {"quality": 0.97}}])
def test_nothing_is_tested_without_an_erm_that_is_ranked(make_experiment, methods):
    report = report_of(make_experiment(methods))
    assert report.sentence == "Nothing was tested against erm, which did not run or is not ranked."
    assert "Differences to" not in report.to_markdown()


def test_a_method_at_chance_is_shown_last_and_not_compared(make_experiment):
    constant = {"quality": 0.34, "sss": 0.001}
    summary = make_experiment({"dice": constant, "erm": {"quality": 0.5}, "good": {"quality": 0.97, "access": "envs"}})
    assert summary.differences.keys() == {"good"}
    names = [line["Method"] for line in shown(summary)]
    assert names == ["erm", "good", "dice (not ranked)", "ideal observer"]
    blocks = {title: [line["submission"] for line in own] for title, own in run_blocks(summary.lines)}
    assert blocks == {"Access: none": ["erm"], "Access: envs": ["good"], "Not ranked": ["dice"]}


def test_the_file_has_all_lines_and_a_line_per_result(make_experiment, tmp_path):
    summary = make_experiment({"erm": {}, "jtt": {"quality": 0.97}, "irm": {"error": "boom"}}, (0, 1))
    file = tmp_path / "exp_results.json"
    file.write_text(report_of(summary).to_json())
    run = read_run(file)
    assert (run.name, run.ideal) == ("exp", summary.ideal)
    assert run.lines == [{key: value for key, value in line.items() if value is not None} for line in summary.lines]
    stored = read_report(file, "run")
    assert [line["difference"] for line in stored.lines("tests")] == [
        each.difference for each in summary.differences["jtt"].values()
    ]
    frame = pd.DataFrame(stored.lines("results"))
    assert frame["submission"].tolist() == ["erm", "erm", "jtt", "jtt", "irm", "irm"]
    assert frame["accuracy"].tolist()[:4] == [
        r.metrics["accuracy"] for m in ("erm", "jtt") for r in summary.rows[m].results
    ]
    assert frame["error"].tolist()[4] == "boom"
    assert make_scenario("test", **stored.about["scenario"]) == summary.experiment.task.scenario
    assert stored.about["methods"]["jtt"] == {"spec": "jtt.py", "options": {"lr": 0.01}}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"scenario_sha256": 1}, "scenario_sha256"),
        ({"name": "../x"}, "name"),
        ({"tables": {"methods": {"columns": ["submission"], "rows": [["a"]]}}}, "a line of its methods has no access"),
    ],
)
def test_a_file_that_is_no_report_of_a_run_is_refused(make_experiment, tmp_path, change, problem):
    stored = json.loads(report_of(make_experiment({"erm": {}}, (0,))).to_json())
    (tmp_path / "other.json").write_text(json.dumps(stored | change))
    with pytest.raises(SpurgenError, match=rf"other\.json is no report of spurgen run.*{problem}"):
        read_run(tmp_path / "other.json")


def test_without_a_result_there_is_nothing_to_draw(make_experiment, tmp_path):
    (tmp_path / "exp.json").write_text(report_of(make_experiment({"erm": {"error": "boom"}})).to_json())
    with pytest.raises(SpurgenError, match="exp: every method failed, so there is nothing to draw"):
        read_run(tmp_path / "exp.json")


FIELDS = {
    "suite": "none", "name": "small", "seed": 11, "num_classes": 3, "image_size": 32,
    "channels": {"color": {"values": 3, "strength": (0.9, 0.8, 0.7)}, "shape": {"values": 4}},
    "environments": [{"name": "one", "strength": {"shape": 0.95}}, {"name": "two"}],
    "splits": {"train": 400, "val": 30, "test_per_group": 2, "twins": 8},
}  # fmt: skip


@pytest.fixture
def task():
    """Return a function that makes a task of a small world."""
    return lambda modality="image", **changes: Task("t", make_scenario("test", **(FIELDS | changes)), modality)


def test_rates_are_counted_on_train_and_in_each_environment(task, read_table):
    scenario = task().scenario
    lines = read_table(rates_table(task(), draw_train(scenario)))
    train = sample(scenario, "train", range(400), images=False, captions=False)
    sizes = np.bincount(train.env_ids).tolist()
    for line, name, asked in zip(lines, ("color", "shape"), (["by class"] * 2, ["0.95", "0.75"]), strict=True):
        aligned = aligned_values(scenario, name)[train.channel_values[name], train.labels]
        rates = [aligned[train.env_ids == k].mean() for k in (0, 1)]
        assert list(line) == ["Shortcut", "Values", "train, 400", f"one, {sizes[0]}", f"two, {sizes[1]}"]
        assert [*line.values()] == [
            name, str(scenario.channels[name].values), f"{aligned.mean():.2f}",
            *(f"{rate:.2f} ({strength})" for rate, strength in zip(rates, asked, strict=True)),
        ]  # fmt: skip


def test_without_environments_the_strength_asked_for_stands_beside_train(task, read_table):
    world = task(environments=[])
    color, shape = read_table(rates_table(world, draw_train(world.scenario)))
    assert color["train, 400"].endswith(" (by class)")
    assert shape["train, 400"].endswith(" (0.75)")


def test_under_label_noise_rates_are_those_with_the_class_shown(task, read_table):
    world = task(
        environments=[], channels={"color": {"values": 3, "strength": 0.9}}, label_noise=0.4, noise_kind="label"
    )
    (color,) = read_table(rates_table(world, draw_train(world.scenario)))
    assert 0.86 < float(color["train, 400"].removesuffix(" (0.9)")) < 0.94  # with the label about .6


def test_an_environment_without_samples_has_no_rate(task, read_table):
    environments = [{"name": "one"}, {"name": "rare", "weight": 1e-9}]
    world = task(environments=environments)
    assert read_table(rates_table(world, draw_train(world.scenario)))[0]["rare, 0"] == "-"


@pytest.mark.parametrize(
    ("modality", "changes"),
    [("image", {"core_carrier": "caption"}), ("text", {"core_carrier": "image"}), ("image", {"core_contrast": 0})],
)
def test_a_modality_without_the_class_is_said_to_show_none(task, modality, changes):
    channels = {"background": {"values": 3}}
    world = task(modality, environments=[], channels=channels, **changes)
    assert next(facts(world, draw_train(world.scenario))).startswith("Nothing that this modality shows tells the class")
    whole = task("multimodal", environments=[], channels=channels, **changes)
    assert "The class is shown in every sample." in facts(whole, draw_train(whole.scenario))


@pytest.fixture
def scenario():
    channels = {"color": {"values": 3}, "background": {"values": 3}}
    sizes = {"num_classes": 3, "image_size": 32, "splits": {"twins": 1}}
    return make_scenario("test", suite="none", name="s", seed=1, channels=channels, **sizes)


@pytest.mark.parametrize(("modality", "count"), [("image", 9), ("text", 0), ("multimodal", 9)])
def test_the_sheet_shows_the_generators_pixels(scenario, modality, count):
    figure = sample_sheet(Task("t", scenario, modality))
    images = [image.get_array() for axes in figure.axes for image in axes.images]
    assert len(images) == count
    if images:
        assert np.array_equal(images[3], sample(scenario, "test", [0]).images[0])
        assert np.array_equal(images[-1], sample(scenario, "test", [3 * 3 + 2]).images[0])  # the last pattern conflicts


def test_a_label_shows_which_channels_align_and_which_conflict(scenario):
    samples = sample(scenario, "test", range(12))
    for k in range(12):
        label, *lines = label_text(Task("t", scenario, "multimodal"), samples, k).splitlines()
        assert label.lower() in ("heart", "arrow", "moon")
        for line, (name, values) in zip(lines, samples.channel_values.items(), strict=False):
            aligned = aligned_values(scenario, name)[values[k], samples.labels[k]]
            assert line.startswith(f"{name} ")
            assert line.endswith(" ✓" if aligned else " ✗")
        assert " ".join(lines[2:]).replace("\u00a0", " ") == f"“{samples.captions[k]}”"


def test_a_label_omits_channels_that_the_modality_lacks():
    channels = {"color": {"carrier": "image", "values": 3}, "voice": {"carrier": "caption", "values": 3}}
    sizes = {"num_classes": 2, "image_size": 32, "splits": {"twins": 1}}
    scenario = make_scenario("test", suite="none", name="s", seed=1, channels=channels, **sizes)
    samples = sample(scenario, "test", [0])
    assert "voice" not in label_text(Task("t", scenario, "image"), samples, 0)
    assert "color" not in label_text(Task("t", scenario, "text"), samples, 0)
