import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spurgen.harness.board.standings import standings
from spurgen.harness.statistics.units import fit_spread

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
    found = place(drawn(MEANS)).rows
    assert found["crt"] == ((1, 1), 4, "a")
    assert found["subg"] == ((2, 2), 4, "b")
    assert found["jtt"] == found["dfr"] == ((3, 4), 4, "c")
    assert found["erm"] == found["focal"] == ((1, 2), 2, "a")


def test_the_share_of_pairs_that_differ_is_over_all_tiers():
    assert place(drawn(MEANS)).told_apart == pytest.approx(13 / 15)  # all but the two pairs of equals
    assert place(drawn({"erm": 0.2}), {"erm": 0.2}).told_apart is None


def test_another_row_stands_among_the_baselines_and_itself():
    values = drawn(MEANS) | {"mine": np.array([0.8, 0.8, 0.81, 0.79, 0.8]), "copy": drawn(MEANS)["crt"]}
    found = place(values).rows
    assert found["mine"] == ((2, 2), 5, "")  # it differs from all
    assert found["copy"] == ((1, 2), 5, "a")


def test_without_baselines_a_row_stands_alone():
    found = place({"mine": np.full(5, 0.5), "other": np.full(5, 0.9)}, {})
    assert found.rows == dict.fromkeys(("mine", "other"), ((1, 1), 1, ""))


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_no_strangers_row_moves_another(seed, strangers):
    rng = np.random.default_rng(seed)
    values = drawn({label: rng.uniform() for label in MEANS}, seed, 0.05)
    more = {f"s{k}": rng.uniform() + rng.uniform(0, 0.3) * rng.normal(size=5) for k in range(strangers)}
    alone, beside = place(values), place(values | more)
    assert beside.told_apart == alone.told_apart
    assert {label: beside.rows[label] for label in values} == alone.rows
    first = {"s0": more["s0"]}
    assert place(values | first).rows["s0"] == beside.rows["s0"]
