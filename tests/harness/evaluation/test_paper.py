import re

import pytest

from spurgen.harness.evaluation.figures import evaluate
from spurgen.harness.evaluation.paired import compare
from spurgen.harness.evaluation.paper import draw_groups, to_latex
from spurgen.harness.figures.style import encode


def test_the_table_is_bold_where_one_is_significantly_better(model):
    bad, good = model({(1, 0): 25}, name="bad_one.csv"), model({(1, 0): 5}, name="good.csv")
    text = to_latex([evaluate(bad), evaluate(good)], compare(bad, good))
    (worse,), (better,) = ([line for line in text.splitlines() if line.startswith(name)] for name in ("bad", "good"))
    assert worse.startswith(r"bad\_one &")
    assert r"\textbf" not in worse
    assert len(re.findall(r"\\textbf\{[\d.]+ \{\[\}|\\textbf\{[\d.]+ \[", better)) == 3  # all but the corrected one
    assert worse.count("&") == better.count("&") == 4
    assert "Means over 1 run, with" in text
    assert "intervals over samples;" in text
    assert "paired bootstrap; McNemar's exact test for accuracy, Holm" in text


def test_latex_typesets_the_table(model, typeset):
    bad, good = model({(1, 0): 25}, name="bad_one.csv"), model({(1, 0): 5}, name="a[good]#&{.csv")
    assert typeset(to_latex([evaluate(bad), evaluate(good)], compare(bad, good))) == []


def test_the_caption_says_what_intervals_cover(model):
    one, two = (evaluate(model(*runs)) for runs in ([{}], [{}, {(1, 0): 5}]))
    assert "over samples and runs;" in to_latex([two, two], None)
    assert "over samples, and runs if several;" in to_latex([one, two], None)


def test_one_model_needs_no_test_and_may_have_no_patterns(model):
    alone = evaluate(model({(1, 0): 5}))
    text = to_latex([alone], None)
    assert "Bold" not in text
    assert text.count(r"\toprule") == text.count(r"\bottomrule") == 1


@pytest.mark.parametrize("kind", ["pdf", "svg", "png"])
def test_the_figure_is_the_same_every_time(model, kind):
    evaluations = [evaluate(model({(1, 0): k}, name=f"m{k}.csv")) for k in (5, 25)]
    first = encode(draw_groups(evaluations), kind)
    assert first == encode(draw_groups(evaluations), kind)
    assert len(first) > 2000
