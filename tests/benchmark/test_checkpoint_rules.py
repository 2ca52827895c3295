import pytest

from spurgen.benchmark.checkpoint_rules import RULES, ValScore, best

SCORES = [ValScore(0.9, 0.5, 0.6), ValScore(0.8, 0.5, 0.7), ValScore(0.9, 0.1, 0.9), ValScore(0.7, 0.4, 0.4)]


def test_each_rule_maximises_its_own_score_and_breaks_ties():
    assert {rule: best(SCORES, rule) for rule in RULES} == {"last": 3, "val_accuracy": 2, "val_wga": 1}


def test_the_last_of_equal_scores_is_selected():
    assert {best([ValScore(0.5, 0.0, 0.2)] * 3, rule) for rule in RULES} == {2}


def test_worst_group_selection_needs_groups():
    with pytest.raises(ValueError, match="val_wga needs groups on val"):
        best([ValScore(0.5)], "val_wga")
