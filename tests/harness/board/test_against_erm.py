import numpy as np
import pytest

from spurgen.benchmark.result import Cell, pack, unpack
from spurgen.harness.board.against_erm import against_erm
from spurgen.harness.statistics.bootstrap import GroupWeights, group_bootstrap_weights
from spurgen.harness.statistics.differences import holm, seed_p_value

GROUPS = np.repeat(np.arange(4), 50)
WEIGHTS = group_bootstrap_weights(GROUPS, 300, "t/test")


def row(bar, seeds=5, *, key=0, access="none"):
    """Cells whose answers are right below a bar, half of the luck being the sample's own."""
    luck = np.random.default_rng(7).random(len(GROUPS)) * 0.5
    cells = []
    for seed in range(seeds):
        correct = luck + np.random.default_rng([key, seed]).random(len(GROUPS)) * 0.5 < bar
        wga = float(correct.reshape(4, 50).mean(axis=1).min())
        cells.append(
            Cell(
                suite="s", task="t", submission="m", spec="m.py", options={}, access=access, seed=seed, identity="0",
                submission_sha256="0", data_sha256="0", isolation="process", figures={"wga": wga},
                samples={"correct": pack(correct)},
            )
        )  # fmt: skip
    return cells


def drawn(cells):
    return GroupWeights(GROUPS, WEIGHTS).wga_and_accuracy(
        np.stack([unpack(cell.samples["correct"]) for cell in cells])
    )[0]


def compare(**rows):
    return against_erm(rows, lambda label, seeds: drawn(rows[label][:seeds]))


def test_planted_differences_are_found_and_no_others():
    table = compare(erm=row(0.5), high=row(0.8, key=1), low=row(0.2, key=2), same=row(0.5, key=3))
    assert list(table) == ["high", "low", "same"]
    assert {name: found["verdict"] for name, found in table.items()} == {
        "high": "better", "low": "worse", "same": "undecided",
    }  # fmt: skip
    low, high = table["high"]["interval"]
    assert low < table["high"]["difference"] < high
    assert low < 0.42 < high  # the mean of two uniforms is below .5 with chance 1/2, below .8 with 1 - 2 (1 - .8)^2
    assert all(found["seeds"] == 5 for found in table.values())


def test_the_replicates_decide():
    rows = {"erm": row(0.5), "m": row(0.55, key=1)}
    ours, erm = drawn(rows["m"]), drawn(rows["erm"])
    found = compare(**rows)["m"]
    reach = 1.959964 * (ours - erm).std(ddof=1)
    assert found["interval"] == pytest.approx((found["difference"] - reach, found["difference"] + reach))
    wga = [np.array([cell.figures["wga"] for cell in rows[name]]) for name in ("m", "erm")]
    assert found["difference"] == pytest.approx(wga[0].mean() - wga[1].mean())
    assert found["p_seeds"] == seed_p_value(*wga)


def test_every_p_value_is_corrected_for_the_number_of_methods():
    table = compare(erm=row(0.5), **{f"m{k}": row(0.5 + k / 50, key=k + 1) for k in range(5)})
    for kind in ("p_bootstrap", "p_seeds"):
        plain = [found[kind] for found in table.values()]
        assert [found[f"{kind}_holm"] for found in table.values()] == holm(plain)
        assert holm(plain) != plain


def test_only_common_seeds_count():
    rows = {"erm": row(0.5, seeds=3), "m": row(0.7, seeds=5, key=1)}
    found = compare(**rows)["m"]
    assert found == compare(erm=rows["erm"], m=rows["m"][:3])["m"]
    assert found["seeds"] == 3


def test_with_one_seed_there_is_no_t_test():
    found = compare(erm=row(0.5, seeds=1), a=row(0.9, seeds=1, key=1), b=row(0.9, key=2))
    assert {name: (f["seeds"], f["p_seeds"], f["p_seeds_holm"]) for name, f in found.items()} == {
        "a": (1, None, None), "b": (1, None, None),
    }  # fmt: skip
    assert found["a"]["verdict"] == "better"


def test_the_order_of_rows_changes_nothing():
    rows = {"erm": row(0.5), **{f"m{k}": row(0.4 + k / 20, key=k + 1) for k in range(4)}}
    assert compare(**rows) == compare(**dict(reversed(rows.items())))


def test_without_erm_there_is_nothing():
    assert compare(m=row(0.5)) == {}


def test_access_is_told():
    found = compare(erm=row(0.5), m=row(0.5, key=1, access="train_groups"))["m"]
    assert (found["access"], found["erm_access"]) == ("train_groups", "none")
