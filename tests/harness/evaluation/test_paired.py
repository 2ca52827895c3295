from dataclasses import replace

import numpy as np
import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.evaluation.paired import compare, compare_with_first
from spurgen.harness.evaluation.predictions import Attribute, Predictions
from spurgen.harness.statistics.estimate import holm

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


if __name__ == "__main__":  # the tables of docs/evaluate.md
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
