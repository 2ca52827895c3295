import numpy as np
import pytest

from spurgen.harness.board.placing import against_erm
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
    verdicts = {label: against["to_erm_verdict"] for label, against in table.items()}
    assert verdicts == {"same": "undecided", "low": "worse", "high": "better", "mid": "better"}
    assert table["mid"]["to_erm_units"] == 5


def test_the_test_is_the_moderated_paired_one_and_corrected_for_the_number_of_rows():
    values = drawn(MEANS)
    table, spread = compare(values)
    tests = {label: paired(values[label], values["erm"], spread) for label in table}
    for label, against in table.items():
        ends = against["to_erm_low"], against["to_erm_high"]
        assert (against["to_erm"], ends, against["to_erm_p"]) == (pytest.approx(tests[label].value), *tests[label][1:])
    assert [against["to_erm_p_holm"] for against in table.values()] == holm([test.p for test in tests.values()])


def test_a_strangers_row_moves_no_other_and_is_corrected_beside_the_baselines():
    values = drawn(MEANS)
    more = {"mine": values["high"] - 0.1, "other": values["low"]}
    alone, beside = compare(values)[0], compare(values | more)[0]
    assert {label: beside[label] for label in alone} == alone
    family = [against["to_erm_p"] for against in alone.values()]
    assert beside["mine"]["to_erm_p_holm"] == holm([beside["mine"]["to_erm_p"], *family])[0]


def test_only_common_units_count():
    values = drawn(MEANS)
    values["high"] = values["high"][:3]
    against = compare(values, asked=3)[0]["high"]
    assert against["to_erm_units"] == 3
    assert against["to_erm"] == pytest.approx((values["high"] - values["erm"][:3]).mean())


def test_where_there_is_no_test_the_difference_is_shown():
    table, _ = compare({"erm": np.array([0.3]), "high": np.array([0.9])}, asked=1)
    against = table["high"]
    assert (against["to_erm"], against["to_erm_verdict"]) == (pytest.approx(0.6), "undecided")
    assert {against[f"to_erm_{key}"] for key in ("low", "high", "p", "p_holm")} == {None}


@pytest.mark.parametrize("short", ["high", "erm"])
def test_a_row_with_few_units_is_not_tested(short):
    values = drawn(MEANS)
    values[short] = values[short][:4]
    table, _ = compare(values)
    against = table["high"]
    assert against["to_erm"] == pytest.approx((values["high"][:4] - values["erm"][:4]).mean())
    assert [against[f"to_erm_{key}"] for key in ("units", "verdict", "low", "p_holm")] == [4, "undecided", None, None]
    assert (table["low"]["to_erm_verdict"] == "worse") == (short == "high")


def test_without_erm_nothing_is_compared():
    assert compare({"high": np.ones(5)})[0] == {}


def test_a_row_that_is_only_called_erm_is_not_taken_for_it():
    assert compare(drawn(MEANS), MEANS.keys() - {"erm"})[0] == {}
