import numpy as np
import pytest
from scipy.stats import f as fisher

from spurgen.harness.statistics.components import share_between_units


def test_the_share_follows_from_the_mean_squares():
    found = share_between_units(np.array([[1.0, 3.0], [2.0, 6.0]]))
    assert found.value == pytest.approx(4 / (4 + 1.5 + 1))  # mean squares: units 9, rows 4, what is left 1
    assert found.low == 0
    highest = (9 / fisher.ppf(0.025, 1, 1) - 1) / 2
    assert found.high == pytest.approx(highest / (highest + 1.5 + 1))


def test_units_that_differ_no_more_than_by_chance_have_no_share():
    table = np.array([[1.0, 2.0], [4.0, 3.0], [5.0, 5.0]])
    assert share_between_units(table).value == 0


@pytest.mark.parametrize("table", [np.ones((1, 5)), np.ones((3, 1)), np.array([[1.0, 2.0], [2.0, 3.0]])])
def test_there_is_none_of_one_row_or_unit_or_where_nothing_is_left(table):
    assert share_between_units(table) is None


@pytest.mark.parametrize(("of_units", "least"), [(0.0, 0.94), (0.1, 0.93)])
def test_the_interval_covers(of_units, least):
    rng, of_rows = np.random.default_rng(0), np.array([-0.1, -0.05, 0.0, 0.05, 0.1])
    true = of_units**2 / (of_units**2 + of_rows.var(ddof=1) + 0.03**2)
    drawn = (of_rows[:, None] + rng.normal(0, (of_units,), 5) + rng.normal(0, 0.03, (5, 5)) for _ in range(500))
    covered = [low <= true <= high for low, high in (share_between_units(table).ends for table in drawn)]
    assert np.mean(covered) > least
