from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.evaluation.figures import compare, compare_with_first, evaluate, select
from spurgen.harness.evaluation.predictions import Attribute, Predictions, group
from spurgen.harness.evaluation.reading import from_arrays
from spurgen.harness.evaluation.report import summary
from spurgen.harness.statistics.estimate import Estimate, holm


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


def test_samples_whose_loss_is_the_same_on_average_over_runs_add_no_chance():
    labels = np.array([0, 1] * 60)
    at_label = np.where(np.arange(120) % 4 < 2, 0.9, 0.6)
    both = np.stack(
        [np.where(np.arange(2) == labels[:, None], p[:, None], 1 - p[:, None]) for p in (at_label, at_label[::-1])]
    )
    light = Attribute("light", ("day",), np.zeros(120, np.int64))
    one, two = (
        evaluate(Predictions("m", ("a", "b"), labels, (light,), np.stack([labels] * k), tuple("12"[:k]), both[:k]))
        for k in (1, 2)
    )
    assert one.calibration.nll.high - one.calibration.nll.low > 0.05
    assert two.calibration.nll.low in (None, pytest.approx(two.calibration.nll.value))


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


SIZES, TRUTHS = (10, 20), ((0.9, 0.9, 0.9, 0.9), (0.95, 0.9, 0.7, 0.6))


def test_a_clear_difference_is_significant_in_the_metrics_that_it_touches(model):
    comparison = compare(model({(1, 0): 25}, name="a.csv"), model({(1, 0): 5}, name="b.csv"))
    assert (comparison.first, comparison.second, comparison.samples) == ("a", "b", 200)
    wga = comparison.metrics["wga"]
    assert (wga.first, wga.second, wga.difference) == pytest.approx((0.5, 0.9, -0.4))
    assert wga.interval.low < -0.4 < wga.interval.high < 0
    assert max(compared.p_holm for compared in comparison.metrics.values()) < 0.001
    assert comparison.mcnemar
    assert comparison.metrics["accuracy"].p == pytest.approx(2 * 0.5**20)


def test_p_values_are_corrected_for_all_models_that_are_compared(model):
    models = [model({(1, 0): wrong}, name=f"m{wrong}.csv") for wrong in (25, 20, 5)]
    comparisons = compare_with_first(models)
    assert [(one.first, one.second) for one in comparisons] == [("m25", "m20"), ("m25", "m5")]
    each = [compared for one in comparisons for compared in one.metrics.values()]
    assert [compared.p_holm for compared in each] == holm([compared.p for compared in each])
    alone = [compared.p_holm for compared in compare(models[0], models[2]).metrics.values()]
    assert alone[0] < each[3].p_holm
    assert compare_with_first(models[:2]) == [compare(*models[:2])]
    assert compare_with_first(models[:1]) == []


def test_equal_answers_do_not_differ(model):
    comparison = compare(model({(1, 0): 25}), model({(1, 0): 25}))
    assert {compared.p for compared in comparison.metrics.values()} == {1.0}


def test_no_difference_of_shares_is_larger_than_one():
    labels = np.arange(2)
    model = Predictions("m", ("0", "1"), labels, (Attribute("light", ("day",), 0 * labels),), labels[None], ("1",))
    assert compare(model, model).metrics["wga"].interval == (-1, 1)


def test_samples_are_matched_by_key(model):
    first, second = model({(1, 0): 25}), model({(1, 0): 25})
    shuffled = second.take(np.random.default_rng(0).permutation(200))
    assert compare(first, shuffled).metrics["accuracy"].p == 1
    assert compare(shuffled, first).metrics["accuracy"].p == 1


def test_runs_of_the_same_name_are_paired_and_others_are_not(model):
    noisy = [{(1, 0): 5 * k} for k in range(1, 5)], [{(1, 0): 5 * k + 4} for k in range(1, 5)]
    first, second = (model(*runs, name=name) for runs, name in zip(noisy, ("a.csv", "b.csv"), strict=True))
    paired = compare(first, second)
    other = compare(first, replace(second, runs=("5", "6", "7", "8")))
    assert (paired.paired_runs, other.paired_runs) == (True, False)
    assert paired.metrics["wga"].p < 0.01 < other.metrics["wga"].p
    assert not paired.mcnemar


def test_runs_are_paired_in_their_own_order(model):
    """Both have the same spread over runs; the differences are the same in every run only in the right order."""
    first = model(*[{(1, 0): 5 * k} for k in range(1, 5)], name="a.csv")
    second = model(*[{(1, 0): 5 * k + 4} for k in range(1, 5)], name="b.csv")
    turned = replace(second, predicted=second.predicted[::-1])
    right, wrong = compare(first, second).metrics["wga"], compare(first, turned).metrics["wga"]
    assert right.difference == pytest.approx(wrong.difference) == pytest.approx(0.08)
    assert right.p < 0.01 < wrong.p
    assert not compare(first, replace(second, runs=second.runs[::-1])).paired_runs


def test_a_model_at_chance_is_compared_with_none(model):
    constant, good = model({(0, 0): 50, (0, 1): 50}, name="constant.csv"), model({(1, 0): 5}, name="good.csv")
    comparison, tested = compare_with_first([constant, good])[0], compare_with_first([good, good])[0]
    chance = "not significantly better than chance in test accuracy, averaged over classes"
    assert comparison.unranked == {"constant": chance}
    assert {(c.p, c.p_holm, c.significant) for c in comparison.metrics.values()} == {(None, None, False)}
    assert tested.unranked == {}


def test_other_samples_are_refused(model):
    first, second = model({}), model({})
    short = second.take(np.arange(1, 200))
    with pytest.raises(SpurgenError, match=r"model lacks 1 of the samples of model, such as 0080\.jpg; a paired"):
        compare(first, short)
    with pytest.raises(SpurgenError, match="model has 200 samples and model 199; a paired test needs the same samples"):
        compare(replace(first, keys=None), short)
    with pytest.raises(SpurgenError, match=r"give 0080\.jpg different labels"):
        compare(first, replace(second, labels=1 - second.labels))


def test_tables_that_contradict_each_other_are_refused(model):
    first, second = model({}, name="a.csv"), model({}, name="b.csv")
    place = second.attributes[0]
    with pytest.raises(
        SpurgenError, match=r"a and b give 0080\.jpg different values of place, land and water; a paired"
    ):
        compare(first, replace(second, attributes=(replace(place, ids=1 - place.ids),)))
    with pytest.raises(SpurgenError, match="different values of place, land and shore"):
        compare(first, replace(second, attributes=(replace(place, values=("shore", "water")),)))
    with pytest.raises(SpurgenError, match=r"a has the attributes place, and b light; .* name --attributes"):
        compare(first, replace(second, attributes=(replace(place, name="light"),)))
    with pytest.raises(SpurgenError, match=r"a has the split test, and b val; a paired test .* name --split"):
        compare(first, replace(second, split="val"))


def test_a_class_that_one_table_lacks_does_not_matter(model):
    first = model({(1, 0): 5})
    second = replace(first, classes=("fish", *first.classes), labels=first.labels + 1, predicted=first.predicted + 1)
    assert compare(first, second).metrics["accuracy"].difference == 0


def false_positives(size, truth, tables, runs=1, deviation=0.0, paired=False, of_other=None):
    """Return how often equal models differ "significantly", by metric and in any of them, float (4,).

    `truth`: the accuracy of each of four groups, which have `size` samples; it is moved by a run's own deviate.
    `paired`: whether the models' runs have the same names. `of_other`: the runs of the second model, if it has others.
    """
    rng, low = np.random.default_rng(1), np.zeros(4)
    labels, values = np.repeat([0, 0, 1, 1], size), np.repeat([0, 1, 1, 0], size)
    place = Attribute("place", ("0", "1"), values, np.array([0, 1]))
    for k in range(tables):
        models = []
        for name, count in (("a", runs), ("b", of_other or runs)):
            accuracies = np.repeat(truth, size) + (deviation * rng.normal(size=(count, 1)) if deviation else 0)
            predicted = np.where(rng.random((count, 4 * size)) < accuracies, labels, 1 - labels)
            names = tuple(f"{'' if paired else name}{run}" for run in range(count))
            models.append(Predictions(name, ("0", "1"), labels, (place,), predicted, names))
        metrics = compare(*models, seed=k).metrics
        if metrics["wga"].p is not None:  # a model at chance is not compared
            each = [metrics[name].p for name in ("accuracy", "robust_accuracy", "wga")]
            low += np.array([*each, min(compared.p_holm for compared in metrics.values())]) < 0.05
    return low / tables


@pytest.mark.parametrize(
    ("size", "truth", "how", "at_most"),
    [
        (10, TRUTHS[0], {}, (0.05, 0.09, 0.09, 0.07)),
        (10, TRUTHS[1], {}, (0.05, 0.09, 0.09, 0.07)),
        (20, TRUTHS[1], {}, (0.05, 0.09, 0.09, 0.07)),
        (1000, TRUTHS[1], {"runs": 2, "deviation": 0.05}, 0.05),
        (1000, TRUTHS[1], {"deviation": 0.05, "of_other": 3}, (0.08, 0.08, 0.08, 0.07)),
    ],
)
@pytest.mark.usefixtures("few_replicates")
def test_equal_models_rarely_differ_significantly(size, truth, how, at_most):
    rates = false_positives(size, truth, 200, **how)
    assert (rates <= at_most).all(), rates


LABELS, PLACES = np.repeat([0, 0, 0, 1], 40), np.repeat([0, 0, 1, 1], 40)  # groups of 80, 40 and 40


def checkpoint(name, *runs, order=slice(None), names=None):
    """Return runs with these errors in the groups (0, 0), (0, 1) and (1, 1)."""
    starts, predicted = (0, 80, 120), np.tile(LABELS, (len(runs), 1))
    for run, wrong in enumerate(runs):
        for start, count in zip(starts, wrong, strict=True):
            predicted[run, start : start + count] = 1 - LABELS[start]
    return from_arrays(
        name, LABELS[order], {"place": PLACES[order]}, predicted=predicted[:, order], classes=[0, 1, 2],
        keys=np.arange(len(LABELS))[order], runs=names or [f"r{run}" for run in range(len(runs))],
    )  # fmt: skip


ON_VAL = {"one": (2, 20, 5), "two": (30, 12, 0), "three": (0, 3, 14), "four": (50, 30, 39)}
"""Errors: `one` has the best accuracy of class 1 but one, `two` the best of class 1, `three` the best of all."""
ON_TEST = {"one": (0, 10, 0), "two": (8, 4, 2), "three": (4, 20, 10), "four": (4, 4, 4)}


def test_each_rule_takes_the_best_checkpoint_by_its_metric_on_val():
    val = [checkpoint(name, errors) for name, errors in ON_VAL.items()]
    test = [checkpoint(name, errors) for name, errors in ON_TEST.items()]
    chosen = {one.evaluation.name: one for one in select(val, test, allow_missing=True)}
    assert {rule: one.checkpoints for rule, one in chosen.items()} == {
        "last": ("four",),
        "val accuracy": ("three",),  # 17 errors
        "val worst class": ("one",),  # .817 and .875; two: .65; three: .65
        "val worst group": ("three",),  # .65; one: .5; two: .625
        "oracle": ("two",),  # .9 and .9 and .95, as four, which comes later
    }
    assert chosen["val worst class"].evaluation.wga == pytest.approx(1 - 10 / 40)
    assert chosen["val worst group"].evaluation.accuracy.value == pytest.approx(1 - 34 / 160)


def test_runs_select_their_own_checkpoints_whatever_the_order_of_samples():
    good, bad, order = (0, 1, 1), (20, 20, 20), np.random.default_rng(0).permutation(160)
    val = [checkpoint("one", good, bad), checkpoint("two", bad, good, order=order)]
    test = [checkpoint("one", (0, 4, 4), bad, order=order), checkpoint("two", bad, (0, 8, 8))]
    *_, by_group, _ = select(val, test, allow_missing=True)
    assert by_group.checkpoints == ("one", "two")
    assert by_group.evaluation.wga == pytest.approx((0.9 + 0.8) / 2)


def test_checkpoints_need_the_same_runs_and_samples():
    one, two, other = (checkpoint("a", (0, 0, 0)), checkpoint("b", (0, 0, 0)), checkpoint("c", (0, 0, 0), names=["s"]))
    with pytest.raises(SpurgenError, match="a has the runs r0, and c s; every checkpoint needs the same runs"):
        select([one, two], [one, other], allow_missing=True)
    short = checkpoint("d", (0, 0, 0), order=slice(1, None))
    with pytest.raises(SpurgenError, match="d lacks 1 of the samples of a, such as 0; checkpoints are comp"):
        select([one, short], [one, two], allow_missing=True)


if __name__ == "__main__":  # the tables of docs/evaluate.md
    for number in (1, 2, 3):
        for n in (10, 20, 100, 1000):
            rates = [coverage(number, deviation, 1000, n) for deviation in ((0.02, 0.05) if number > 1 else (0.0,))]
            print(number, n, *(f"{rate:.1%}" for rate in np.min(rates, axis=0)), flush=True)
    for n in SIZES:
        for accuracies in TRUTHS:
            print(n, accuracies, *(f"{rate:.1%}" for rate in false_positives(n, accuracies, 2000)), flush=True)
    for number in (2, 3):
        for n in (*SIZES, 1000):
            for same in (False, True):
                rates = false_positives(n, TRUTHS[1], 1000 if n < 1000 else 300, number, 0.05, same)
                print(number, n, "paired" if same else "unpaired", *(f"{rate:.1%}" for rate in rates), flush=True)
    for number in (3, 10):
        for n in (*SIZES, 1000):
            rates = false_positives(n, TRUTHS[1], 1000 if n < 1000 else 300, 1, 0.05, of_other=number)
            print(f"1 and {number}", n, *(f"{rate:.1%}" for rate in rates), flush=True)
