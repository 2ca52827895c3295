import math
import re
from dataclasses import replace

import numpy as np
import pytest

from spurgen.benchmark.suite import load_suite
from spurgen.harness.validity import ladders
from spurgen.harness.validity.ladders import check_rules, entry_rules, needed_of_mean, number_needed
from spurgen.harness.validity.suite import FAILS, HOLDS, VERDICTS, gather

ERM = {0: 0.1, 4: 0.3, 16: 0.8}
FAST = {0: 0.1, 4: 0.7, 16: 0.85}


def missed(ceiling=0.9, seen=0.95, twins=("contrastive",), **curves):
    rules = check_rules({"erm": ERM, "jtt": FAST, "subg": FAST} | curves, twins, ceiling, seen)
    return [rule.rule for rule in rules if not rule.met]


def test_a_ladder_that_meets_all_rules_by_what_is_shown():
    assert missed() == []
    assert missed(ceiling=0.8996, seen=0.9496) == []


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"ceiling": 0.89}, "ceiling at least 0.9"),
        ({"seen": 0.94}, "ceiling on things of train at least 0.95"),
        ({"seen": None}, "ceiling on things of train at least 0.95"),
        ({"ceiling": None}, "ceiling at least 0.9"),
        ({"erm": ERM | {0: 0.31, 4: 0.32}}, "ERM without counterexamples at most 0.3"),
        ({"erm": ERM | {16: 0.71}}, "ERM on the highest rung at least 0.8 of the ceiling"),
        ({"erm": ERM | {4: 0.05}}, "ERM rises from rung to rung"),
        ({"subg": ERM, "contrastive": FAST}, "two methods without twins need at most 2/3 of ERM's"),
    ],
)
def test_each_rule_is_missed_alone(changes, rule):
    assert missed(**changes) == [rule]


def test_a_ladder_beside_real_ones_may_have_a_ceiling_as_low_as_theirs():
    curves = {"erm": ERM, "jtt": FAST, "subg": FAST}
    for ceiling, met in ((0.7, True), (0.69, False)):
        rules = {rule.rule: rule.met for rule in check_rules(curves, (), ceiling, 0.95, beside_real=True)}
        assert rules["ceiling at least 0.7"] == met
    for start, met in ((0.4, True), (0.41, False)):
        begun = curves | {"erm": {0: start, 4: 0.42, 16: 0.8}}
        rules = {rule.rule: rule.met for rule in check_rules(begun, (), 0.8, 0.95, beside_real=True)}
        assert rules["ERM without counterexamples at most 0.5 of the ceiling"] == met


def test_a_method_that_never_reaches_the_threshold_needs_no_fewer_than_erm():
    low = {0: 0.1, 4: 0.2, 16: 0.3}
    assert needed_of_mean(low, 0.9) == math.inf
    assert missed(erm=low, jtt=low, subg=low) == [
        "ERM on the highest rung at least 0.8 of the ceiling",
        "two methods without twins need at most 2/3 of ERM's",
    ]


def test_the_rung_without_counterexamples_does_not_count_for_those_needed_of_mean():
    assert needed_of_mean({0: 1.0, 4: 0.0, 16: 0.9}, 0.9) == needed_of_mean({4: 0.0, 16: 0.9}, 0.9) > 4


ACCESS = {"erm": "none", "jtt": "val_groups", "subg": "train_groups", "contrastive": "twins"}


@pytest.fixture
def ruled(ladder_suite):
    """Return a function that examines a ladder from A(m) by method, with a ceiling of .9."""

    def examine(ceiling=0.9, seen=0.95, whole=ladder_suite, name="few-text", **curves):
        rows = {"erm": ERM, "jtt": FAST, "subg": FAST} | curves
        suite = gather(whole, {}, [], {})
        ladder = suite.tasks[name]
        by_rung = {m: {label: np.full(5, row[m]) for label, row in rows.items() if m in row} for m in ERM}
        access = {label: ACCESS[label] for label, row in rows.items() if {4, 16} <= row.keys()}
        known = replace(ladder, access=access, curves=by_rung, ceiling=ceiling, seen=seen)
        return entry_rules.examine(replace(suite, tasks={name: known}))

    return examine


def rules_missed(answer):
    return [line["rule"] for line in answer.tables["Rules"] if not line["met"]]


def test_a_ladder_that_meets_all_rules(ruled):
    answer = ruled()
    assert (answer.verdict, rules_missed(answer), answer.missing) == (HOLDS, [], [])
    assert answer.summary == "Rules met: 6 of 6."


def test_methods_that_are_given_twins_do_not_count(ruled):
    rule = "two methods without twins need at most 2/3 of ERM's"
    answer = ruled(subg=ERM, contrastive=FAST)
    assert (answer.verdict, rules_missed(answer)) == (FAILS, [rule])
    assert f"Missed: {rule} (few-text: jtt)" in answer.summary


def test_without_a_ceiling_or_erm_there_is_no_verdict(ruled):
    assert ruled(ceiling=None).verdict == VERDICTS[None]
    assert rules_missed(ruled(ceiling=None)) == ["ceiling at least 0.9"]
    unseen = ruled(seen=None)
    assert (unseen.verdict, unseen.summary) == (VERDICTS[None], "Rules met: 5 of 6.")
    assert unseen.missing[0].startswith("few-text: no ceiling on things of train; `")
    lacking = ruled(erm={4: 0.3, 16: 0.8})
    assert (lacking.verdict, lacking.summary) == (VERDICTS[None], "")
    assert lacking.missing[0].startswith("few-text: erm is not ranked on every rung; `spurgen benchmark --suite ")
    assert ruled(erm={}).missing[0].startswith("few-text: no row of erm; `")


def test_real_ladders_and_those_beside_them_may_be_hard(ruled):
    v4 = load_suite("v4")
    hard = ruled(ceiling=0.6, seen=None, whole=v4, name="act-length", erm={0: 0.31, 4: 0.32, 16: 0.5})
    assert (hard.verdict, rules_missed(hard), hard.missing) == (HOLDS, [], [])
    drawn = ruled(ceiling=0.75, whole=v4, name="things-text")
    assert rules_missed(drawn) == []
    assert rules_missed(ruled(ceiling=0.69, whole=v4, name="things-text")) == ["ceiling at least 0.7"]


STEEP = {"erm": (0.2, 0.85), "jtt": (0.5, 0.88), "subg": (0.7, 0.89)}
FLAT = {"dfr": (0.6, 0.62)}  # the fewest at half of the ceiling of .9, more than the last rung at three quarters
TIERS = {"erm": "none", "jtt": "val_groups", "dfr": "val_groups", "subg": "train_groups"}


@pytest.fixture
def climbed(ladder_suite):
    """Return a function that examines a ladder from A(4) and A(16) by method; ten worlds differ by a normal error."""

    def examine(curves, error=0.01, **others):
        suite = gather(ladder_suite, {}, [], {})
        rng = np.random.default_rng(0)
        by_rung = {
            m: {label: means[k] + error * rng.standard_normal(10) for label, means in curves.items()}
            for k, m in enumerate((4, 16))
        }
        access = {label: TIERS[label] for label in curves}
        score = {label: np.mean([rung[label] for rung in by_rung.values()], axis=0) for label in curves}
        metrics = {"robust_accuracy": score, "accuracy_mislead": {label: each + 0.02 for label, each in score.items()}}
        ladder = replace(suite.tasks["few-text"], access=access, curves=by_rung, metrics=metrics)
        tasks = {name: replace(ladder, name=name, access=given) for name, given in others.items()}
        return number_needed.examine(replace(suite, tasks={"few-text": ladder} | tasks))

    return examine


def test_steep_curves_keep_their_order_at_every_threshold(climbed, line):
    answer = climbed(STEEP)
    assert answer.verdict == HOLDS
    ladder = line(answer, task="few-text", rows=3)
    assert (ladder["reversed"], ladder["all_with"], ladder["least_correlation"]) == (
        0.0,
        [],
        pytest.approx(0.866, abs=1e-3),
    )
    assert ladder["below_misled"] == pytest.approx(0.02)
    assert (ladder["lowest_rung"], ladder["like_lowest"]) == (4, pytest.approx(1))
    assert (
        "order rows nearly as accuracy with 4 counterexamples alone does (Spearman's correlation 1.00)"
        in answer.summary
    )
    assert ladder["told_apart_twice"] == 8  # 3 pairs at 3 thresholds, but for two rows that need at most 4 at half
    erm = line(answer, submission="erm")
    assert [text.partition(" ")[0] for key, text in erm.items() if key.startswith("at_")] == [
        "7",
        "8",
        "11",
        "15",
    ]  # 4 * 4 ** ((0.45 - 0.2) / 0.65), ...


def test_a_flat_curve_that_crosses_others_is_named(climbed, line):
    answer = climbed(STEEP | FLAT)
    ladder = line(answer, task="few-text", rows=4)
    assert (answer.verdict, ladder["all_with"]) == (FAILS, ["dfr"])
    assert ladder["reversed"] > 0.05
    assert ladder["like_lowest"] == pytest.approx(0.8)  # dfr is third by the score, second with 4 alone
    assert "all with dfr; least correlation" in answer.summary


def test_rows_whose_intervals_overlap_are_not_told_apart(climbed, line):
    answer = climbed({"erm": (0.50, 0.88), "subg": (0.55, 0.88)}, error=0.1)
    texts = (line(answer, submission=label)["at_75%"] for label in ("subg", "erm"))
    (low, high), (lower, _) = (map(int, re.findall(r"\d+", text)[1:]) for text in texts)
    assert low < lower < high
    assert line(answer, task="few-text", rows=2)["told_apart_twice"] == 0


@pytest.mark.parametrize(("end", "covers"), [(0.0, False), (1.0, True)])
def test_an_interval_that_misses_the_number_does_not_cover(climbed, line, monkeypatch, end, covers):
    real = ladders.needed

    def narrowed(curves, climb):
        found = real(curves, climb)
        low, high = found.interval
        return replace(found, interval=type(found.interval)(low, low + end * (high - low)))

    monkeypatch.setattr(ladders, "needed", narrowed)
    answer = climbed(STEEP, error=0.05)
    assert (line(answer, task="few-text", rows=3)["coverage"] > ladders.COVERED_LEAST) is covers


def test_without_rows_there_is_no_verdict(climbed):
    answer = climbed({"erm": STEEP["erm"]})
    assert (answer.verdict, answer.summary) == (VERDICTS[None], "")
    assert answer.missing[0].startswith("few-text: fewer than two ranked rows")
    answer = climbed(STEEP, other={})  # nor where one of two ladders has none
    assert (answer.verdict, len(answer.tables["Ladders"]), len(answer.missing)) == (VERDICTS[None], 1, 1)


def test_rows_that_all_tie_have_no_order_to_change(climbed, line):
    answer = climbed(dict.fromkeys(STEEP, STEEP["erm"]), error=0)
    assert line(answer, task="few-text", rows=3)["least_correlation"] is None
    assert "none" in answer.summary
