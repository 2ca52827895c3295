"""Results as tables, and training curves as arrays."""

from dataclasses import replace

import numpy as np
import pytest

from spurgen.harness.results.rows import join, results_frame, stacked_curves


def test_a_row_has_a_line_per_seed_with_typed_columns(suite, make_row):
    row = make_row(suite, 0.8, range(3))
    frame = row.to_pandas()
    assert frame["seed"].tolist() == [0, 1, 2]
    assert frame["accuracy"].tolist() == row.metric("accuracy").tolist()
    assert frame["sss/color"].tolist() == row.metric("sss/color").tolist()
    assert frame["seconds"].tolist() == [result.provenance.total_seconds for result in row.results]
    types = frame.dtypes.astype(str).to_dict()
    named = [types[name] for name in ("task", "error", "seed", "uncorrelated", "wga")]
    assert named == ["string", "string", "Int64", "boolean", "float64"]


def test_a_failed_result_has_its_error_and_no_metrics(suite, make_row):
    frame = make_row(suite, 0.8, error="boom", metrics={}, channels={}).to_pandas()
    assert frame.loc[0, "error"] == "boom"
    assert "accuracy" not in frame
    assert len(results_frame([])) == 0


def test_a_mean_over_samples_is_over_the_seeds_that_have_them(suite, make_row):
    whole, failed = make_row(suite, 0.8, range(2)), make_row(suite, 0.8, [2], error="boom")
    row = join("here", whole, replace(failed, correct=failed.correct[:0]))
    assert len(row) == 3
    assert row.sample_mean("ig").tolist() == whole.sample_mean("ig").tolist()


def curves(seed):
    """A stage without a penalty, and one with it."""
    first = {"stage": "first", "epoch": 1, "loss": 2.0 + seed}
    return (first, *({"stage": "train", "epoch": k, "loss": 1.0 / k + seed, "penalty": 0.1 * k} for k in (1, 2)))


def test_curves_end_where_the_shortest_seed_ends(make_experiment):
    uneven = make_experiment({"erm": {"curves": lambda seed: curves(seed)[: 3 - seed % 2]}})
    stacked = stacked_curves(uneven.rows["erm"].results)
    assert stacked["loss"].shape == (5, 2)
    assert np.isnan(stacked["penalty"][:, 0]).all()
    assert stacked["penalty"][:, 1] == pytest.approx(0.1)


def test_curves_without_epochs_are_numbered_and_their_text_is_left_out(make_experiment):
    summary = make_experiment(
        {"mine": {"curves": lambda _: [{"loss": 2.0, "step": 1}, {"loss": 1.0, "phase": "late"}]}}
    )
    stacked = stacked_curves(summary.rows["mine"].results)
    assert {name: values[0].tolist() for name, values in stacked.items()} == {
        "epoch": [1, 2], "loss": [2, 1], "step": [1, pytest.approx(np.nan, nan_ok=True)],
    }  # fmt: skip
