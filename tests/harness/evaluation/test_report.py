import re
from dataclasses import replace

import pandas as pd
import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.evaluation.figures import compare, compare_with_first, evaluate
from spurgen.harness.evaluation.report import (
    comparison_summary,
    draw_groups,
    how_tested,
    report_of,
    summary,
    to_latex,
)
from spurgen.harness.evaluation.tables import Columns

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


def p_values(models):
    """The p-values of the report's table of tests."""
    tests = report_of([evaluate(one) for one in models], compare_with_first(models)).parts[-1]
    return {line["p (Holm)"] for line in tests.cells()}


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
    assert p_values([constant, good]) == {"-"}


def test_small_p_values_are_not_printed_as_zero(model):
    models = [model({(1, 0): 45}, name="a.csv"), model({}, name="b.csv")]
    (comparison,) = compare_with_first(models)
    assert "p < 1e-4." in comparison_summary(comparison)
    assert "e-0" not in comparison_summary(comparison)
    assert "< 1e-4" in p_values(models)


ERRORS = {"bad": 45, "poor": 43, "good": 5}


@pytest.fixture
def table(model):
    """Return a function that makes the table of models with these errors, by name."""

    def make(**errors):
        shown = [
            model({(1, 0): wrong} if isinstance(wrong, int) else wrong, name=f"{n}.csv") for n, wrong in errors.items()
        ]
        return to_latex([evaluate(one) for one in shown], compare_with_first(shown))

    return make


def bold(text):
    return {line.partition(" ")[0]: line.count("textbf") for line in text.splitlines() if " & " in line}


def test_the_table_is_bold_where_one_is_significantly_better(model):
    bad, good = model({(1, 0): 25}, name="bad_one.csv"), model({(1, 0): 5}, name="good.csv")
    text = to_latex([evaluate(bad), evaluate(good)], [compare(bad, good)])
    (worse,), (better,) = ([line for line in text.splitlines() if line.startswith(name)] for name in ("bad", "good"))
    assert worse.startswith(r"bad\_one &")
    assert r"\textbf" not in worse
    assert len(re.findall(r"\\textbf\{[\d.]+\}", better)) == 3  # all but the corrected one
    assert worse.count("&") == better.count("&") == 4
    assert "paired bootstrap; McNemar's exact test for accuracy with one run each; Holm" in text


@pytest.mark.parametrize(
    ("order", "counts"),
    [
        (("bad", "poor", "good"), [0, 0, 3]),
        (("good", "bad", "poor"), [3, 0, 0]),
        (("poor", "bad", "good"), [0, 0, 3]),
    ],
)
def test_the_first_is_bold_where_it_beats_all_and_others_where_they_beat_it(table, order, counts):
    text = table(**{name: ERRORS[name] for name in order})
    assert [bold(text)[name] for name in order] == counts
    assert f"better than {order[0]}, or where {order[0]} is better than all others" in text


def test_a_model_at_chance_is_marked_and_neither_bold_nor_in_the_way_of_others(table):
    constant = {(0, 0): 50, (0, 1): 50}
    text = table(good=5, constant=constant, poor=45)
    assert bold(text) == {"Model": 0, "good": 3, "constant": 0, "poor": 0}
    assert r"constant \textdagger{} &" in text
    assert "not significantly better than chance in test accuracy, averaged over classes, not compared." in text
    assert "Bold" not in table(constant=constant, good=5)


def test_comparisons_belong_to_the_models_of_the_table(model):
    models = [model({(1, 0): k}, name=f"m{k}.csv") for k in (5, 10, 25)]
    evaluations = [evaluate(one) for one in models]
    with pytest.raises(SpurgenError, match="comparisons are not of the first model with each of the others in order"):
        to_latex(evaluations, compare_with_first([models[0], models[2]]))
    assert "Bold" in to_latex(evaluations, compare_with_first(models))


def test_latex_typesets_the_table(model, typeset):
    bad, good = model({(1, 0): 25}, name="bad_one.csv"), model({(1, 0): 5}, name="a[good]#&{.csv")
    assert typeset(to_latex([evaluate(bad), evaluate(good)], [compare(bad, good)])) == []


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        ([1], "1 run, .* over samples;"),
        ([2, 2], "2 runs, .* samples and runs;"),
        ([1, 2], "1 or 2 runs, .* if several;"),
    ],
)
def test_the_caption_says_what_intervals_cover(model, runs, said):
    assert re.search(f"Means over {said}", to_latex([evaluate(model(*[{}] * count)) for count in runs], []))


def test_models_of_other_groups_are_not_drawn_together(model):
    first = evaluate(model({}))
    other = replace(first, name="other", groups=first.groups[1:])
    with pytest.raises(SpurgenError, match="model and other have different groups; draw them one by one"):
        draw_groups([first, other])


def test_the_figure_has_a_panel_per_model_and_the_first_ones_worst_group_on_top(model):
    figure = draw_groups([evaluate(model({(1, 0): k}, name=f"m{k}.csv")) for k in (5, 25)])
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["m5", "m25"]
    assert figure.axes[0].get_yticklabels()[0].get_text() == "waterbird, place = land"
