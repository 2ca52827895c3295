from spurgen.harness.statistics import describe


def found(difference, verdict="undecided", **changes):
    row = {
        "access": "none", "erm_access": "none", "seeds": 5, "difference": difference,
        "interval": (difference - 0.1, difference + 0.1), "p_bootstrap": 0.0004, "p_bootstrap_holm": 0.0008,
        "p_seeds": 0.001, "p_seeds_holm": 0.002, "verdict": verdict,
    }  # fmt: skip
    return row | changes


def told(table, **more):
    return " ".join(describe("signs-image", table, **more))


def test_what_is_better_or_worse_is_said_with_effect_interval_and_p():
    text = told(
        {"a": found(0.2, "better"), "b": found(0.3, "better"), "c": found(-0.2, "worse", p_bootstrap_holm=0.02)}
    )
    assert (
        "On signs-image worst-group accuracy is significantly higher than ERM's for b (+0.300, 95 % interval +0.200 to "
        "+0.400, p < .001), a (+0.200, 95 % interval +0.100 to +0.300, p < .001)." in text
    )
    assert "significantly lower than ERM's for c (-0.200, 95 % interval -0.300 to -0.100, p = 0.020)." in text
    assert "Holm-corrected for 3 methods" in text
    assert "cannot be told apart" not in text
    assert "seeds" in text
    assert "t-test" not in text


def test_not_significant_is_not_equal():
    text = told({"a": found(0.05, p_bootstrap_holm=0.3), "b": found(-0.12, p_bootstrap_holm=0.4)})
    assert "On signs-image these cannot be told apart from ERM: a (" in text
    assert "Not significant is not equal: differences of up to 0.220 either way are left open." in text
    assert "significantly" not in text


def test_few_seeds_are_a_reservation():
    one = {"seeds": 1, "p_seeds": None, "p_seeds_holm": None}
    text = told({"a": found(0.2, "better", **one), "b": found(0.2, "better", seeds=3), "c": found(0.2, "better")})
    assert "a: one seed only." in text
    assert "not for the methods" in text
    assert " b: fewer than 5 seeds." in text
    assert "a, b" not in text
    assert "Every method: one seed only." in told({"a": found(0.2, "better", **one)})
    assert "fewer than" not in told({"a": found(0.2, "better")})


def test_a_t_test_that_disagrees_is_told():
    text = told(
        {"a": found(0.2, "better", p_seeds_holm=0.2), "b": found(0.0, p_seeds_holm=0.2), "c": found(0.2, "better")}
    )
    assert " a: the paired t-test over seeds alone does not confirm the difference at 5 %" in text


def test_more_annotations_are_no_fair_rival():
    text = told({"a": found(0.2, "better", access="train_groups"), "b": found(0.1)})
    assert "ERM has access none. Given more or other annotations, so no like-for-like rival: a (train_groups)." in text
    assert "rival" not in told({"b": found(0.1)})


def test_what_is_not_ranked_is_not_judged():
    reasons = [{"submission": "jtt", "reason": "did not do what it promises with seed 0: errors_found"}]
    assert "Nothing is concluded about jtt: did not do what it promises with seed 0: errors_found." in told(
        {"a": found(0.1)}, unranked=reasons
    )
    gone = [{"submission": "erm", "reason": "failed with seed 1: boom"}]
    assert describe("t", {}, unranked=gone) == [
        "On t no method can be compared with ERM, which is not ranked.",
        "Nothing is concluded about erm: failed with seed 1: boom.",
    ]
    assert "nothing is there to compare: it takes a ranked row of ERM" in " ".join(describe("t", {}))


def test_tiers_are_a_lower_bound():
    two = {"count": 2, "members": [["b", "c"], ["a"]], "chain": ["b", "a"]}
    text = told({"a": found(0.1)}, separation=two)
    assert "Among 3 rows at least 2 levels of worst-group accuracy can be told apart, for instance b > a." in text
    one = {"count": 1, "members": [["b", "a"]], "chain": ["b"]}
    assert "No two of the 2 rows can be told apart." in told({"a": found(0.1)}, separation=one)
