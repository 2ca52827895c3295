import math

import pytest

from spurgen.harness.validity.entry import entry_rules, needed

ERM = {0: 0.1, 4: 0.3, 16: 0.8}
FAST = {0: 0.1, 4: 0.7, 16: 0.85}


def missed(ceiling=0.9, seen=0.95, twins=("contrastive",), **curves):
    rules = entry_rules({"erm": ERM, "jtt": FAST, "subg": FAST} | curves, twins, ceiling, seen)
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


def test_a_method_that_never_reaches_the_threshold_needs_no_fewer_than_erm():
    low = {0: 0.1, 4: 0.2, 16: 0.3}
    assert needed(low, 0.9) == math.inf
    assert missed(erm=low, jtt=low, subg=low) == [
        "ERM on the highest rung at least 0.8 of the ceiling",
        "two methods without twins need at most 2/3 of ERM's",
    ]


def test_the_rung_without_counterexamples_does_not_count_for_those_needed():
    assert needed({0: 1.0, 4: 0.0, 16: 0.9}, 0.9) == needed({4: 0.0, 16: 0.9}, 0.9) > 4
