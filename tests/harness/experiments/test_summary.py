import numpy as np
import pytest

from spurgen.harness.experiments import summary
from spurgen.harness.experiments.summary import TESTED, TestSamples
from spurgen.harness.results.rows import make_task_row
from spurgen.harness.running.scoring import ideal_scores
from spurgen.harness.statistics.estimate import holm


@pytest.mark.parametrize("seeds", [(0,), (0, 1, 2, 3, 4)])
def test_estimates_are_means_over_seeds_within_their_intervals(make_experiment, seeds):
    summary = make_experiment({"erm": {}}, seeds)
    (line,), results = summary.lines, summary.rows["erm"].results
    for name in ("robust_accuracy", "accuracy", "wga", "sss", "ig"):
        assert line[name] == pytest.approx(np.mean([result.metrics[name] for result in results]))
        assert line[f"{name}_low"] < line[name] < line[f"{name}_high"]
    for channel in summary.experiment.task.channels:
        sss = f"sss_by_channel.{channel}"
        assert line[sss] == pytest.approx(np.mean([result.channels[channel]["sss"] for result in results]))
        assert line[f"{sss}_low"] < line[sss] < line[f"{sss}_high"]


def test_methods_are_lines_of_a_board_those_not_ranked_last(make_experiment):
    methods = {"dice": {"quality": 0.33}, "erm": {}, "good": {"quality": 0.97, "access": "envs"}}
    lines = make_experiment(methods).lines
    assert [(line["submission"], line["ranked"]) for line in lines] == [("erm", True), ("good", True), ("dice", False)]
    assert (lines[1]["to_erm_verdict"], "to_erm" in lines[0], "to_erm" in lines[2]) == ("better", False, False)


def test_intervals_rest_on_how_the_baselines_vary_and_on_all_rows_only_where_these_are_too_few(
    make_experiment, monkeypatch
):
    def ends(baselines, *others):
        monkeypatch.setattr(summary, "is_baseline_row", lambda row: row.results[0].submission in baselines)
        lines = make_experiment({"erm": {}, "a": {}, **dict(others)}).lines
        return next((line["accuracy_low"], line["accuracy_high"]) for line in lines if line["submission"] == "erm")

    alone, wild = ends(("erm", "a")), ("wild", {"quality": 0.5})
    assert ends(("erm", "a"), wild) == alone
    assert ends(("erm",), wild) != alone


def test_the_ideal_observer_stands_beside_the_methods(make_experiment):
    summary = make_experiment({"erm": {}})
    task = summary.experiment.task
    scores = ideal_scores(task)
    assert summary.ideal["wga"] == scores.metrics["wga"]
    by_channel = {f"{metric}_by_channel.{name}" for metric in ("follows", "sss") for name in task.channels}
    assert {name for name in summary.ideal if "." in name} == by_channel
    assert summary.ideal["sss_by_channel.color"] == scores.channels["color"]["sss"]


def test_differences_are_those_of_the_means_and_corrected_over_every_test(make_experiment):
    summary = make_experiment({"erm": {}, "a": {"quality": 0.85}, "b": {}})
    lines = {line["submission"]: line for line in summary.lines}
    assert {name: tuple(tests) for name, tests in summary.differences.items()} == {"a": TESTED, "b": TESTED}
    every = [(name, metric, each) for name, tests in summary.differences.items() for metric, each in tests.items()]
    for name, metric, each in every:
        ours, its = lines[name][metric], lines["erm"][metric]
        assert (each.first, each.second, each.difference) == pytest.approx((ours, its, ours - its))
    assert [each.p_holm for *_, each in every] == holm([each.p for *_, each in every])


def test_differences_are_paired_over_samples(make_experiment):
    """Each method's interval is wide, since samples differ in difficulty; that of a copy's difference is not."""
    summary = make_experiment({"erm": {}}, (0,))
    samples = TestSamples.of(summary.experiment.task)
    hard = np.random.default_rng(0).random(len(samples.design.ids)) < 0.7
    bases = np.linspace(0, 1, len(samples.classes))
    names = ("ig", "sss/color", "sss/background")
    rows = [
        make_task_row([(summary.rows["erm"].results[0], {"correct": hard, **dict.fromkeys(names, bases + shift)})])
        for shift in (0, 0.1)
    ]
    alone, paired = samples.errors(rows[0]), samples.difference_errors(*rows)
    assert alone["sss"] == pytest.approx(bases.std() / len(bases) ** 0.5, rel=0.02)
    assert paired["sss"] == pytest.approx(0)
    assert paired["accuracy"] < alone["accuracy"] / 3


def test_the_error_of_a_base_samples_mean_is_within_classes(make_experiment):
    summary = make_experiment({"erm": {}}, (0,))
    samples = TestSamples.of(summary.experiment.task)
    of_class = samples.classes.astype(float)
    assert samples._error(of_class) == 0
    noise = np.random.default_rng(0).normal(size=len(of_class))
    assert samples._error(of_class + noise) == pytest.approx(len(noise) ** -0.5, rel=0.2)
    few = TestSamples(samples.task, samples.design, np.arange(3))
    assert few._error(np.array([0.0, 1.0, 2.0])) == pytest.approx(3**-0.5)
    assert TestSamples(samples.task, samples.design, np.arange(1))._error(np.ones(1)) == 0
