import pandas as pd
import pytest

from spurgen.harness.evaluation.columns import Columns
from spurgen.harness.evaluation.figures import evaluate
from spurgen.harness.evaluation.paired import compare_with_first
from spurgen.harness.evaluation.report import comparison_summary, comparison_table, how_tested, summary

LABELLED = pd.DataFrame({"label": ["cat", "dog", "cat", "dog"], "light": ["day", "day", "night", "night"]})
LIGHT = Columns(attributes=("light",))


@pytest.mark.parametrize(("ends", "by_place"), [(("cat", "dog"), False), (("0", "1"), True)])
def test_logits_without_names_are_in_the_order_of_the_classes_which_the_summary_prints(read, ends, by_place):
    scores = {f"logit_{end}": values for end, values in zip(ends, ([3, 0, 3, 0], [0, 3, 0, 3]), strict=True)}
    found = read(LABELLED.assign(**scores), LIGHT)
    assert (found.by_place, found.predicted.tolist()) == (by_place, [[0, 1, 0, 1]])
    assert ("Its scores were read in the order of the classes: cat, dog." in summary(evaluate(found))) is by_place
    numbered = LABELLED.assign(label=["0", "1", "0", "1"]).assign(logit_0=1, logit_1=0)
    assert not read(numbered, LIGHT).by_place


def test_the_summary_says_what_goes_with_the_classes_and_warns_of_small_groups(read):
    rows = [(label, light, split) for label in "ab" for light in "xy" for split in ["train", "test"]]
    often = [("a", "x", "train"), ("b", "y", "train")] * 50
    table = pd.DataFrame([*rows, *often, *[("a", "x", "test")] * 20], columns=["label", "light", "split"])
    figures = evaluate(read(table.assign(prediction=table.label), LIGHT))
    assert figures.aligned == {"light": {"a": "x", "b": "y"}}
    assert "What goes with the classes: light: a = x, b = y." in summary(figures)
    assert "The smallest group has 1 sample: with fewer than 10, do not rely on the corrected" in summary(figures)


def test_how_models_were_tested_names_those_of_which_a_sentence_is_true(model):
    models = [model({}, name=f"m{k}.csv") for k in range(14)] + [model({}, {}, {}, name="three.csv")]
    said = how_tested(compare_with_first(models))
    assert "three: a single run is taken to vary as the other model's." in said
    listed = "m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, and 1 more"
    assert f"{listed}: accuracy is tested by McNemar's exact test." in said
    assert "The bootstrap of samples is paired." in said
    assert "single run" not in how_tested(compare_with_first(models[:3]))


def test_of_many_missing_groups_the_summary_names_three(read):
    table = pd.DataFrame({"label": list("abcdef"), "light": list("uvwxyz")})
    figures = evaluate(read(table.assign(prediction=table.label), LIGHT), allow_missing=True)
    assert len(figures.missing) == 30
    assert summary(figures).count(" and 27 more.") == 1


def test_a_model_at_chance_has_no_verdict(model):
    constant, good = model({(0, 0): 50, (0, 1): 50}, name="constant.csv"), model({(1, 0): 5}, name="good.csv")
    comparisons = compare_with_first([constant, good])
    why = "not significantly better than chance in test accuracy, averaged over classes"
    assert comparison_summary(comparisons[0]) == f"constant and good are not compared: constant is {why}."
    assert how_tested(comparisons) == "Nothing was tested."
    assert f"It is not ranked: {why}." in summary(evaluate(constant))
    assert "not ranked" not in summary(evaluate(good))
    assert {*map(str, comparison_table(comparisons).columns[4].cells)} == {"-"}


def test_small_p_values_are_not_printed_as_zero(model):
    (comparison,) = compare_with_first([model({(1, 0): 45}, name="a.csv"), model({}, name="b.csv")])
    assert "p < 1e-4." in comparison_summary(comparison)
    assert "e-0" not in comparison_summary(comparison)
    assert "< 1e-4" in {*map(str, comparison_table([comparison]).columns[4].cells)}
