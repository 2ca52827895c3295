import numpy as np
import pytest

from spurgen.harness.board.against_erm import against_erm
from spurgen.harness.statistics.estimate import holm
from spurgen.harness.statistics.units import fit_spread, paired

MEANS = {"erm": 0.3, "same": 0.31, "low": 0.1, "high": 0.6, "mid": 0.5}


def drawn(means, seed=0):
    rng = np.random.default_rng(seed)
    return {label: mean + 0.02 * rng.normal(size=5) for label, mean in means.items()}


def compare(values, baselines=MEANS, asked=5):
    spread = fit_spread([values[label] for label in sorted(baselines) if label in values])
    return against_erm(values, baselines, spread, asked), spread


def test_clear_differences_are_significant_and_others_undecided():
    table, _ = compare(drawn(MEANS))
    verdicts = {label: against.verdict for label, against in table.items()}
    assert verdicts == {"same": "undecided", "low": "worse", "high": "better", "mid": "better"}
    assert table["mid"].units == 5


def test_the_test_is_the_moderated_paired_one_and_corrected_for_the_number_of_rows():
    values = drawn(MEANS)
    table, spread = compare(values)
    tests = {label: paired(values[label], values["erm"], spread) for label in table}
    for label, against in table.items():
        assert (against.difference, against.interval, against.p) == (
            pytest.approx(tests[label].value),
            *tests[label][1:],
        )
    assert [against.p_holm for against in table.values()] == holm([test.p for test in tests.values()])


def test_a_strangers_row_moves_no_other_and_is_corrected_beside_the_baselines():
    values = drawn(MEANS)
    more = {"mine": values["high"] - 0.1, "other": values["low"]}
    alone, beside = compare(values)[0], compare(values | more)[0]
    assert {label: beside[label] for label in alone} == alone
    family = [against.p for against in alone.values()]
    assert beside["mine"].p_holm == holm([beside["mine"].p, *family])[0]


def test_only_common_units_count():
    values = drawn(MEANS)
    values["high"] = values["high"][:3]
    against = compare(values, asked=3)[0]["high"]
    assert against.units == 3
    assert against.difference == pytest.approx((values["high"] - values["erm"][:3]).mean())


def test_where_there_is_no_test_the_difference_is_shown():
    table, _ = compare({"erm": np.array([0.3]), "high": np.array([0.9])}, asked=1)
    against = table["high"]
    assert (against.difference, against.verdict) == (pytest.approx(0.6), "undecided")
    assert (against.interval, against.p, against.p_holm) == (None, None, None)


@pytest.mark.parametrize("short", ["high", "erm"])
def test_a_row_with_few_units_is_not_tested(short):
    values = drawn(MEANS)
    values[short] = values[short][:4]
    table, _ = compare(values)
    against = table["high"]
    assert against.difference == pytest.approx((values["high"][:4] - values["erm"][:4]).mean())
    assert (against.units, against.verdict, against.interval, against.p_holm) == (4, "undecided", None, None)
    assert (table["low"].verdict == "worse") == (short == "high")


def test_without_erm_nothing_is_compared():
    assert compare({"high": np.ones(5)})[0] == {}


def test_a_row_that_is_only_called_erm_is_not_taken_for_it():
    assert compare(drawn(MEANS), MEANS.keys() - {"erm"})[0] == {}
