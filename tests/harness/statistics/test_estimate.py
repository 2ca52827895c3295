import pytest

from spurgen.harness.statistics.estimate import Estimate, ignores_core


def test_text_holds_the_number_and_its_interval_if_there_is_one():
    assert Estimate(0.25, 0.1, 0.5).text("+.2f") == "+0.25 [+0.10, +0.50]"
    assert Estimate(0.25).text() == "0.250"
    assert Estimate(-0.0001, -0.004, 0.01).text("+.2f") == "+0.00 [+0.00, +0.01]"


@pytest.mark.parametrize(
    ("core", "use", "ignores"),
    [
        (0.1, None, True),
        (0.3, None, False),
        (0.1, Estimate(0.1, -0.1, 0.3), True),
        (0.1, Estimate(0.1, 0.05, 0.15), False),
        (0.1, Estimate(0.0), True),
        (0.1, Estimate(0.05), True),  # without an interval, it may be noise
        (0.3, Estimate(-0.1), False),
    ],
)
def test_a_row_ignores_the_core_cue_if_that_neither_moves_it_nor_draws_it(core, use, ignores):
    estimates = {"core_sensitivity": Estimate(core), "sss_placebo": Estimate(0.2)}
    assert ignores_core(estimates if use is None else estimates | {"core_use": use}) is ignores
