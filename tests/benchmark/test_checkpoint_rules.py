import pytest

from spurgen.benchmark.checkpoint_rules import GROUPED, ValScore, best

RULES = ("last", "val_accuracy", "val_wga", "val_robust")
SCORES = [
    ValScore(0.9, 0.5, 0.6, 0.7),
    ValScore(0.8, 0.5, 0.7, 0.6),
    ValScore(0.9, 0.1, 0.9, 0.6),
    ValScore(0.7, 0.4, 0.4, 0.7),
]


def test_each_rule_maximises_its_own_score_and_breaks_ties():
    picks = {rule: best(SCORES, rule) for rule in RULES}
    assert picks == {"last": 3, "val_accuracy": 2, "val_wga": 1, "val_robust": 0}


def test_the_last_of_equal_scores_is_selected():
    assert {best([ValScore(0.5, 0.0, 0.2, 0.1)] * 3, rule) for rule in RULES} == {2}


@pytest.mark.parametrize("rule", sorted(GROUPED))
def test_selection_by_groups_needs_groups(rule):
    with pytest.raises(ValueError, match=f"{rule} needs groups on val"):
        best([ValScore(0.5)], rule)
