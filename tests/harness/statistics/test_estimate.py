from spurgen.harness.statistics.estimate import Estimate


def test_text_holds_the_number_and_its_interval_if_there_is_one():
    assert Estimate(0.25, 0.1, 0.5).text("+.2f") == "+0.25 [+0.10, +0.50]"
    assert Estimate(0.25).text() == "0.250"
    assert Estimate(-0.0001, -0.004, 0.01).text("+.2f") == "+0.00 [+0.00, +0.01]"
