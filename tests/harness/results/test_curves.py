import numpy as np
import pytest

from spurgen.harness.results.curves import stacked_curves


def curves(seed):
    """A stage without a penalty, and one with it."""
    first = {"stage": "first", "epoch": 1, "loss": 2.0 + seed}
    return (first, *({"stage": "train", "epoch": k, "loss": 1.0 / k + seed, "penalty": 0.1 * k} for k in (1, 2)))


def test_curves_end_where_the_shortest_seed_ends(make_experiment):
    uneven = make_experiment({"erm": {"curves": lambda seed: curves(seed)[: 3 - seed % 2]}})
    stacked = stacked_curves(uneven.finished[0].results)
    assert stacked["loss"].shape == (5, 2)
    assert np.isnan(stacked["penalty"][:, 0]).all()
    assert stacked["penalty"][:, 1] == pytest.approx(0.1)


def test_curves_without_epochs_are_numbered_and_their_text_is_left_out(make_experiment):
    summary = make_experiment(
        {"mine": {"curves": lambda _: [{"loss": 2.0, "step": 1}, {"loss": 1.0, "phase": "late"}]}}
    )
    stacked = stacked_curves(summary.finished[0].results)
    assert {name: values[0].tolist() for name, values in stacked.items()} == {
        "epoch": [1, 2], "loss": [2, 1], "step": [1, pytest.approx(np.nan, nan_ok=True)],
    }  # fmt: skip
