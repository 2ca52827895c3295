from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.evaluation.arrays import from_arrays
from spurgen.harness.evaluation.figures import evaluate
from spurgen.harness.evaluation.paired import compare
from spurgen.harness.evaluation.predictions import Attribute, Predictions, group
from spurgen.harness.evaluation.report import summary
from spurgen.harness.statistics.estimate import Estimate


def test_figures_of_one_run(model):
    figures = evaluate(model({(0, 0): 1, (0, 1): 10, (1, 0): 20, (1, 1): 4}))
    assert (figures.samples, figures.runs) == (200, 1)
    assert figures.accuracy.value == pytest.approx(165 / 200)
    assert (figures.wga, figures.worst) == (0.6, "waterbird, place = land")
    assert {name: estimate.value for name, estimate in figures.states.items()} == pytest.approx(
        {"agree": (0.98 + 0.92) / 2, "mislead": (0.8 + 0.6) / 2}
    )
    assert figures.robust_accuracy.value == pytest.approx(0.7)
    assert [row.samples for row in figures.groups] == [50] * 4
    assert {row.name: row.accuracy.value for row in figures.groups} == pytest.approx(
        {
            "landbird, place = land": 0.98, "landbird, place = water": 0.8,
            "waterbird, place = land": 0.6, "waterbird, place = water": 0.92,
        }
    )  # fmt: skip
    assert figures.calibration is None


def test_figures_of_runs_are_means(model):
    figures = evaluate(model({(1, 0): 20}, {(0, 1): 10}))
    assert figures.wga == pytest.approx((0.6 + 0.8) / 2)  # of each run's own worst group
    assert figures.worst == "waterbird, place = land"
    assert figures.robust_accuracy.value == pytest.approx((0.8 + 0.9) / 2)


def test_runs_that_differ_widen_every_interval(model):
    same, differ = evaluate(model({(1, 0): 10}, {(1, 0): 10})), evaluate(model({(1, 0): 0}, {(1, 0): 20}))
    for metric in ("accuracy", "robust_accuracy"):
        one, other = getattr(same, metric), getattr(differ, metric)
        assert one.value == pytest.approx(other.value)
        assert other.low < one.low < one.value < one.high < other.high
    assert differ.groups[2].accuracy.low < same.groups[2].accuracy.low


@pytest.fixture
def three_groups(model):
    whole = model({})
    return whole.take(np.flatnonzero((whole.labels == 0) | (whole.attributes[0].ids == 1)))


def test_missing_groups_are_an_error_or_are_left_out_by_name(three_groups):
    some = three_groups
    with pytest.raises(SpurgenError, match="no sample of 1 of 4 groups: waterbird, place = land; without them"):
        evaluate(some)
    figures = evaluate(some, allow_missing=True)
    assert figures.missing == ("waterbird, place = land",)
    assert list(figures.states) == ["agree"]
    assert figures.missing_states == ("mislead",)  # it lacks a class
    assert figures.robust_accuracy is None  # the other alone would be the best of all
    assert "Accuracy if misled is not known: where all mislead, a class has" in summary(figures)
    assert "robust_accuracy" not in compare(some, some, allow_missing=True).metrics
    assert len(figures.groups) == 3


def test_of_two_attributes_both_agree_or_both_mislead():
    ids = np.array(list(np.ndindex(2, 2, 2)))
    attributes = tuple(Attribute(name, ("0", "1"), ids[:, k], np.array([0, 1])) for k, name in ((1, "a"), (2, "b")))
    predicted = np.where((ids[:, 1] != ids[:, 0]) & (ids[:, 2] != ids[:, 0]), 1 - ids[:, 0], ids[:, 0])[None]
    figures = evaluate(Predictions("m", ("0", "1"), ids[:, 0], attributes, predicted, ("1",)))
    assert {name: estimate.value for name, estimate in figures.states.items()} == {"agree": 1, "mislead": 0}
    assert figures.worst == "0, a = 1, b = 1"


def test_groups_where_attributes_mislead_count_by_size_within_a_class():
    labels, values = np.array([0, 0, 0, 1, 1]), np.array([1, 1, 2, 0, 2])
    kind = Attribute("kind", ("x", "y", "z"), values, np.array([0, 1]))
    groups = group(Predictions("m", ("a", "b"), labels, (kind,), labels[None], ("1",)), allow_missing=True)
    assert groups.names == ("a, kind = y", "a, kind = z", "b, kind = x", "b, kind = z")
    assert groups.states["mislead"].tolist() == pytest.approx([1 / 3, 1 / 6, 1 / 4, 1 / 4])


def test_attributes_of_too_many_values_are_named():
    values = np.random.default_rng(0).random((8, 300))
    read = from_arrays("m", [0] * 300, dict(zip("abcdefgh", values, strict=True)), predicted=[0] * 300, classes=[0])
    with pytest.raises(SpurgenError, match=r"groups, at most 100,000: of 9 factors .* a has 300, .*; name fewer"):
        group(read)


def test_calibration_of_probabilities():
    labels = np.array([0, 1] * 60)
    probs = np.where(np.arange(2) == labels[:, None], 0.8, 0.2)[None]
    light = Attribute("light", ("day",), np.zeros(120, np.int64))
    figures = evaluate(Predictions("m", ("a", "b"), labels, (light,), labels[None], ("1",), probs))
    assert figures.calibration.nll.value == pytest.approx(-np.log(0.8))
    assert figures.calibration.brier.value == pytest.approx(2 * 0.2**2)
    assert figures.calibration.ece == pytest.approx(0.2)  # always right, at 80 %


def test_metrics_of_other_benchmarks_are_those_of_scikit_learn_and_wilds():
    rng = np.random.default_rng(0)
    labels, kinds = rng.choice(3, 300, p=(0.6, 0.3, 0.1)), rng.integers(0, 2, 300)
    predicted = np.where(rng.random((2, 300)) < 0.7, labels, rng.integers(0, 3, (2, 300)))
    train = np.stack([rng.integers(0, 3, 50), rng.integers(0, 2, 50)], axis=1)
    kind = Attribute("kind", ("x", "y"), kinds)
    figures = evaluate(Predictions("m", ("a", "b", "c"), labels, (kind,), predicted, ("1", "2"), train=train))
    balanced = [balanced_accuracy_score(labels, row) for row in predicted]
    assert figures.balanced_accuracy.value == pytest.approx(np.mean(balanced))
    assert figures.balanced_accuracy.low < min(balanced) < figures.balanced_accuracy.high
    lowest = [f1_score(labels, row, average=None).min() for row in predicted]
    assert figures.worst_class_f1 == pytest.approx(np.mean(lowest))
    right, share = (predicted == labels).mean(axis=0), 0.0
    for label, value in train:  # WILDS: each group's accuracy, times its samples in train
        share += right[(labels == label) & (kinds == value)].mean() / len(train)
    assert figures.weighted_accuracy.value == pytest.approx(share)


def test_a_class_without_samples_has_no_f1():
    labels, predicted = np.array([0, 0, 1, 1]), np.array([[0, 2, 1, 1]])
    light = Attribute("light", ("day",), 0 * labels)
    figures = evaluate(Predictions("m", ("a", "b", "c"), labels, (light,), predicted, ("1",)), allow_missing=True)
    assert figures.worst_class_f1 == pytest.approx(
        2 / 3
    )  # of the first class: twice its hit, over 2 samples and 1 answer


def test_groups_cannot_be_weighted_as_in_train_without_their_samples(model, three_groups):
    assert evaluate(replace(model({}), train=None)).weighted_accuracy is None
    assert evaluate(three_groups, allow_missing=True).weighted_accuracy is None


def test_auroc_is_the_chance_that_a_sample_of_the_second_class_ranks_higher():
    labels, scores = np.array([0, 0, 0, 1, 1]), np.array([-600.0, 1.0, 60.0, 0.5, 65.0])
    read = from_arrays("m", labels, {"light": ["day"] * 5}, logits=np.stack([0 * scores, scores], axis=1))
    higher = [(a > b) + (a == b) / 2 for a in scores[3:] for b in scores[:3]]
    assert evaluate(read).auroc == pytest.approx(np.mean(higher)) == pytest.approx(4 / 6)
    assert evaluate(replace(read, probs=None)).auroc is None
    assert evaluate(replace(read, labels=0 * labels), allow_missing=True).auroc is None


def test_one_sample_has_losses_without_intervals():
    one = np.zeros(1, np.int64)
    light = Attribute("light", ("day",), one)
    figures = evaluate(Predictions("m", ("a",), one, (light,), one[None], ("1",), np.ones((1, 1, 1))))
    assert (figures.calibration.nll, figures.calibration.brier) == (Estimate(0), Estimate(0))


def drawn(rng, runs, deviation, size=100):
    """Draw runs on 4 groups of `size` samples: accuracies .95, .9, .7, .6 moved by a run's own deviate."""
    labels, values = np.repeat([0, 0, 1, 1], size), np.repeat([0, 1, 1, 0], size)
    truth = np.repeat([0.95, 0.7, 0.9, 0.6], size)
    right = rng.random((runs, 4 * size)) < truth + deviation * rng.normal(size=(runs, 1))
    place = Attribute("place", ("0", "1"), values, np.array([0, 1]))
    return Predictions(
        "m", ("0", "1"), labels, (place,), np.where(right, labels, 1 - labels), tuple(map(str, range(runs)))
    )


def coverage(runs, deviation, tables, size=100):
    """Return how often intervals cover: of accuracy, robust, corrected and plain worst-group accuracy, float (4,).

    The truth: accuracy .7875, robust accuracy .65, worst group .6.
    """
    rng, covered = np.random.default_rng(3), np.zeros(4)
    for k in range(tables):
        figures = evaluate(drawn(rng, runs, deviation, size), seed=k)
        intervals = (figures.accuracy.ends, figures.robust_accuracy.ends, figures.wga_corrected.ends)
        inside = [low <= true <= high for (low, high), true in zip(intervals, (0.7875, 0.65, 0.6), strict=True)]
        covered += [*inside, figures.wga_simultaneous[0] <= 0.6 <= figures.wga_simultaneous[1]]
    return covered / tables


@pytest.mark.parametrize(("runs", "deviation", "size"), [(1, 0.0, 100), (4, 0.02, 100), (2, 0.05, 1000)])
@pytest.mark.usefixtures("few_replicates")
def test_intervals_cover_the_truth(runs, deviation, size):
    """120 tables would show a coverage of .85 in 97 cases of 100."""
    rates = coverage(runs, deviation, 120, size)
    assert (rates >= 0.91).all(), rates


@pytest.mark.usefixtures("few_replicates")
def test_the_interval_of_the_worst_group_covers_other_runs():
    """Groups of 2,000 samples, where runs vary more than samples."""
    rng, covered = np.random.default_rng(4), 0
    for k in range(100):
        low, high = evaluate(drawn(rng, 4, 0.05, 2000), seed=k).wga_simultaneous
        covered += low <= 0.6 <= high
    assert covered / 100 >= 0.91


if __name__ == "__main__":  # the table of docs/evaluate.md
    for number in (1, 2, 3):
        for n in (10, 20, 100, 1000):
            rates = [coverage(number, deviation, 1000, n) for deviation in ((0.02, 0.05) if number > 1 else (0.0,))]
            print(number, n, *(f"{rate:.1%}" for rate in np.min(rates, axis=0)), flush=True)
