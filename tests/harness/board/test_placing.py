import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spurgen.harness.board.placing import against_erm, standings
from spurgen.harness.statistics.estimate import holm
from spurgen.harness.statistics.units import fit_spread, paired

MEANS = {"erm": 0.2, "focal": 0.201, "jtt": 0.4, "dfr": 0.402, "subg": 0.7, "crt": 0.9}
ACCESS = {"erm": "none", "focal": "none"}


def drawn(means, seed=0, deviation=0.015):
    rng = np.random.default_rng(seed)
    return {label: mean + deviation * rng.normal(size=5) for label, mean in means.items()}


def place(values, baselines=MEANS):
    access = {label: ACCESS.get(label, "val_groups") for label in values}
    spread = fit_spread([values[label] for label in sorted(baselines)])
    return standings(values, access, baselines, spread)


def test_rows_stand_on_the_board_of_their_access_tier():
    found = place(drawn(MEANS))[0]
    assert found["crt"] == ((1, 1), 4, "a")
    assert found["subg"] == ((2, 2), 4, "b")
    assert found["jtt"] == found["dfr"] == ((3, 4), 4, "c")
    assert found["erm"] == found["focal"] == ((1, 2), 2, "a")


def test_the_share_of_pairs_that_differ_is_over_all_tiers():
    assert place(drawn(MEANS))[1] == pytest.approx(13 / 15)  # all but the two pairs of equals
    assert place(drawn({"erm": 0.2}), {"erm": 0.2})[1] is None


def test_another_row_stands_among_all_rows_of_its_tier():
    values = drawn(MEANS) | {"mine": np.array([0.8, 0.8, 0.81, 0.79, 0.8]), "copy": drawn(MEANS)["crt"]}
    found = place(values)[0]
    assert found["crt"] == found["copy"] == ((1, 2), 6, "a")
    assert found["mine"] == ((3, 3), 6, "b")  # it differs from all
    assert found["subg"] == ((4, 4), 6, "c")
    assert found["jtt"] == found["dfr"] == ((5, 6), 6, "d")
    assert found["erm"] == found["focal"] == ((1, 2), 2, "a")


def test_rows_that_are_no_baselines_are_tested_against_one_another():
    values = drawn(MEANS) | {f"{name}{k}": row for name in ("low", "high") for k, row in enumerate(strangers(name))}
    found = place(values)[0]
    assert {found["high0"].ranks, found["high1"].ranks} == {(2, 3)}
    assert {found["low0"].ranks, found["low1"].ranks} == {(5, 6)}


def strangers(name):
    mean = {"low": 0.55, "high": 0.8}[name]
    return [mean + shift + np.array([0.01, -0.01, 0.0, 0.01, -0.01]) for shift in (0, 0.001)]


def test_without_baselines_there_is_no_spread_and_only_what_differs_clearly_is_told_apart():
    rng = np.random.default_rng(0)
    found, _ = place({"mine": 0.5 + 0.01 * rng.normal(size=5), "other": 0.9 + 0.01 * rng.normal(size=5)}, {})
    assert found == {"mine": ((2, 2), 2, "b"), "other": ((1, 1), 2, "a")}
    assert place({"mine": np.full(5, 0.5), "other": np.full(5, 0.9)}, {})[0]["mine"] == ((1, 2), 2, "a")


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.integers(0, 4))
def test_one_tier_has_one_number_of_rows_and_its_ranks_and_letters_agree(seed, further):
    rng = np.random.default_rng(seed)
    values = drawn({label: rng.uniform() for label in MEANS}, seed, 0.05)
    values |= {f"s{k}": rng.uniform() + rng.uniform(0, 0.3) * rng.normal(size=5) for k in range(further)}
    tier = {label: row for label, row in place(values)[0].items() if label not in ACCESS}
    assert {row.of for row in tier.values()} == {len(tier)}
    for label, row in tier.items():
        apart = [other for other in tier if not set(row.letters) & set(tier[other].letters)]
        better = sum(values[other].mean() > values[label].mean() for other in apart)
        assert row.ranks == (1 + better, len(tier) - len(apart) + better)


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_a_strangers_row_moves_another_only_by_being_counted(seed, further):
    rng = np.random.default_rng(seed)
    values = drawn({label: rng.uniform() for label in MEANS}, seed, 0.05)
    more = {f"s{k}": rng.uniform() + rng.uniform(0, 0.3) * rng.normal(size=5) for k in range(further)}
    (alone, told_apart), (beside, beside_told_apart) = place(values), place(values | more)
    assert beside_told_apart == told_apart
    assert shared(beside, values) == shared(alone, values)
    first = values | {"s0": more["s0"]}
    assert shared(beside, first) == shared(place(first)[0], first)
    for label in values:
        (low, high), (first_rank, last_rank) = alone[label].ranks, beside[label].ranks
        assert low <= first_rank <= low + further
        assert high <= last_rank <= high + further


def shared(rows, labels):
    """Return the pairs of one tier that share a letter, of these labels."""
    return {
        (a, b)
        for a in labels
        for b in labels
        if ACCESS.get(a) == ACCESS.get(b) and set(rows[a].letters) & set(rows[b].letters)
    }


BESIDE_ERM = {"erm": 0.3, "same": 0.31, "low": 0.1, "high": 0.6, "mid": 0.5}


def compare(values, baselines=BESIDE_ERM, asked=5):
    spread = fit_spread([values[label] for label in sorted(baselines) if label in values])
    return against_erm(values, baselines, spread, asked), spread


def test_clear_differences_are_significant_and_others_undecided():
    table, _ = compare(drawn(BESIDE_ERM))
    verdicts = {label: against["to_erm_verdict"] for label, against in table.items()}
    assert verdicts == {"same": "undecided", "low": "worse", "high": "better", "mid": "better"}
    assert table["mid"]["to_erm_units"] == 5


def test_the_test_is_the_moderated_paired_one_and_corrected_for_the_number_of_rows():
    values = drawn(BESIDE_ERM)
    table, spread = compare(values)
    tests = {label: paired(values[label], values["erm"], spread) for label in table}
    for label, against in table.items():
        ends = against["to_erm_low"], against["to_erm_high"]
        assert (against["to_erm"], ends, against["to_erm_p"]) == (pytest.approx(tests[label].value), *tests[label][1:])
    assert [against["to_erm_p_holm"] for against in table.values()] == holm([test.p for test in tests.values()])


def test_a_strangers_row_moves_no_other_and_is_corrected_beside_the_baselines():
    values = drawn(BESIDE_ERM)
    more = {"mine": values["high"] - 0.1, "other": values["low"]}
    alone, beside = compare(values)[0], compare(values | more)[0]
    assert {label: beside[label] for label in alone} == alone
    family = [against["to_erm_p"] for against in alone.values()]
    assert beside["mine"]["to_erm_p_holm"] == holm([beside["mine"]["to_erm_p"], *family])[0]


def test_only_common_units_count():
    values = drawn(BESIDE_ERM)
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
    values = drawn(BESIDE_ERM)
    values[short] = values[short][:4]
    table, _ = compare(values)
    against = table["high"]
    assert against["to_erm"] == pytest.approx((values["high"][:4] - values["erm"][:4]).mean())
    assert [against[f"to_erm_{key}"] for key in ("units", "verdict", "low", "p_holm")] == [4, "undecided", None, None]
    assert (table["low"]["to_erm_verdict"] == "worse") == (short == "high")


def test_without_erm_nothing_is_compared():
    assert compare({"high": np.ones(5)})[0] == {}


def test_a_row_that_is_only_called_erm_is_not_taken_for_it():
    assert compare(drawn(BESIDE_ERM), BESIDE_ERM.keys() - {"erm"})[0] == {}
