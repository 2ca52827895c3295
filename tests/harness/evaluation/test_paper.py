import re
from dataclasses import replace

import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.evaluation.figures import evaluate
from spurgen.harness.evaluation.paired import compare, compare_with_first
from spurgen.harness.evaluation.paper import draw_groups, to_latex
from spurgen.harness.plots.style import SERIES, encode


def test_the_table_is_bold_where_one_is_significantly_better(model):
    bad, good = model({(1, 0): 25}, name="bad_one.csv"), model({(1, 0): 5}, name="good.csv")
    text = to_latex([evaluate(bad), evaluate(good)], [compare(bad, good)])
    (worse,), (better,) = ([line for line in text.splitlines() if line.startswith(name)] for name in ("bad", "good"))
    assert worse.startswith(r"bad\_one &")
    assert r"\textbf" not in worse
    assert len(re.findall(r"\\textbf\{[\d.]+\}", better)) == 3  # all but the corrected one
    assert worse.count("&") == better.count("&") == 4
    assert "Means over 1 run, with" in text
    assert "intervals over samples;" in text
    assert "paired bootstrap; McNemar's exact test for accuracy, Holm" in text


def test_the_first_of_several_is_bold_where_it_beats_all_and_others_where_they_beat_it(model):
    errors = {"bad": 45, "poor": 43, "good": 5}
    models = {name: model({(1, 0): wrong}, name=f"{name}.csv") for name, wrong in errors.items()}

    def bold(*names):
        chosen = [models[name] for name in names]
        text = to_latex([evaluate(one) for one in chosen], compare_with_first(chosen))
        lines = [line for line in text.splitlines() if line.startswith(names)]
        return [line.count("textbf") for line in lines], text

    counts, text = bold("bad", "poor", "good")
    assert counts == [0, 0, 3]
    assert "better than bad, or where bad is better than all others" in text
    assert "Holm-corrected over the metrics and models" in text
    assert bold("good", "bad", "poor")[0] == [3, 0, 0]
    assert bold("poor", "bad", "good")[0] == [0, 0, 3]


def test_mcnemar_is_mentioned_where_it_was_used(model):
    models = [model({(1, 0): 25}, name="a.csv"), model({(1, 0): 5}, name="b.csv"), model({}, {}, name="c.csv")]
    text = to_latex([evaluate(one) for one in models], compare_with_first(models))
    assert "McNemar's exact test for accuracy where each has one run, Holm" in text


def test_comparisons_belong_to_the_models_of_the_table(model):
    models = [model({(1, 0): k}, name=f"m{k}.csv") for k in (5, 10, 25)]
    evaluations = [evaluate(one) for one in models]
    with pytest.raises(SpurgenError, match="comparisons are not of the first model with each of the others in order"):
        to_latex(evaluations, compare_with_first([models[0], models[2]]))
    assert "Bold" in to_latex(evaluations, compare_with_first(models))


def test_models_of_other_groups_are_not_drawn_together(model):
    first = evaluate(model({}))
    other = replace(first, name="other", groups=first.groups[1:])
    with pytest.raises(SpurgenError, match="model and other have different groups; draw them one by one"):
        draw_groups([first, other])


def test_a_figure_has_as_many_models_as_there_are_marks(model):
    evaluation = evaluate(model({}))
    assert draw_groups([evaluation] * len(SERIES)).axes[0].lines
    with pytest.raises(SpurgenError, match="a figure shows at most 8 models, not 9; name fewer"):
        draw_groups([evaluation] * 9)


def test_latex_typesets_the_table(model, typeset):
    bad, good = model({(1, 0): 25}, name="bad_one.csv"), model({(1, 0): 5}, name="a[good]#&{.csv")
    assert typeset(to_latex([evaluate(bad), evaluate(good)], [compare(bad, good)])) == []


def test_the_caption_says_what_intervals_cover(model):
    one, two = (evaluate(model(*runs)) for runs in ([{}], [{}, {(1, 0): 5}]))
    assert "over samples and runs;" in to_latex([two, two], [])
    assert "over samples, and runs if several;" in to_latex([one, two], [])
    assert "Means over 2 runs, with" in to_latex([two, two], [])
    named = to_latex([replace(one, name="a"), replace(two, name="b"), replace(one, name="c")], [])
    assert "Means over 1 run (a, c) and 2 runs (b), with" in named


def test_one_model_needs_no_test_and_may_have_no_patterns(model):
    alone = evaluate(model({(1, 0): 5}))
    text = to_latex([alone], [])
    assert "Bold" not in text
    assert text.count(r"\toprule") == text.count(r"\bottomrule") == 1


@pytest.mark.parametrize("kind", ["pdf", "svg", "png"])
def test_the_figure_is_the_same_every_time(model, kind):
    evaluations = [evaluate(model({(1, 0): k}, name=f"m{k}.csv")) for k in (5, 25)]
    first = encode(draw_groups(evaluations), kind)
    assert first == encode(draw_groups(evaluations), kind)
    assert len(first) > 2000
