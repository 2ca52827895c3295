import pytest

from spurgen.harness.statistics.estimate import Estimate


@pytest.mark.parametrize(
    ("other", "overlap"),
    [((0.5, 0.35, 0.6), True), ((0.3, 0.3, 0.3), True), ((0.5, 0.41, 0.6), False), ((0.41,), False)],
)
def test_intervals_overlap_if_they_share_a_number(other, overlap):
    estimate = Estimate(0.3, 0.2, 0.4)
    assert estimate.overlaps(Estimate(*other)) == Estimate(*other).overlaps(estimate) == overlap


def test_text_holds_the_number_and_its_interval_if_there_is_one():
    assert Estimate(0.25, 0.1, 0.5).text("+.2f") == "+0.25 [+0.10, +0.50]"
    assert Estimate(0.25).text() == "0.250"
    assert Estimate(-0.0001, -0.004, 0.01).text("+.2f") == "+0.00 [+0.00, +0.01]"
