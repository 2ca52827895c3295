import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spurgen.harness.statistics.estimate import Estimate, benjamini_hochberg, holm, holm_beside


def test_text_holds_the_number_and_its_interval_if_there_is_one():
    assert Estimate(0.25, 0.1, 0.5).text("+.2f") == "+0.25 [+0.10, +0.50]"
    assert Estimate(0.25).text() == "0.250"
    assert Estimate(-0.0001, -0.004, 0.01).text("+.2f") == "+0.00 [+0.00, +0.01]"


def test_holm_by_hand_leaves_none_in_place():
    # .01 x 4, .02 x 3, .03 x 2 raised to .06, .04 x 1 raised to .06
    assert holm([0.04, None, 0.01, 0.03, 0.02]) == [
        pytest.approx(0.06), None, pytest.approx(0.04), pytest.approx(0.06), pytest.approx(0.06),
    ]  # fmt: skip
    assert holm([]) == []
    assert holm([None]) == [None]


def test_labels_beside_a_family_move_no_other():
    p_values = {"a": 0.01, "b": 0.04, "mine": 0.02, "other": 0.001}
    assert holm_beside(p_values, ["a", "b"]) == pytest.approx({"a": 0.02, "b": 0.04, "mine": 0.04, "other": 0.003})
    pairs = {(label, channel): p for label, p in p_values.items() for channel in "xy"}
    by_label = holm_beside(pairs, ["a", "b"], lambda key: key[0])
    assert by_label["a", "x"] == pytest.approx(4 * 0.01)
    assert by_label["mine", "x"] == pytest.approx(4 * 0.02)  # of its own two tests and the family's four
    assert list(by_label) == list(pairs)


def test_benjamini_hochberg_by_hand():
    adjusted = benjamini_hochberg(np.array([0.04, 0.01, 0.03, 0.02, 0.9]))
    assert adjusted == pytest.approx([0.05, 0.05, 0.05, 0.05, 0.9])
    assert benjamini_hochberg(np.array([0.04, 0.001])) == pytest.approx([0.04, 0.002])
    assert len(benjamini_hochberg(np.empty(0))) == 0


@given(st.lists(st.floats(0, 1), max_size=30))
def test_benjamini_hochberg_lies_between_raw_and_holm_and_rejects_the_largest_possible_set(p_values):
    raw = np.array(p_values, np.float64)
    adjusted = benjamini_hochberg(raw)
    assert (adjusted >= raw - 1e-12).all()
    assert (adjusted <= np.array(holm(p_values)) + 1e-12).all()
    for level in (0.05, 0.2, 0.7):
        counts = [k for k in range(1, len(raw) + 1) if np.sort(raw)[k - 1] * len(raw) / k < level]
        assert (adjusted < level).sum() == max(counts, default=0)


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_keeps_order_and_lies_between_raw_and_bonferroni(p_values):
    raw, adjusted = np.array(p_values), np.array(holm(p_values))
    assert (adjusted >= raw).all()
    assert (adjusted <= np.minimum(raw * len(raw), 1)).all()
    assert (np.diff(adjusted[np.argsort(raw)]) >= 0).all()
    assert all(len(set(adjusted[raw == p])) == 1 for p in raw)  # ties stay ties
